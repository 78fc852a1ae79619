"""Conversion of any Pillow mode to RGB.

- 16-bit gray is divided by 257. Wider or signed integers and floats are kept if all values are in 0
  to 255; floats in 0 to 1 are multiplied by 255; anything else is stretched linearly from its
  minimum and maximum to 0 and 255. The tags of a TIFF say what Pillow's modes do not: 12 bits,
  unsigned 32 bits, signed 8 bits, and that 0 is white.
- Palette, 1-bit, YCbCr, HSV and Lab are converted by Pillow. Of 16 bits per color channel the upper
  8 are kept.
- CMYK and YCCK: 0 ink is white. Pillow treats CMYK JPEGs as inverted, as Adobe's programs write
  them and browsers read them, with or without Adobe's marker.
- Colors with an embedded ICC profile are converted to sRGB (`color_profiles`). CMYK without a
  profile is (255 - ink) (255 - black) / 255.
- Transparency of any mode is composited over white, or the color that is asked for.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from imgrec.pictures.color_profiles import to_srgb
from imgrec.pictures.tiff_tags import BITS, PHOTOMETRIC, SAMPLE_FORMAT, SIGNED, UNSIGNED

_GRAY = frozenset({"1", "L", "LA", "La"})
_PLAIN = frozenset({"L", "LA", "RGB", "RGBA", "CMYK"})
# In X11 bitmaps 1 is the foreground, which is black; Pillow reads it as white.
_INVERTED = [255 - level for level in range(256)]
# Values converted to float32 at a time.
_CHUNK = 1 << 22


def plain(image: Image.Image, *, chunk: int = _CHUNK) -> Image.Image:
    """Return a picture converted to L, LA, RGB, RGBA or CMYK, whichever loses nothing.

    In these modes it can be transposed, averaged and color-managed in any order.

    Args:
        image: of any mode.
        chunk: values of wider integers or floats that are converted to float32 at a time.
    """
    if image.mode.startswith(("I", "F")) or (
        image.mode == "L" and _first(image, SAMPLE_FORMAT) == SIGNED
    ):
        return _gray_from_wide(image, chunk)
    if image.format == "XBM":
        return image.point(_INVERTED, "L")
    if image.has_transparency_data:
        wanted = "LA" if image.mode in _GRAY else "RGBA"
    elif image.mode in _PLAIN:
        return image
    else:
        wanted = "L" if image.mode == "1" else "RGB"
    return image if image.mode == wanted else image.convert(wanted)


def to_rgb(image: Image.Image, profile: bytes | None, ground: str = "white") -> Image.Image:
    """Return a picture of a plain mode as sRGB, composited over a color.

    Args:
        image: of a mode that `plain` returns.
        profile: its ICC profile; None for sRGB.
        ground: the color behind transparency.
    """
    colors = to_srgb(image, profile)
    if colors.mode == "RGB":
        return colors
    behind = Image.new("RGBA", image.size, ground)
    return Image.alpha_composite(behind, colors).convert("RGB")


def _gray_from_wide(image: Image.Image, chunk: int) -> Image.Image:
    """Return the 8-bit gray of a picture of wider integers, signed integers or floats."""
    values = _true_values(image)  # (h, w)
    bands = _bands(values.shape, chunk)
    full = _full_scale(image)
    scale, offset = _scaling(values, bands, full)
    gray = np.empty(values.shape, np.uint8)
    for rows in bands:
        gray[rows] = np.rint((_finite(values[rows]) - offset) * scale)
    if _first(image, PHOTOMETRIC) == 0:
        np.subtract(255, gray, out=gray)
    # The color key of a 16-bit gray PNG.
    if isinstance(image.info.get("transparency"), int):
        gray[values == image.info["transparency"]] = 255
    return Image.fromarray(gray)


def _true_values(image: Image.Image) -> NDArray[Any]:
    """Return the values (h, w) of a picture, of the type that the tags of a TIFF say."""
    values = np.asarray(image)
    kind = _first(image, SAMPLE_FORMAT)
    if image.mode == "I" and kind == UNSIGNED and _first(image, BITS) == 32:
        return values.view(np.uint32)
    if image.format == "FITS" and image.mode.startswith("I;16"):
        # Integers of FITS are signed; unsigned ones are stored minus 32768, in place of a sign.
        is_unsigned = image.info.get("bzero") == 32768
        signed = np.dtype(values.dtype.str.replace("u", "i"))
        return values ^ np.uint16(32768) if is_unsigned else values.view(signed)
    return values.view(np.int8) if image.mode == "L" and kind == SIGNED else values


def _full_scale(image: Image.Image) -> int:
    """Return the value of white for 16-bit modes; 0 for others, where the values decide."""
    is_signed = image.format == "FITS" and image.info.get("bzero") != 32768
    if not image.mode.startswith("I;16") or is_signed:
        return 0
    return 4095 if _first(image, BITS) == 12 else 65535


def _first(image: Image.Image, tag: int) -> int | None:
    """Return the first value of a tag of a TIFF; None for any other file."""
    tags = getattr(image, "tag_v2", None)
    if tags is None:
        return None
    # Unsigned is the default of the format.
    found = tags.get(tag, UNSIGNED if tag == SAMPLE_FORMAT else None)
    first = found[0] if isinstance(found, tuple) and found else found
    return first if isinstance(first, int) else None


def _scaling(values: NDArray[Any], bands: list[slice], full: int) -> tuple[np.float32, np.float32]:
    """Return (scale, offset) for values (h, w), so that gray = (value - offset) · scale."""
    # One band at a time: as float32 all together take more memory than the picture.
    extremes = [(found.min(), found.max()) for found in (_finite(values[rows]) for rows in bands)]
    low, high = float(min(extremes)[0]), float(max(high for _, high in extremes))
    integers = values.dtype.kind != "f"
    if full or (integers and low >= 0 and 255 < high <= 65535):
        low, high = 0.0, float(full or 65535)
    elif not integers and low >= 0 and high <= 1:
        low, high = 0.0, 1.0
    elif low >= 0 and high <= 255:
        low, high = 0.0, 255.0
    return np.float32(255 / (high - low)), np.float32(low)


def _bands(shape: tuple[int, ...], chunk: int) -> list[slice]:
    """Return slices of rows of an array (h, w), each of at most `chunk` values, or of one row."""
    step = max(1, chunk // shape[1])
    return [slice(start, start + step) for start in range(0, shape[0], step)]


def _finite(values: NDArray[Any]) -> NDArray[np.float32]:
    """Return values as float32, with NaN and infinities as 0."""
    return np.nan_to_num(values.astype(np.float32), posinf=0.0, neginf=0.0)
