"""What is whole but for what is no pixel: versions of a file that a decoder can read.

A file whose comment, profile, resolution or end marker is damaged shows its picture in a browser.
Pillow refuses it whole. So a file that failed is tried again without what no pixel depends on, with
a warning that says what was left out. No pixel is invented: `endings` holds the proof.
"""

import struct
from collections.abc import Iterator

from imgrec.pictures import jpeg_segments, tiff_tags
from imgrec.pictures.png_chunks import SIGNATURE, chunks, has_right_crc

_JFIF, _EXIF, _ICC, _ADOBE = b"JFIF\0", b"Exif\0\0", b"ICC_PROFILE\0", b"Adobe"
# Chunks of a WebP that pixels depend on, and its color profile.
_WEBP_CHUNKS = frozenset({b"VP8 ", b"VP8L", b"VP8X", b"ALPH", b"ANIM", b"ANMF", b"ICCP"})
# Flags of VP8X: EXIF and XMP.
_WEBP_METADATA = 0x0C
# Bytes of zeros at the end of a JPEG that no picture ends with.
_PADDING = bytes(64)


def without_metadata(data: bytes) -> Iterator[tuple[bytes, str]]:
    """Yield versions of a file without what no pixel depends on, each with a warning.

    The first leaves out least. A file of another format, or one without anything to leave out,
    has none.
    """
    if data.startswith(jpeg_segments.SOI):
        yield from _jpeg(data)
    elif data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        yield from _webp(data)
    elif data.startswith(b"GIF8"):
        yield from _gif(data)
    elif data.startswith(b"BM"):
        yield from _bmp(data)
    elif data.startswith(b"8BPS"):
        yield from _psd(data)
    elif data.startswith(SIGNATURE):
        yield from _png(data)
    elif data.startswith((b"\xff\x4f\xff\x51", b"\x00\x00\x00\x0cjP  ")):
        yield from _jpeg_2000(data)
    else:
        yield from _tiff(data)


def _jpeg(data: bytes) -> Iterator[tuple[bytes, str]]:
    # Adobe's marker has five bytes of name and seven more; it tells the colors.
    for kept, what in (
        ((_EXIF, _ICC, _ADOBE), "comments and application segments"),
        ((_ADOBE,), "comments, EXIF, color profile and other application segments"),
        ((b"\xff\xff\xff",), "all comments and application segments"),
    ):
        changed = jpeg_segments.without_metadata(data, kept)
        if len(changed) < len(data):
            yield changed, f"ignored: {what}, of which some are damaged"


def _png(data: bytes) -> Iterator[tuple[bytes, str]]:
    """Yield a PNG without the checksum of its inflated pixels, where CRCs prove all of them."""
    pixels = [chunk for chunk in chunks(data) if chunk.name == b"IDAT"]
    if pixels and all(has_right_crc(data, chunk) for chunk in pixels):
        last = pixels[-1]
        if last.end - 4 - last.body > 4:
            size = struct.pack(">I", last.end - 8 - last.body)
            # Nobody reads the CRC of the shortened chunk.
            version = [data[: last.start], size, data[last.start + 4 : last.end - 8], bytes(4)]
            yield b"".join([*version, data[last.end :]]), "ignored: the zlib checksum of the pixels"


def _webp(data: bytes) -> Iterator[tuple[bytes, str]]:
    parts, place = [], 12
    while place + 8 <= len(data):
        name, size = data[place : place + 4], int.from_bytes(data[place + 4 : place + 8], "little")
        end = place + 8 + size
        body = data[place + 8 : end]
        if name in _WEBP_CHUNKS and end <= len(data):
            if name == b"VP8X" and body:
                body = bytes([body[0] & ~_WEBP_METADATA]) + body[1:]
            parts.append(name + struct.pack("<I", size) + body + bytes(size % 2))
        place = end + size % 2
    body = b"WEBP" + b"".join(parts)
    if parts:
        yield b"RIFF" + struct.pack("<I", len(body)) + body, "ignored: damaged EXIF, XMP or sizes"


def _gif(data: bytes) -> Iterator[tuple[bytes, str]]:
    """Yield a GIF up to its first frame without extensions but a whole graphic control."""
    if len(data) < 13:
        return
    place = 13 + (3 << (data[10] & 7) + 1 if data[10] & 0x80 else 0)
    head, control = data[:place], b""
    while data[place : place + 1] == b"!":
        end = _after_blocks(data, place + 2)
        if data[place + 1 : place + 3] == b"\xf9\x04":
            control = data[place:end]
        place = end
    if data[place : place + 1] == b",":
        yield head + control + data[place:], "ignored: comments and other extensions, some damaged"


def _after_blocks(data: bytes, place: int) -> int:
    """Return the position behind a sequence of sub-blocks."""
    while place < len(data) and data[place]:
        place += 1 + data[place]
    return place + 1


def _bmp(data: bytes) -> Iterator[tuple[bytes, str]]:
    """Yield a BMP with the greatest number of colors where its header names more."""
    if len(data) < 54 or int.from_bytes(data[14:18], "little") < 40:
        return
    bits, colors = int.from_bytes(data[28:30], "little"), int.from_bytes(data[46:50], "little")
    if bits <= 8 and colors > 1 << bits:
        yield data[:46] + bytes(4) + data[50:], f"ignored: the number of colors, {colors}"


def _psd(data: bytes) -> Iterator[tuple[bytes, str]]:
    """Yield a PSD without image resources."""
    resources = 30 + int.from_bytes(data[26:30], "big")
    size = int.from_bytes(data[resources : resources + 4], "big")
    if 0 < size < len(data) - resources:
        yield data[:resources] + bytes(4) + data[resources + 4 + size :], "ignored: image resources"


def _tiff(data: bytes) -> Iterator[tuple[bytes, str]]:
    directory = tiff_tags.first_directory(data)
    if directory is None or not directory.is_whole:
        return
    upright = frozenset({tiff_tags.ORIENTATION, tiff_tags.PROFILE})
    for also, what in ((upright, "tags"), (frozenset[int](), "tags, orientation and profile")):
        version = tiff_tags.with_tags(directory, {}, tiff_tags.PIXEL_TAGS | also)
        yield version, f"ignored: {what} that no pixel depends on, some damaged"


def _jpeg_2000(data: bytes) -> Iterator[tuple[bytes, str]]:
    """Yield a JPEG 2000 with an end marker, where its last tile ends with the file.

    Each tile-part has its length in its header (Psot), so that none can be cut unnoticed.
    """
    place = data.find(b"\xff\x4f\xff\x51")
    tile = data.find(b"\xff\x90\x00\x0a", place)
    while place >= 0 and tile >= 0 and data[tile : tile + 4] == b"\xff\x90\x00\x0a":
        size = int.from_bytes(data[tile + 6 : tile + 10], "big")
        if size < 14:
            return
        tile += size
        if tile == len(data):
            yield data + jpeg_segments.EOI, "ignored: the end marker is missing"


def is_padded(data: bytes) -> bool:
    """Return True for a JPEG that ends in zeros instead of its end marker.

    A download that was broken off in a file of full length looks so, and a decoder takes zeros for
    compressed data.
    """
    if not data.startswith(jpeg_segments.SOI) or not data.endswith(_PADDING):
        return False
    # Behind an end marker there may be anything, such as a film that ends in zeros.
    return all(segment.marker != jpeg_segments.EOI[1] for segment in jpeg_segments.segments(data))


def endings(data: bytes) -> Iterator[Iterator[bytes]]:
    """Yield ways to end a file that lacks its end marker, each with several other bytes appended.

    If all bytes give the same pixels, no pixel depends on what is missing: the picture is whole.
    Compressed data that is missing would be taken from the appended bytes, and differ.
    """
    if data.startswith(jpeg_segments.SOI) and jpeg_segments.has_all_scans(data):
        bare = data.rstrip(b"\0") if data.endswith(_PADDING) else data
        yield _jpeg_endings(bare.removesuffix(b"\xff"))
        if len(bare) < len(data):
            # The last byte of the compressed data may be a zero.
            yield _jpeg_endings(bare + b"\0")
    elif data.startswith(b"GIF8"):
        # More than any sub-block of 255 bytes still lacks, and sub-blocks behind it.
        yield (data + filling * 5 + bytes(2) + b";" for filling in _FILLINGS[1:])


def _jpeg_endings(bare: bytes) -> Iterator[bytes]:
    return (bare + filling + jpeg_segments.EOI for filling in _FILLINGS)


def _fillings() -> tuple[bytes, ...]:
    """Return bytes that are other codes to any decoder: none, and three patterns of 128."""
    noise = bytes((k * k * 31 + k * 7 + 5) % 251 + 1 for k in range(128))
    return b"", b"\x5a" * 128, noise, b"\xb3\x2c" * 64


_FILLINGS = _fillings()
