"""The one decoder: file bytes to an upright RGB picture, or a reason why not.

The first frame is read, and JPEG scaled while it is decoded; then the pixels are made plain
(`conversion`), turned as EXIF says, averaged by a whole number where there are many, to no less
than twice what any encoder takes, given the colors of their profile (`profiles`) and laid
over white. Turning comes before averaging: a picture turned by EXIF is the one turned by pixels.
"""

import hashlib
import io
from contextlib import nullcontext
from dataclasses import dataclass
from typing import cast

from PIL import Image
from PIL.ImageFile import ImageFile
from PIL.JpegImagePlugin import JpegImageFile

from imgrec.errors import PictureError
from imgrec.pictures.color_modes import plain, to_rgb
from imgrec.pictures.failures import REASONS, muffled, translated
from imgrec.pictures.formats import FORMATS, SUFFIXES, readable_formats
from imgrec.pictures.scaling import THUMB_PX, Scales, pixels_for, reduced, thumbnail

__all__ = [
    "FORMATS", "MAX_BYTES", "MAX_PIXELS", "REASONS", "SUFFIXES", "THUMB_PX", "Picture", "Scales",
    "decode", "digest", "pixels_for", "prepared", "thumbnail",
]  # fmt: skip

MAX_PIXELS = 178_956_970  # decoded; where Pillow takes a picture for a decompression bomb
MAX_JPEG_PIXELS = 1 << 30  # of a file whose pixels are decoded to a part of them
MAX_BYTES = 1 << 30  # of a file, and of what a JPEG decoder holds beside the pixels
_BASE_PX = 512  # at 500 x 375 this changes no pixel, at 12 megapixels 0.24 of 255 on average
_UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
_LYING = {_UPRIGHT[orientation] for orientation in (5, 6, 7, 8)}


@dataclass(frozen=True)
class Picture:
    """A decoded file.

    Attributes:
        image: upright RGB; smaller than `width` x `height` where JPEG scaling helped.
        width: of the upright original, in pixels.
        height: likewise.
        format: Pillow's name of the file format, as "JPEG".
    """

    image: Image.Image
    width: int
    height: int
    format: str


def digest(data: bytes) -> str:
    """Return the content digest the catalog keeps: BLAKE2b, 128 bits, as hex."""
    return hashlib.blake2b(data, digest_size=16).hexdigest()


def decode(data: bytes, need_px: int = 256) -> Picture:
    """Decode file bytes by the rules at the head of this module.

    Args:
        data: the bytes of the file.
        need_px: the longest side any consumer will scale the picture to; large pictures are
            decoded at no less than twice that and no less than 512 px on the short side.

    Raises:
        PictureError: with one of `REASONS`.
    """
    with translated(data), _opened(data) as image:
        return _decoded(image, max(_BASE_PX, 2 * need_px))


def prepared(image: Image.Image, need_px: int = 256) -> Image.Image:
    """Return a picture that is open already, upright and RGB, by the same rules.

    Raises:
        PictureError: its file cannot be decoded, or it has more than `MAX_PIXELS`.
    """
    _check_pixels(image.size, image.size)
    with translated():
        _load(image)
        return _upright_rgb(image, _turn(image), max(_BASE_PX, 2 * need_px))


def _opened(data: bytes) -> ImageFile:
    try:
        return Image.open(io.BytesIO(data), formats=readable_formats())
    except Image.DecompressionBombError:
        if not data.startswith(b"\xff\xd8\xff"):
            raise
        return JpegImageFile(io.BytesIO(data))  # its bound is that of what scaling leaves


def _decoded(image: ImageFile, side_px: int) -> Picture:
    size = image.size
    image.draft(None, (side_px, side_px))  # type: ignore[arg-type, unused-ignore]
    _check_pixels(size, image.size)
    if isinstance(image, JpegImageFile):
        _check_scans(image, size)
    scaled = image.size
    _load(image)
    if image.size != scaled:  # what the file said before was wrong
        size = image.size
    method = _turn(image)
    width, height = size[::-1] if method in _LYING else size
    return Picture(_upright_rgb(image, method, side_px), width, height, image.format or "")


def _load(image: Image.Image) -> None:
    with muffled() if image.format == "TIFF" else nullcontext():
        image.load()


def _check_pixels(size: tuple[int, int], scaled: tuple[int, int]) -> None:
    if size[0] * size[1] > MAX_JPEG_PIXELS or scaled[0] * scaled[1] > MAX_PIXELS:
        raise PictureError("too-large", f"{size[0]} x {size[1]} pixels")


def _check_scans(image: JpegImageFile, size: tuple[int, int]) -> None:
    """Refuse a JPEG whose coefficients, of 16 bits, come in several scans and fill the memory."""
    across, down = (max(layer[k] for layer in image.layer) for k in (1, 2))
    samples = sum(layer[1] * layer[2] for layer in image.layer)
    held = 2 * size[0] * size[1] * samples // max(1, across * down)
    if held > MAX_BYTES and not _in_one_scan(image):
        raise PictureError("too-large", f"{size[0]} x {size[1]} pixels in several scans")


def _in_one_scan(image: JpegImageFile) -> bool:
    """Whether blocks are decoded as they come, none of them held.

    Called when the header has been read, to the end of that of the first scan.
    """
    file = cast(io.BytesIO, image.fp)
    header = b"\xff\xda" + (6 + 2 * image.layers).to_bytes(2, "big") + bytes([image.layers])
    file.seek(max(0, file.tell() - 8 - 2 * image.layers))
    return file.read(len(header)) == header and "progressive" not in image.info


def _turn(image: Image.Image) -> Image.Transpose | None:
    """Return how a picture is turned upright by its EXIF; broken EXIF turns nothing."""
    try:
        return _UPRIGHT.get(image.getexif().get(0x0112, 1))
    except Exception:  # whatever its parser stumbles over, the pixels are there
        return None


def _upright_rgb(image: Image.Image, method: Image.Transpose | None, side_px: int) -> Image.Image:
    profile = image.info.get("icc_profile")
    pixels = plain(image)
    upright = pixels if method is None else pixels.transpose(method)
    return to_rgb(reduced(upright, side_px), profile)
