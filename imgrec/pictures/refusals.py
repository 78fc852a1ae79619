"""Why a file was refused: of a kind or variant that is not read, cut off, damaged, or no picture.

A decoder that refuses a file while opening it says only that it is not its format. The first bytes
tell more: the name of another format (`signatures`), or that of a variant (12-bit JPEG, float RGB
TIFF). Of the rest, the decoder of the format is asked directly, whose exception tells a file that
ends early from one that is damaged.
"""

import io
import struct

from PIL import Image
from PIL.TiffImagePlugin import COMPRESSION_INFO

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
                "not available", "cannot read this xpm")  # fmt: skip
# Most builds of libtiff cannot read it, and say only that decoding failed.
_WEBP_IN_TIFF = 50001
_ICONS, _MOST_ICONS = (b"\0\0\1\0", b"\0\0\2\0"), 64
_HEADER = "its header cannot be read: {}"
_NOT_READ = "it is of a kind that is not read: "
# Exceptions of decoders that read beyond the end of the header.
_BEYOND_END = (EOFError, IndexError, struct.error, TypeError)


def why_unidentified(data: bytes) -> tuple[str, str]:
    """Return a reason code and a detail for bytes that no decoder recognizes."""
    kind = known_kind(data, readable_formats()) or _variant(data)
    if kind:
        return "unsupported", not_read(kind)
    is_webp = data[:4] == b"RIFF" and data[8:12] == b"WEBP"
    if _is_cut_icon(data):
        return "truncated", "the file ends before the pictures of the icon"
    if not (data.startswith(_MAGICS) or is_webp or data[4:8] == b"ftyp"):
        return "not-an-image", f"begins with {data[:8]!r}"
    error = _refusal(data)
    if _ends_in_header(data, error):
        return "truncated", "the file ends in the header of the picture"
    if error is None:
        return "damaged", _HEADER.format("no reason is known")
    directory = tiff_tags.first_directory(data)
    if directory is not None:
        layout = _unread_layout(directory)
        return ("unsupported", not_read(layout)) if layout else ("damaged", _HEADER.format(error))
    # Decoders look up modes in a table.
    is_unlisted = isinstance(error.__cause__, KeyError)
    return "unsupported" if is_unlisted else reason_of(error), _HEADER.format(error)


def why_failed(error: Exception, data: bytes) -> tuple[str, str]:
    """Return a reason code and a detail for a decoder's exception while it reads a file."""
    reason = reason_of(error)
    variant = "" if reason == "unsupported" else _variant(data)
    if variant:
        return "unsupported", not_read(variant)
    if reason == "damaged" and _ends_in_header(data, None):
        reason = "truncated"
    return reason, str(error) or type(error).__name__


def not_read(kind: str) -> str:
    """Return the message of a file that is of a known kind."""
    return _NOT_READ + kind


def names_a_kind(message: str) -> bool:
    """Return True for a message of `not_read`: the file is not damaged."""
    return message.startswith(_NOT_READ)


def reason_of(error: Exception) -> str:
    """Return the reason code for a decoder's exception, by the words of its message."""
    text = str(error).lower()
    if any(words in text for words in _TRUNCATED) or isinstance(error, EOFError):
        return "truncated"
    if any(words in text for words in _UNSUPPORTED):
        return "unsupported"
    return "damaged"


def _variant(data: bytes) -> str:
    """Return the name of a variant of JPEG, TIFF or PNG that is not read, else ""."""
    if data.startswith(jpeg_segments.SOI):
        return jpeg_segments.variant(data)
    directory = tiff_tags.first_directory(data)
    if directory is not None and directory.number(tiff_tags.COMPRESSION, 1) == _WEBP_IN_TIFF:
        return "TIFF compressed as WebP"
    is_of_ios = data.startswith(SIGNATURE) and data[12:16] == b"CgBI"
    return "PNG in the variant of iOS programs (CgBI)" if is_of_ios else ""


def _unread_layout(directory: tiff_tags.Directory) -> str:
    """Return the name of a sample layout that Pillow does not read; "" if it is another fault."""
    if directory.number(tiff_tags.COMPRESSION, 1) not in COMPRESSION_INFO:
        return tiff_tags.described(directory)
    # At a damaged tag Pillow stops reading tags, and misses those of the layout.
    error = _refusal(tiff_tags.with_tags(directory, {}, tiff_tags.PIXEL_TAGS))
    is_unread = error is not None and reason_of(error) == "unsupported"
    return tiff_tags.described(directory) if is_unread else ""


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
        return not (markers & {0xD9, 0xDA} or data.endswith(jpeg_segments.EOI))
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
    if data[4:8] in (b"ftyp", b"jP  "):
        return _boxes_end(data) > len(data)
    if data[:4] == b"RIFF":
        return len(data) < 8 + int.from_bytes(data[4:8], "little")
    return error is not None and isinstance(error.__cause__ or error, _BEYOND_END)


def _is_cut_icon(data: bytes) -> bool:
    """Return True for a Windows icon or cursor with a picture that lies beyond its end.

    Its signature is four bytes of 0 and 1, so that the fields of all pictures must be those of one.
    """
    count = int.from_bytes(data[4:6], "little")
    if not data.startswith(_ICONS) or not 0 < count <= _MOST_ICONS or len(data) < 6 + 16 * count:
        return False
    entries = [struct.unpack_from("<3xB2H2I", data, 6 + 16 * k) for k in range(count)]
    is_icon = all(reserved == 0 and size and start >= 22 for reserved, _, _, size, start in entries)
    return is_icon and any(start + size > len(data) for *_, size, start in entries)


def _boxes_end(data: bytes) -> int:
    """Return where the boxes of an ISO base media file or JPEG 2000 file end by their sizes."""
    place = 0
    while place + 8 <= len(data):
        size = int.from_bytes(data[place : place + 4], "big")
        if size == 1:
            size = int.from_bytes(data[place + 8 : place + 16], "big")
        # The last box may have no size: it extends to the end of the file.
        if size < 8:
            break
        place += size
    return place
