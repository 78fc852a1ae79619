"""Bytes that the decoders of Pillow take beside the pixels that they store, by format.

The figures are measured, of flat and of noisy pictures in each mode, with Pillow 11 to 13 and the
codecs in its wheels; they are upper bounds, and a test compares them with the peak of a process.
"""

import io
import re
from collections.abc import Mapping
from contextlib import suppress
from typing import cast

from PIL import Image
from PIL.IcnsImagePlugin import IcnsFile, IcnsImageFile
from PIL.IcoImagePlugin import IcoFile
from PIL.JpegImagePlugin import JpegImageFile

from imgrec.pictures.jpeg2000_header import codestream, file_of
from imgrec.pictures.webp import FirstFrame

# Bytes a pixel while it is loaded, beside the stored ones; absent: 0, the decoder holds some rows.
_LOADING: Mapping[str, int] = {
    # Two canvases, the decoded frame, and the ARGB pixels of a lossless one.
    "WEBP": 13,
    # Planes of full resolution or 16 bits, interleaved pixels and their copy.
    "HEIF": 8,
    # Decoders written in Python collect the bytes of all pixels, and hand a copy of them on.
    "QOI": 9, "DDS": 9, "BLP": 9, "FTEX": 9, "SUN": 9, "XPM": 9, "FITS": 9, "MSP": 2, "PPM": 9,
    "SGI": 8, "BMP": 4,
    # The pixels and the mask that the file holds, and the picture with an alpha channel.
    "ICO": 12, "CUR": 12, "DIB": 12,
    "ICNS": 8, "PSD": 3, "GBR": 4,
}  # fmt: skip
# The part of these that stays until the picture is closed.
_KEPT: Mapping[str, int] = {"WEBP": 8, "HEIF": 4, "PSD": 2, "QOI": 4}
# Of a WebP whose canvases are freed before its pixels are stored; of a HEIC of 8 bits with chroma
# at half resolution, as phones write it.
_FIRST_FRAME_BYTES, _SUBSAMPLED_BYTES = 9, 5
# The structures of a code-block in OpenJPEG.
_BLOCK_BYTES = 520


def area(size: tuple[int, int]) -> int:
    """Return the number of pixels."""
    return size[0] * size[1]


def stored(mode: str) -> int:
    """Return the bytes a pixel that Pillow stores in a mode."""
    if mode in ("1", "L", "P"):
        return 1
    return 2 if mode.startswith("I;16") else 4


def decoder_bytes(image: Image.Image, power: int, file_bytes: int) -> int:
    """Return the bytes that a decoder takes beside the stored pixels.

    Args:
        image: opened and not loaded yet.
        power: the scale of decoding is 1 / `power`.
        file_bytes: length of its file.
    """
    if isinstance(image, JpegImageFile):
        return 0 if _in_one_scan(image) else coefficient_bytes(image)
    if image.format == "JPEG2000":
        return file_bytes + _jpeg2000_bytes(image, power)
    if image.format == "TIFF":
        return _strip_bytes(image)
    if image.format == "AVIF":
        return _avif_bytes(image)
    of_file = file_bytes if image.format in ("WEBP", "ICNS") else 0
    each = _LOADING.get(image.format or "", 0)
    if isinstance(image, FirstFrame):
        each = _FIRST_FRAME_BYTES
    elif image.format == "HEIF" and image.mode == "RGB" and _is_subsampled(file_of(image)):
        each = _SUBSAMPLED_BYTES
    return of_file + each * area(image.size)


def kept_bytes(image: Image.Image) -> int:
    """Return the bytes of a decoder that stay until the picture is closed."""
    if image.format == "AVIF":
        return _avif_bytes(image)
    if isinstance(image, FirstFrame):
        return 0
    return _KEPT.get(image.format or "", 0) * area(image.size)


def inner_picture(image: Image.Image) -> Image.Image | None:
    """Return the PNG or JPEG 2000 in an Apple icon, opened and not loaded; None for others.

    The size that an icon states for it may be any other than its own.
    """
    # A damaged one fails later, when it is decoded.
    with suppress(Exception):
        if isinstance(image, IcnsImageFile):
            codes = [code for code, _ in IcnsFile.SIZES[image.best_size]]
            start, _ = next(image.icns.dct[code] for code in codes if code in image.icns.dct)
            return _opened(file_of(image), start)
    return None


def icon_in(data: bytes) -> Image.Image | None:
    """Return the picture in a Windows icon, opened and not loaded; None for other files.

    Pillow decodes it while it opens the icon, so this has to be asked before.
    """
    if data.startswith(b"\0\0\1\0"):
        with suppress(Exception):
            return _opened(data, IcoFile(io.BytesIO(data)).entry[0].offset)
    return None


def coefficient_bytes(image: JpegImageFile) -> int:
    """Return the bytes of the 16-bit coefficients of a JPEG, which several scans fill."""
    across, down = (max(layer[k] for layer in image.layer) for k in (1, 2))
    samples = sum(layer[1] * layer[2] for layer in image.layer)
    return 2 * area(image.size) * samples // max(1, across * down)


def _in_one_scan(image: JpegImageFile) -> bool:
    """Return True if a JPEG has one interleaved scan, which is decoded without holding blocks.

    Call it right after the header was read: the file position is then behind the first scan header.
    """
    file = cast(io.BytesIO, image.fp)
    place = file.tell()
    header = b"\xff\xda" + (6 + 2 * image.layers).to_bytes(2, "big") + bytes([image.layers])
    file.seek(max(0, place - 8 - 2 * image.layers))
    found = file.read(len(header))
    file.seek(place)
    return found == header and "progressive" not in image.info


def _is_subsampled(data: bytes) -> bool:
    """Return True if all pictures in a HEIC have 8 bits and chroma at half resolution (4:2:0).

    Source: ISO/IEC 14496-15, section 8.3.3.1, the configuration record of HEVC.
    """
    records = [found.end() for found in re.finditer(b"hvcC", data)]
    chroma_and_depth = {data[start + 16 : start + 18] for start in records}
    # All other bits of both bytes are reserved, and set.
    return chroma_and_depth == {b"\xfd\xf8"}


def _avif_bytes(image: Image.Image) -> int:
    """Return the bytes of the planes, of 8 or up to 12 bits, and of interleaved pixels."""
    data = file_of(image)
    # Source: AV1 Codec ISO Media File Format Binding, section 2.3, the configuration record.
    place = data.find(b"av1C")
    flags = data[place + 6] if 0 <= place < len(data) - 6 else 0x40
    bands = len(image.getbands())
    return int((bands * (2 if flags & 0x40 else 1) + bands + 2.5) * area(image.size))


def _jpeg2000_bytes(image: Image.Image, power: int) -> int:
    """Return the bytes for one tile: 32-bit samples, packed ones, and structures of code-blocks."""
    stream = codestream(image)
    if stream is None:
        return 16 * area(image.size)
    packed = -(-stream.bits // 8)
    samples = area(stream.tile) * stream.components
    blocks = stream.components * stream.blocks
    # Layers of each precinct, of which there are at most as many as blocks.
    packets = 2 * stream.layers * (stream.levels + 1) * (blocks if stream.layers > 64 else 1)
    return samples * (4 + packed) // (power * power) + blocks * _BLOCK_BYTES + packets


def _strip_bytes(image: Image.Image) -> int:
    """Return the bytes of a strip or tile of a TIFF, which libtiff decodes as a whole."""
    if not image.tile or image.tile[0][0] != "libtiff":  # type: ignore[attr-defined]
        return 0
    tags = image.tag_v2  # type: ignore[attr-defined]
    width, height = image.size
    if 322 in tags:
        across, down = tags[322], tags.get(323, height)
    else:
        across, down = width, min(height, tags.get(278, height))
    given = tags.get(258, (8,))
    bits = sum(given) if isinstance(given, tuple) else given
    # YCbCr is decoded to RGBA.
    each = max(int(bits) * int(across) // 8, 4 * int(across) if tags.get(262) == 6 else 0)
    return 2 * int(down) * each


def _opened(data: bytes, start: int) -> Image.Image:
    return Image.open(io.BytesIO(data[start:]), formats=["PNG", "JPEG2000", "DIB"])
