"""The bytes of a local file, read within bounds; what goes wrong is a reason code."""

from pathlib import Path

from imgrec.errors import PictureError
from imgrec.pictures.decoding import MAX_BYTES


def read_file(file: Path, head: int | None = None) -> bytes:
    """Return the bytes of a picture file, or the first `head` of them.

    Raises:
        PictureError: `unreadable`, `empty` or `too-large` (above `MAX_BYTES`).
    """
    try:
        with file.open("rb") as opened:
            data = opened.read(MAX_BYTES + 1 if head is None else head)
    except (OSError, ValueError) as error:
        raise PictureError("unreadable", getattr(error, "strerror", "") or str(error)) from error
    if not data:
        raise PictureError("empty", "0 bytes")
    if len(data) > MAX_BYTES:
        raise PictureError("too-large", f"more than {MAX_BYTES} bytes")
    return data
