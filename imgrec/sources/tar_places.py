"""How places in tar files are written: `tar:///data/000.tar/a.jpg`, `tar+s3://BUCKET/PREFIX`."""

from imgrec.objects.addresses import BUCKETS, is_address

SUFFIX = ".tar"
LOCAL = "tar://"
# Before the address of a bucket.
REMOTE = "tar+"
SCHEMES = ("tar", *(f"{REMOTE}{scheme}" for scheme in BUCKETS))


def description_of(place: str) -> str:
    """Return the description of the tar files at an absolute path or an address of a bucket."""
    return f"{REMOTE if is_address(place) else LOCAL}{place}"


def split_at_tar(place: str) -> tuple[str, str] | None:
    """Return the tar file that a place names or lies in, and the path within; None for neither."""
    parts = place.split("/")
    at = next((i for i, part in enumerate(parts) if part.lower().endswith(SUFFIX)), None)
    return None if at is None else ("/".join(parts[: at + 1]), "/".join(parts[at + 1 :]))
