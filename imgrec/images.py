"""The one decoder: file bytes to an upright sRGB picture, or a reason why not.

Rules, in this order: the first frame; JPEG scaled while decoding to no less than twice what
any encoder takes; EXIF orientation applied; 16-bit grey divided by 257; wider integers and
floats as `_grey_from_wide` says; transparency, of whatever mode, laid over white; anything
else by Pillow's own conversion to RGB (CMYK, YCbCr, Lab, palette, 1-bit).
"""

import hashlib
import io
import struct
import warnings
import zlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps, UnidentifiedImageError

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
}
MAX_PIXELS = 180_000_000
MAX_BYTES = 1 << 30
THUMB_PX = 128
_THUMB_QUALITY = 85
_DRAFT_PX = 512  # at 500 x 375 this changes no pixel, at 12 megapixels 0.24 of 255 on average
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
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # odd files are reported by reason, not by warnings
        try:
            return _decode(data, max(_DRAFT_PX, 2 * need_px))
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


def pixels_for(image: Image.Image, preprocessing: Preprocessing) -> NDArray[np.uint8]:
    """Return the uint8 pixels (crop_px, crop_px, 3) that an encoder takes of a picture."""
    side = preprocessing.crop_px
    if preprocessing.fit == "crop":
        image = _scaled_to_shorter(image, preprocessing.resize_px)
        left, top = round((image.width - side) / 2), round((image.height - side) / 2)
        image = image.crop((left, top, left + side, top + side))
    else:
        image = image.resize((side, side), Image.Resampling.BILINEAR, reducing_gap=3.0)
    return np.asarray(image)


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
        turned = image.getexif().get(0x0112, 1) in (5, 6, 7, 8)
        upright = ImageOps.exif_transpose(image)
        width, height = size[::-1] if turned else size
        return Picture(_to_rgb(upright), width, height, name)


def _readable_formats() -> list[str]:
    Image.init()
    return [name for name in FORMATS if name in Image.OPEN]


def _to_rgb(image: Image.Image) -> Image.Image:
    if image.mode == "RGB" and "transparency" not in image.info:
        image.load()
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
    values = np.nan_to_num(np.asarray(image, dtype=np.float64), posinf=0.0, neginf=0.0)
    low, high = float(values.min()), float(values.max())
    if image.mode.startswith("I;16") or (image.mode == "I" and low >= 0 and 255 < high <= 65535):
        values = values / 257
    elif image.mode == "F" and low >= 0 and high <= 1:
        values = values * 255
    elif low < 0 or high > 255:
        values = (values - low) * (255 / (high - low))
    return np.rint(values).astype(np.uint8)


def _scaled_to_shorter(image: Image.Image, shorter_px: int) -> Image.Image:
    scale = shorter_px / min(image.size)
    size = (max(shorter_px, int(image.width * scale)), max(shorter_px, int(image.height * scale)))
    return image.resize(size, Image.Resampling.BILINEAR, reducing_gap=3.0)


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
