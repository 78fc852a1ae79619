"""The one decoder: file bytes to an upright RGB picture, or a reason why not.

Rules, in this order: the first frame; large pictures scaled by whole numbers, JPEG while it is
decoded, to no less than twice what any encoder takes; 16-bit grey divided by 257; wider
integers and floats as `_grey_from_wide` says; transparency, of whatever mode, laid over white;
anything else by Pillow's own conversion to RGB (CMYK, YCbCr, Lab, palette, 1-bit); EXIF
orientation applied. Colour profiles are not applied.
"""

import hashlib
import io
import struct
import warnings
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError

from imgrec.encoders.spec import Preprocessing
from imgrec.errors import PictureError

_PICTURE_SUFFIXES = "jpg jpeg jpe jfif png webp gif bmp tif tiff heic heif avif"
SUFFIXES = frozenset(f".{suffix}" for suffix in _PICTURE_SUFFIXES.split())
FORMATS = ("JPEG", "MPO", "PNG", "WEBP", "GIF", "BMP", "DIB", "TIFF", "AVIF", "HEIF")
REASONS = {
    "empty": "the file has no bytes",
    "not-an-image": "the content is of no picture format",
    "truncated": "the file ends too early",
    "damaged": "the decoder gave up",
    "too-large": "more pixels or bytes than the bound",
    "unsupported": "a picture format that the installed Pillow does not read",
    "unreadable": "the file cannot be opened or read",
    "crashed": "the decoder ended its process",
    "timeout": "took longer than the bound",
}
MAX_PIXELS = 178_956_970  # where Pillow takes a picture for a decompression bomb
MAX_BYTES = 1 << 30
THUMB_PX = 128
_THUMB_QUALITY = 85
_DRAFT_PX = 512  # at 500 x 375 this changes no pixel, at 12 megapixels 0.24 of 255 on average
_Box = tuple[float, float, float, float]  # left, top, right, bottom
_REDUCIBLE = frozenset({"L", "RGB", "RGBA", "CMYK", "YCbCr"})
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
_MAGICS = (b"\xff\xd8\xff", b"\x89PNG\r\n", b"GIF8", b"II*\x00", b"MM\x00*", b"BM")


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


def read_file(path: Path) -> bytes:
    """Return the bytes of a picture file.

    Raises:
        PictureError: `unreadable`, `empty` or `too-large` (above `MAX_BYTES`).
    """
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise PictureError("unreadable", error.strerror or str(error)) from error
    if not data:
        raise PictureError("empty", "0 bytes")
    if len(data) > MAX_BYTES:
        raise PictureError("too-large", f"more than {MAX_BYTES} bytes")
    return data


def digest(data: bytes) -> str:
    """Return the content digest the catalogue keeps: BLAKE2b, 128 bits, as hex."""
    return hashlib.blake2b(data, digest_size=16).hexdigest()


def decode(data: bytes, need_px: int = 256) -> Picture:
    """Decode file bytes by the rules at the head of this module.

    Args:
        data: the bytes of the file.
        need_px: the longest side any consumer will scale the picture to; large JPEGs are
            decoded at no less than twice that and no less than 512 px on the short side.

    Raises:
        PictureError: with one of `REASONS`.
    """
    with _translated(data):
        return _decode(data, max(_DRAFT_PX, 2 * need_px))


@contextmanager
def _translated(data: bytes = b"") -> Iterator[None]:
    """Turn what a decoder raises into a reason; odd files are not reported by warnings."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            yield
        except UnidentifiedImageError as error:
            raise PictureError(*_why_unidentified(data)) from error
        except Image.DecompressionBombError as error:
            raise PictureError("too-large", str(error)) from error
        except MemoryError as error:
            raise PictureError("too-large", "not enough memory to decode it") from error
        except (OSError, EOFError, SyntaxError, ValueError, TypeError, LookupError,
                ArithmeticError, AttributeError, RuntimeError, struct.error, zlib.error,
                NotImplementedError) as error:  # fmt: skip
            raise PictureError(_reason_of(error), str(error) or type(error).__name__) from error


def prepared(image: Image.Image, need_px: int = 256) -> Image.Image:
    """Return a picture that is open already, upright and RGB, by the same rules.

    Raises:
        PictureError: its file cannot be decoded, or it has more than `MAX_PIXELS`.
    """
    if image.width * image.height > MAX_PIXELS:
        raise PictureError("too-large", f"{image.width} x {image.height} pixels")
    with _translated():
        image.load()
        method = _turn(image)
        pixels = _to_rgb(_reduced(image, max(_DRAFT_PX, 2 * need_px)))
        return pixels if method is None else pixels.transpose(method)


def pixels_for(image: Image.Image, preprocessing: Preprocessing) -> NDArray[np.uint8]:
    """Return the uint8 pixels (crop_px, crop_px, 3) that an encoder takes of a picture."""
    side = preprocessing.crop_px
    if preprocessing.fit == "crop":
        box: _Box | None = _central_box(image.size, preprocessing)
    else:
        box = None
    scaled = image.resize((side, side), Image.Resampling.BILINEAR, box, reducing_gap=3.0)
    return np.asarray(scaled)


def thumbnail(image: Image.Image, side_px: int = THUMB_PX) -> bytes:
    """Return a JPEG whose longer side is `side_px`, or that of a smaller picture."""
    scale = min(1.0, side_px / max(image.size))
    size = (max(1, round(image.width * scale)), max(1, round(image.height * scale)))
    if size != image.size:
        image = image.resize(size, Image.Resampling.BILINEAR, reducing_gap=3.0)
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=_THUMB_QUALITY)
    return buffer.getvalue()


def _decode(data: bytes, draft_px: int) -> Picture:
    with Image.open(io.BytesIO(data), formats=_readable_formats()) as image:
        name, size = image.format or "", image.size
        if size[0] * size[1] > MAX_PIXELS:
            raise PictureError("too-large", f"{size[0]} x {size[1]} pixels")
        image.draft(None, (draft_px, draft_px))  # type: ignore[arg-type, unused-ignore]
        image.load()
        method = _turn(image)
        pixels = _to_rgb(_reduced(image, draft_px))
        upright = pixels if method is None else pixels.transpose(method)
        width, height = size[::-1] if method in _LYING else size
        return Picture(upright, width, height, name)


def _turn(image: Image.Image) -> Image.Transpose | None:
    """Return how a picture is turned upright by its EXIF; broken EXIF turns nothing."""
    try:
        return _UPRIGHT.get(image.getexif().get(0x0112, 1))
    except Exception:  # whatever its parser stumbles over, the pixels are there
        return None


def _reduced(image: Image.Image, side_px: int) -> Image.Image:
    """Average blocks of a large picture, so that what follows needs a part of its memory."""
    factor = min(image.size) // side_px
    if factor < 2 or image.mode not in _REDUCIBLE or "transparency" in image.info:
        return image
    return image.reduce(factor)


@cache
def _readable_formats() -> list[str]:
    Image.init()
    with suppress(ImportError):
        import pillow_heif

        pillow_heif.register_heif_opener()
    return [name for name in FORMATS if name in Image.OPEN]


def _to_rgb(image: Image.Image) -> Image.Image:
    if image.mode == "RGB" and "transparency" not in image.info:
        return image
    if image.mode.startswith(("I", "F")):
        return Image.fromarray(_grey_from_wide(image)).convert("RGB")
    if image.has_transparency_data:
        with_alpha = image.convert("RGBA")
        white = Image.new("RGBA", image.size, "white")
        return Image.alpha_composite(white, with_alpha).convert("RGB")
    return image.convert("RGB")


def _grey_from_wide(image: Image.Image) -> NDArray[np.uint8]:
    """Return 8-bit grey.

    16-bit values are divided by 257. Wider integers and floats stay as they are where they lie
    in 0 to 255; floats in 0 to 1 are taken times 255; all others are stretched, least to most.
    """
    values = np.nan_to_num(np.asarray(image, dtype=np.float32), posinf=0.0, neginf=0.0)
    low, high = float(values.min()), float(values.max())
    if image.mode.startswith("I;16") or (image.mode == "I" and low >= 0 and 255 < high <= 65535):
        values /= 257
    elif image.mode == "F" and low >= 0 and high <= 1:
        values *= 255
    elif low < 0 or high > 255:
        values = (values - low) * np.float32(255 / (high - low))
    return np.rint(values).astype(np.uint8)


def _central_box(size: tuple[int, int], wanted: Preprocessing) -> _Box:
    """Return what is left of a picture when it is scaled to the shorter side and then cropped.

    The same pixels as scaling all of it, as torchvision does, without making a strip of
    2 x 30,000 pixels a hundred times as large before.
    """
    scaled = [int(wanted.resize_px * length / min(size)) for length in size]
    starts = [round((length - wanted.crop_px) / 2) for length in scaled]
    steps = [length / new for length, new in zip(size, scaled, strict=True)]
    corner = [start * step for start, step in zip(starts, steps, strict=True)]
    sides = [min(wanted.crop_px * step, end) for step, end in zip(steps, size, strict=True)]
    return corner[0], corner[1], corner[0] + sides[0], corner[1] + sides[1]


def _why_unidentified(data: bytes) -> tuple[str, str]:
    if data[4:8] == b"ftyp":
        return "unsupported", f"the installed Pillow does not read {data[8:12]!r} files"
    if data.startswith(_MAGICS) or (data[:4] == b"RIFF" and data[8:12] == b"WEBP"):
        return "truncated", "a picture header and no readable picture behind it"
    return "not-an-image", f"begins with {data[:8]!r}"


def _reason_of(error: Exception) -> str:
    text = str(error).lower()
    if "truncated" in text or "end of file" in text or isinstance(error, EOFError):
        return "truncated"
    if "not supported" in text or "unsupported" in text or "unknown" in text:
        return "unsupported"
    return "damaged"
