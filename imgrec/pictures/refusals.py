"""Why a file was refused: of a kind or variant that is not read, cut off, damaged, or no picture.

A decoder that refuses a file while opening it says only that it is not its format. The first bytes
tell more: the name of another format (`signatures`), or that of a variant (12-bit JPEG, float RGB
TIFF). Of the rest, the decoder of the format is asked directly, whose exception tells a file that
ends early from one that is damaged.
"""

import io
import struct

from PIL import Image

from imgrec.pictures import jpeg_segments, tiff_tags
from imgrec.pictures.formats import readable_formats
from imgrec.pictures.png_chunks import SIGNATURE, chunks
from imgrec.pictures.signatures import known_kind

_MAGICS = (b"\xff\xd8\xff", b"\x89PNG\r\n", b"GIF8", b"II*\x00", b"MM\x00*", b"II+\x00",
           b"MM\x00+", b"BM", b"8BPS", b"qoif", b"DDS ", b"\x00\x00\x00\x0cjP  ",
           b"\xff\x4f\xff\x51", b"icns", b"BLP1", b"BLP2", b"SIMPLE  =", b"FTEX")  # fmt: skip
_TRUNCATED = ("truncated", "end of file", "unexpected eof", "not enough image data",
              "but only got")  # fmt: skip
_UNSUPPORTED = ("not supported", "unsupported", "unimplemented", "unknown", "cannot handle",
                "not available")  # fmt: skip
# Exceptions of decoders that read beyond the end of the header.
_BEYOND_END = (EOFError, IndexError, struct.error, TypeError)


def why_unidentified(data: bytes) -> tuple[str, str]:
    """Return a reason code and a detail for bytes that no decoder recognizes."""
    kind = known_kind(data) or _variant(data)
    if kind:
        return "unsupported", not_read(kind)
    if not (data.startswith(_MAGICS) or (data[:4] == b"RIFF" and data[8:12] == b"WEBP")):
        return "not-an-image", f"begins with {data[:8]!r}"
    error = _refusal(data)
    if _ends_in_header(data, error):
        return "truncated", "the file ends in the header of the picture"
    if error is None:
        return "damaged", "its header cannot be read"
    reason = reason_of(error.__cause__ if isinstance(error.__cause__, KeyError) else error)
    directory = tiff_tags.first_directory(data)
    if reason == "unsupported" and directory is not None:
        return reason, not_read(tiff_tags.described(directory))
    return reason, f"its header cannot be read: {error}"


def why_failed(error: Exception, data: bytes) -> tuple[str, str]:
    """Return a reason code and a detail for a decoder's exception while it reads a file."""
    reason = reason_of(error)
    variant = "" if reason == "unsupported" else _variant(data)
    if variant:
        return "unsupported", not_read(variant)
    return reason, str(error) or type(error).__name__


def not_read(kind: str) -> str:
    """Return the message of a file that is of a known kind."""
    return f"it is of a kind that is not read: {kind}"


def reason_of(error: BaseException) -> str:
    """Return the reason code for a decoder's exception, by its cause and the words of its message."""
    text = str(error).lower()
    if any(words in text for words in _TRUNCATED) or isinstance(error, EOFError):
        return "truncated"
    # A decoder looks up modes and compressions in a table.
    if any(words in text for words in _UNSUPPORTED) or isinstance(error, KeyError):
        return "unsupported"
    return "damaged"


def _variant(data: bytes) -> str:
    """Return the name of a variant of JPEG or PNG that is not read, else ""."""
    if data.startswith(jpeg_segments.SOI):
        return jpeg_segments.variant(data)
    is_of_ios = data.startswith(SIGNATURE) and data[12:16] == b"CgBI"
    return "PNG in the variant of iOS programs (CgBI)" if is_of_ios else ""


def _refusal(data: bytes) -> Exception | None:
    """Return the exception of the decoder whose format the first bytes are of."""
    for kind in readable_formats():
        factory, accept = Image.OPEN[kind]
        if accept is None or accept(data[:16]) is not True:
            continue
        try:
            factory(io.BytesIO(data), "")
        # A decoder may raise an exception of any type.
        except Exception as error:
            return error
        return None
    return None


def _ends_in_header(data: bytes, error: Exception | None) -> bool:
    """Return True if a file that its decoder refused ends before its pixels begin."""
    if data.startswith(jpeg_segments.SOI):
        markers = {segment.marker for segment in jpeg_segments.segments(data)}
        return not markers & {0xD9, 0xDA}
    if data.startswith(SIGNATURE):
        place = len(SIGNATURE)
        for chunk in chunks(data):
            if chunk.name == b"IDAT":
                return False
            place = chunk.end
        return len(data) < place + 12 + int.from_bytes(data[place : place + 4], "big")
    directory = tiff_tags.first_directory(data)
    if directory is not None:
        return not directory.is_whole
    if data[:4] == b"RIFF":
        return len(data) < 8 + int.from_bytes(data[4:8], "little")
    return error is not None and isinstance(error.__cause__ or error, _BEYOND_END)
