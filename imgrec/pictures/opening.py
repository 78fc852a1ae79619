"""Opening: from file bytes to an open Pillow image whose header says what is right.

PNGs are opened without the chunks that no pixel depends on; TIFFs that Pillow lacks by one tag with
that tag changed, and those that it would read wrong are refused. Nothing is decoded yet.

Sources: ISO/IEC 15444-1, A.5.1, for the bit depths of JPEG 2000; the FITS standard 4.0, 4.4.2.5.
"""

import io
import re

from PIL import Image, ImagePalette
from PIL.ImageFile import ImageFile, _Tile
from PIL.JpegImagePlugin import JpegImageFile
from PIL.TiffImagePlugin import TiffImageFile

from imgrec.errors import PictureError
from imgrec.pictures import tiff_tags
from imgrec.pictures.formats import readable_formats
from imgrec.pictures.png_chunks import SIGNATURE, pixels_only
from imgrec.pictures.refusals import not_read
from imgrec.pictures.transparency import scale_key
from imgrec.pictures.webp import first_frame

# libtiff returns samples in the machine's byte order, and for these Pillow would swap them.
_NATIVE = {"I;32BS": "I;32NS", "I;16BS": "I;16NS", "F;32BF": "F;32NF"}

# The value of zero of FITS, in a header of at most so many bytes.
_FITS_ZERO = re.compile(rb"BZERO   = *([-+]?[0-9.]+(?:[ED][-+]?[0-9]+)?)")
_FITS_BYTES = 1 << 16


def opened(data: bytes) -> tuple[ImageFile, bytes, str]:
    """Open a file.

    Returns:
        The open picture; the bytes that it reads, `data` or those without what was left out; and a
        warning, "" if nothing damaged was left out.

    Raises:
        PictureError: `unsupported`, with the name of a layout that would be read wrong.
        UnidentifiedImageError: no decoder knows the file.
    """
    if data.startswith(SIGNATURE):
        return _opened_png(data)
    directory = tiff_tags.first_directory(data)
    if directory is not None:
        return _opened_tiff(directory)
    if _has_deep_colors(data):
        raise PictureError("unsupported", not_read("JPEG 2000 of more than 8 bits a color"))
    image = first_frame(_opened(data))
    if image.format == "FITS" and (zero := _FITS_ZERO.search(data[:_FITS_BYTES])):
        image.info["bzero"] = float(zero[1])
    return image, data, ""


def _opened(data: bytes) -> ImageFile:
    try:
        return Image.open(io.BytesIO(data), formats=readable_formats())
    except Image.DecompressionBombError:
        if not data.startswith(b"\xff\xd8\xff"):
            raise
        # For a JPEG the limit applies to the pixels after reduction, which the caller tests.
        return JpegImageFile(io.BytesIO(data))


def _opened_png(data: bytes) -> tuple[ImageFile, bytes, str]:
    pixels = pixels_only(data)
    image = _opened(pixels.data)
    if pixels.profile is not None:
        image.info["icc_profile"] = pixels.profile
    scale_key(image)
    return image, pixels.data, "; ".join(pixels.warnings)


def _opened_tiff(directory: tiff_tags.Directory) -> tuple[ImageFile, bytes, str]:
    named = tiff_tags.refused(directory)
    if named:
        raise PictureError("unsupported", not_read(named))
    changes = tiff_tags.listed_instead(directory)
    data = tiff_tags.with_tags(directory, changes) if changes else directory.data
    image = _opened(data)
    if isinstance(image, TiffImageFile):
        for tag in changes:
            # `color_modes` converts by the original tags.
            image.tag_v2[tag] = directory.number(tag, tiff_tags.UNSIGNED)
        image.tile = [_in_native_order(tile) for tile in image.tile]
        colors = directory.all_numbers(tiff_tags.COLOR_MAP)
        if image.mode in ("P", "PA") and colors and max(colors) < 256:
            # Colors of 8 bits, where the format has 16: Pillow would show all as black.
            image.palette = ImagePalette.raw("RGB;L", bytes(colors))
    return image, data, ""


def _in_native_order(tile: _Tile) -> _Tile:
    if tile.codec_name != "libtiff" or not isinstance(tile.args, tuple):
        return tile
    return tile._replace(args=(_NATIVE.get(tile.args[0], tile.args[0]), *tile.args[1:]))


def _has_deep_colors(data: bytes) -> bool:
    """Return True for a JPEG 2000 with several components of more than 8 bits.

    Pillow rounds these to 8 bits without a limit, so that white becomes black.
    """
    if not data.startswith((b"\xff\x4f\xff\x51", b"\x00\x00\x00\x0cjP  ")):
        return False
    size = data.find(b"\xff\x4f\xff\x51") + 2
    count = int.from_bytes(data[size + 38 : size + 40], "big")
    depths = data[size + 40 : size + 40 + 3 * count : 3]
    return count > 1 and any((depth & 0x7F) >= 8 for depth in depths)
