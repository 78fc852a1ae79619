"""From any of Pillow's modes to RGB: what each kind of pixel becomes.

- 16-bit gray is divided by 257; wider integers and floats stay as they are where they lie in
  0 to 255, floats in 0 to 1 are taken times 255, all others are stretched, least to most;
- palettes, 1-bit, YCbCr, HSV and Lab by Pillow's own conversion, 16 bits a color lose the lower 8;
- CMYK and YCCK: no ink is white. Pillow takes those of a JPEG for inverted, as Adobe's programs
  write them and as browsers read them, marked by Adobe or not;
- colors of an embedded profile become sRGB (`profiles`), CMYK without one is
  (255 - ink) (255 - black) / 255;
- transparency, of whatever mode, is laid over white.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from imgrec.pictures.color_profiles import to_srgb

_GRAY = frozenset({"1", "L", "LA", "La"})
_PLAIN = frozenset({"L", "LA", "RGB", "RGBA", "CMYK"})
_CHUNK = 1 << 22  # values made to floats at once


def plain(image: Image.Image) -> Image.Image:
    """Return a picture in the plain mode next to its own: L, LA, RGB, RGBA or CMYK.

    These can be turned, averaged and given a profile, in whatever order.
    """
    if image.mode.startswith(("I", "F")):
        return _gray_from_wide(image)
    if image.has_transparency_data:
        wanted = "LA" if image.mode in _GRAY else "RGBA"
    elif image.mode in _PLAIN:
        return image
    else:
        wanted = "L" if image.mode == "1" else "RGB"
    return image if image.mode == wanted else image.convert(wanted)


def to_rgb(image: Image.Image, profile: bytes | None) -> Image.Image:
    """Return a picture of a plain mode as RGB: in sRGB, over white."""
    colors = to_srgb(image, profile)
    if colors.mode == "RGB":
        return colors
    white = Image.new("RGBA", image.size, "white")
    return Image.alpha_composite(white, colors).convert("RGB")


def _gray_from_wide(image: Image.Image) -> Image.Image:
    """Return 8-bit gray of integers wider than that, or of floats."""
    values = np.asarray(image)  # (h, w)
    scale, offset = _scaling(values, sixteen_bits=image.mode.startswith("I;16"))
    gray = np.empty(values.shape, np.uint8)
    for rows in _bands(values.shape):
        gray[rows] = np.rint((_finite(values[rows]) - offset) * scale)
    if isinstance(image.info.get("transparency"), int):  # of 16 bits, in PNG
        gray[values == image.info["transparency"]] = 255
    return Image.fromarray(gray)


def _scaling(values: NDArray[Any], sixteen_bits: bool) -> tuple[np.float32, np.float32]:
    """Return by what values (h, w) are multiplied, and what is taken from them before."""
    bands = [_finite(values[rows]) for rows in _bands(values.shape)]
    low, high = (float(f(list(map(f, bands)))) for f in (np.min, np.max))
    integers = values.dtype.kind != "f"
    if sixteen_bits or (integers and low >= 0 and 255 < high <= 65535):
        low, high = 0.0, 65535.0
    elif not integers and low >= 0 and high <= 1:
        low, high = 0.0, 1.0
    elif low >= 0 and high <= 255:
        low, high = 0.0, 255.0
    return np.float32(255 / (high - low)), np.float32(low)


def _bands(shape: tuple[int, ...]) -> list[slice]:
    """Return rows of arrays (h, w), few enough at a time that they may be floats."""
    step = max(1, _CHUNK // shape[1])
    return [slice(start, start + step) for start in range(0, shape[0], step)]


def _finite(values: NDArray[Any]) -> NDArray[np.float32]:
    """Return values as floats, what is no number as 0."""
    return np.nan_to_num(values.astype(np.float32), posinf=0.0, neginf=0.0)
