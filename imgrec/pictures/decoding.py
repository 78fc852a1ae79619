"""Decoding: from file bytes to an upright RGB picture, or a reason code. The only decoder there is.

Steps: read the first frame, JPEGs at reduced scale (`draft`); convert to a plain mode
(`color_modes`); apply the EXIF orientation; reduce large pictures by an integer factor, to no less
than twice what any encoder takes; convert the ICC profile to sRGB (`color_profiles`); composite
over white. Orientation is applied before reducing, so that a picture rotated by EXIF gives the same
pixels as one whose pixels were rotated.
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
    "FORMATS", "LIMITS", "MAX_BYTES", "MAX_PIXELS", "REASONS", "SUFFIXES", "THUMB_PX", "Limits",
    "Picture", "Scales", "decode", "digest", "pixels_for", "prepared", "thumbnail",
]  # fmt: skip

# Limit of decoded pixels, at which Pillow assumes a decompression bomb.
MAX_PIXELS = 178_956_970
# Limit of the original pixels of a JPEG, which is decoded at reduced scale.
MAX_JPEG_PIXELS = 1 << 30
# Limit of a file's bytes, and of the coefficients that a JPEG decoder holds beside the pixels.
MAX_BYTES = 1 << 30
# Least length of the shorter side after reducing. A picture of 500 x 375 is not reduced; one of 12
# megapixels differs by 0.24 of 255 on average.
_BASE_PX = 512
# Pillow's transposition for each EXIF orientation.
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
class Limits:
    """The size above which a picture is refused as `too-large`, so that memory is bounded.

    Attributes:
        pixels: decoded pixels.
        jpeg_pixels: original pixels of a JPEG, which is decoded at reduced scale.
        coefficient_bytes: coefficients that a JPEG decoder holds beside the pixels.
    """

    pixels: int = MAX_PIXELS
    jpeg_pixels: int = MAX_JPEG_PIXELS
    coefficient_bytes: int = MAX_BYTES


LIMITS = Limits()


@dataclass(frozen=True)
class Picture:
    """A decoded file.

    Attributes:
        image: upright RGB, possibly reduced: smaller than `width` x `height`.
        width: width of the upright original, in pixels.
        height: height of the upright original, in pixels.
        format: Pillow's name of the file format, such as "JPEG".
        warning: what is wrong with the file that did not keep it from being read, such as a damaged
            comment; "" for a sound one. `imgrec catalog --warnings` lists it.
    """

    image: Image.Image
    width: int
    height: int
    format: str
    warning: str = ""


def digest(data: bytes) -> str:
    """Return the content digest of a file: BLAKE2b with 128 bits, as 32 hexadecimal digits."""
    return hashlib.blake2b(data, digest_size=16).hexdigest()


def decode(data: bytes, need_px: int = 256, limits: Limits = LIMITS) -> Picture:
    """Decode the bytes of a file, by the steps at the head of this module.

    Args:
        data: the file's bytes.
        need_px: the longest side to which any consumer will resize the picture. The shorter side
            of the result is at least twice that and at least 512 px, if the original's is.
        limits: the sizes above which a picture is refused.

    Raises:
        PictureError: its code is one of `REASONS`.
    """
    with translated(data), _opened(data) as image:
        return _decoded(image, max(_BASE_PX, 2 * need_px), limits)


def prepared(image: Image.Image, need_px: int = 256) -> Image.Image:
    """Return an open Pillow image as upright RGB, by the same steps as `decode`.

    Raises:
        PictureError: its file cannot be decoded, or it has more than `MAX_PIXELS` pixels.
    """
    _check_pixels(image.size, image.size, LIMITS)
    with translated():
        _load(image)
        return _upright_rgb(image, _turn(image), max(_BASE_PX, 2 * need_px))


def _opened(data: bytes) -> ImageFile:
    try:
        return Image.open(io.BytesIO(data), formats=readable_formats())
    except Image.DecompressionBombError:
        if not data.startswith(b"\xff\xd8\xff"):
            raise
        # For a JPEG the limit applies to the reduced pixels, which `_check_pixels` tests.
        return JpegImageFile(io.BytesIO(data))


def _decoded(image: ImageFile, side_px: int, limits: Limits) -> Picture:
    size = image.size
    image.draft(None, (side_px, side_px))  # type: ignore[arg-type, unused-ignore]
    _check_pixels(size, image.size, limits)
    if isinstance(image, JpegImageFile):
        _check_scans(image, size, limits)
    scaled = image.size
    _load(image)
    # Some decoders learn the true size only while loading.
    if image.size != scaled:
        size = image.size
    method = _turn(image)
    width, height = size[::-1] if method in _LYING else size
    return Picture(_upright_rgb(image, method, side_px), width, height, image.format or "")


def _load(image: Image.Image) -> None:
    with muffled() if image.format == "TIFF" else nullcontext():
        image.load()


def _check_pixels(size: tuple[int, int], scaled: tuple[int, int], limits: Limits) -> None:
    if size[0] * size[1] > limits.jpeg_pixels or scaled[0] * scaled[1] > limits.pixels:
        raise PictureError("too-large", f"{size[0]} x {size[1]} pixels")


def _check_scans(image: JpegImageFile, size: tuple[int, int], limits: Limits) -> None:
    """Refuse a multi-scan JPEG whose 16-bit coefficients, held in memory, exceed the limit."""
    across, down = (max(layer[k] for layer in image.layer) for k in (1, 2))
    samples = sum(layer[1] * layer[2] for layer in image.layer)
    held = 2 * size[0] * size[1] * samples // max(1, across * down)
    if held > limits.coefficient_bytes and not _in_one_scan(image):
        raise PictureError("too-large", f"{size[0]} x {size[1]} pixels in several scans")


def _in_one_scan(image: JpegImageFile) -> bool:
    """Return True if a JPEG has one interleaved scan, which is decoded without holding blocks.

    Call it right after the header was read: the file position is then behind the first scan header.
    """
    file = cast(io.BytesIO, image.fp)
    header = b"\xff\xda" + (6 + 2 * image.layers).to_bytes(2, "big") + bytes([image.layers])
    file.seek(max(0, file.tell() - 8 - 2 * image.layers))
    return file.read(len(header)) == header and "progressive" not in image.info


def _turn(image: Image.Image) -> Image.Transpose | None:
    """Return the transposition for the EXIF orientation; None without, or with damaged EXIF."""
    try:
        return _UPRIGHT.get(image.getexif().get(0x0112, 1))
    # Damaged EXIF may raise anything, and must not cost the picture.
    except Exception:
        return None


def _upright_rgb(image: Image.Image, method: Image.Transpose | None, side_px: int) -> Image.Image:
    profile = image.info.get("icc_profile")
    pixels = plain(image)
    upright = pixels if method is None else pixels.transpose(method)
    return to_rgb(reduced(upright, side_px), profile)
