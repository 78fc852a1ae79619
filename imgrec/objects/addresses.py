"""Addresses of object storage: `s3://BUCKET/PREFIX`, `gs://…`, `az://…`, and `file:///FOLDER`.

An address names a place and never carries a secret: credentials come from the environment, as each
service documents it (`AWS_ACCESS_KEY_ID`, `AWS_ENDPOINT_URL`, `GOOGLE_APPLICATION_CREDENTIALS`,
`AZURE_STORAGE_ACCOUNT_NAME`, …). An address with a user, a query or a fragment is refused, because
it would end in catalogs and logs.
"""

from dataclasses import dataclass

from imgrec.errors import ImgrecError

BUCKETS = ("s3", "gs", "az")
FOLDER = "file"
SCHEMES = (*BUCKETS, FOLDER)


@dataclass(frozen=True)
class Address:
    """A prefix of a bucket, or a folder.

    Attributes:
        scheme: one of `SCHEMES`.
        bucket: name of the bucket or container; "" for a folder.
        prefix: path within the bucket without slashes at its ends; the absolute path of a folder.
    """

    scheme: str
    bucket: str
    prefix: str

    @property
    def url(self) -> str:
        """The address as text, without a slash at its end; `file:///` has one."""
        parts = (self.bucket, self.prefix) if self.bucket else (self.prefix,)
        return f"{self.scheme}://{'/'.join(filter(None, parts))}"


def is_address(text: str) -> bool:
    """Return True if a text begins with a scheme of object storage."""
    scheme, separator, _ = text.partition("://")
    return bool(separator) and scheme in SCHEMES


def is_no_folder(text: str) -> bool:
    """Return True if a text can mean no folder: an address, or what was meant as one.

    As `https://host/a`, `S3://bucket` and `s3:/bucket`, which a file system would take as a name.
    """
    scheme, separator, rest = text.partition(":")
    is_scheme = scheme.isascii() and scheme[:1].isalpha() and len(scheme) > 1
    known = scheme.lower() in SCHEMES and rest.startswith("/")
    return bool(separator) and is_scheme and (rest.startswith("//") or known)


def address_of(text: str) -> Address:
    """Return the address that a text names; reaches nothing.

    Raises:
        ImgrecError: the text is no address, or carries a user, a query or a fragment.
    """
    scheme, separator, rest = text.partition("://")
    if not separator or scheme not in SCHEMES:
        known = ", ".join(f"{name}://" for name in SCHEMES)
        raise ImgrecError(
            f"{_without_secrets(text)} is no address of object storage: it begins with one of "
            f"{known}"
        )
    if scheme == FOLDER:
        return Address(scheme, "", _folder(text, rest))
    bucket, _, prefix = rest.partition("/")
    _refuse_secrets(scheme, rest)
    if not bucket:
        raise ImgrecError(f"{text} names no bucket: write {scheme}://BUCKET/PREFIX")
    parts = prefix.strip("/").split("/")
    if any(part in (".", "..") for part in parts) or (prefix.strip("/") and "" in parts):
        raise ImgrecError(f"{text} is no address: its prefix has an empty part, . or ..")
    return Address(scheme, bucket, "/".join(parts))


def _refuse_secrets(scheme: str, rest: str) -> None:
    """Refuse an address that may carry a secret, without a word of it.

    Raises:
        ImgrecError: it has a user, a query or a fragment.
    """
    bucket = rest.partition("/")[0]
    # `user:pass/word@bucket` has a slash within the password.
    if "@" in bucket or ":" in bucket:
        raise ImgrecError(
            f"an address with a user is refused ({scheme}://…): credentials come from the "
            "environment, and the address holds bucket and prefix only"
        )
    if set("?#") & set(rest):
        raise ImgrecError(
            f"an address with a query or a fragment is refused ({scheme}://{bucket.split('?')[0]}…)"
            ": it holds bucket and prefix only, and credentials come from the environment"
        )


def _folder(text: str, rest: str) -> str:
    if not rest.startswith("/") or "/../" in f"{rest}/":
        raise ImgrecError(f"{text} is no address of a folder: write file:///ABSOLUTE/PATH")
    return rest.rstrip("/") or "/"


def _without_secrets(text: str) -> str:
    """Return a text that is no address as it may be printed: `https://…` for one of the web."""
    scheme, separator, rest = text.partition(":")
    return f"{scheme}:{'//' if rest.startswith('//') else ''}…" if separator else text
