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


def address_of(text: str) -> Address:
    """Return the address that a text names; reaches nothing.

    Raises:
        ImgrecError: the text is no address, or carries a user, a query or a fragment.
    """
    scheme, separator, rest = text.partition("://")
    if not separator or scheme not in SCHEMES:
        known = ", ".join(f"{name}://" for name in SCHEMES)
        raise ImgrecError(f"{text} is no address of object storage: it begins with one of {known}")
    if scheme == FOLDER:
        return Address(scheme, "", _folder(text, rest))
    bucket, _, prefix = rest.partition("/")
    if "@" in bucket:
        # Not printed: what stands before the @ may be a password.
        raise ImgrecError(
            f"an address with a user is refused ({scheme}://…@…): credentials come from the "
            "environment, and the address holds bucket and prefix only"
        )
    if not bucket or set("?#") & set(bucket):
        raise ImgrecError(f"{scheme}://{bucket} names no bucket: write {scheme}://BUCKET/PREFIX")
    parts = prefix.strip("/").split("/")
    if any(part in (".", "..") for part in parts) or (prefix.strip("/") and "" in parts):
        raise ImgrecError(f"{text} is no address: its prefix has an empty part, . or ..")
    return Address(scheme, bucket, "/".join(parts))


def _folder(text: str, rest: str) -> str:
    if not rest.startswith("/") or "/../" in f"{rest}/":
        raise ImgrecError(f"{text} is no address of a folder: write file:///ABSOLUTE/PATH")
    return rest.rstrip("/") or "/"
