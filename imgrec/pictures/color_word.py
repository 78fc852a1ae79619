"""The color word of a picture, found on its thumbnail.

A word is what a person would say of the thing shown. So pixels near the middle count more than
those near the border, a color that fills the border counts little, and gray, black and white
count less than a color: a red dress on white is red. What covers nearly everything is named
all the same. A neutral pixel as light as a white cloth in a photograph is white.
"""

import io
from functools import cache, lru_cache

import numpy as np
from numpy.typing import NDArray
from PIL import Image

VERSION = 1  # raised whenever a thumbnail may get another word
WORDS = (
    *("black", "white", "gray", "beige", "brown", "red", "orange"),
    *("yellow", "green", "turquoise", "blue", "purple", "pink"),
)
_SIDE_PX = 32
_SPREAD = 0.5  # of the weight around the middle: at the middle of an edge e⁻² of what it is there
_BORDER = 0.87  # of half a side: what is farther out is border
_BACKGROUND = 0.8  # of its weight a color loses that fills the border
_SALIENCE = np.array([0.75, 0.6, 0.55, 0.75, 0.85, *[1.0] * 8])
_HUES = {
    **{14: "red", 36: "orange", 80: "yellow", 117: "green"},
    **{165: "turquoise", 215: "blue", 280: "purple", 325: "pink"},
}  # where each begins in Oklab, in degrees
_LMS = [
    [0.4122214708, 0.5363325363, 0.0514459929],
    [0.2119034982, 0.6806995451, 0.1073969566],
    [0.0883024619, 0.2817188376, 0.6299787005],
]
_LAB = [
    [0.2104542553, 0.7936177850, -0.0040720468],
    [1.9779984951, -2.4285922050, 0.4505937099],
    [0.0259040371, 0.7827717662, -0.8086757660],
]


def dominant_color(pixels: NDArray[np.uint8]) -> str:
    """Return one of `WORDS` for a picture (h, w, 3), RGB; about 32 pixels a side are enough."""
    reduced = (pixels >> 3).astype(np.intp)  # five bits a channel
    codes = _table()[reduced[..., 0] << 10 | reduced[..., 1] << 5 | reduced[..., 2]].ravel()
    middle, border = _weights(*pixels.shape[:2])
    shares = np.bincount(codes, middle, len(WORDS))
    around = np.bincount(codes, border, len(WORDS))
    weighed = shares * _SALIENCE * (1 - _BACKGROUND * around)
    return WORDS[int(weighed.round(9).argmax())]  # of equals the first, however they were added up


def color_of(jpeg: bytes) -> str:
    """Return the color word of a thumbnail.

    Raises:
        OSError, SyntaxError, ValueError, DecompressionBombError: it is no JPEG, or a damaged one.
    """
    return dominant_color(_small(jpeg))


def _small(jpeg: bytes) -> NDArray[np.uint8]:
    """Return the pixels (h, w, 3) of a JPEG, scaled while it is decoded, never enlarged."""
    with Image.open(io.BytesIO(jpeg), formats=["JPEG"]) as image:
        factor = max(1, max(image.size) // _SIDE_PX)
        image.draft("RGB", (max(1, image.width // factor), max(1, image.height // factor)))
        return np.asarray(image.convert("RGB"))


@cache
def _table() -> NDArray[np.intp]:
    """Return the place in `WORDS` (32768,) for each color of five bits a channel."""
    levels = np.arange(32) * 255 / 31
    red, green, blue = np.meshgrid(levels, levels, levels, indexing="ij")
    return _codes(np.stack([red, green, blue], axis=-1).reshape(-1, 3))


def _codes(colors: NDArray[np.float64]) -> NDArray[np.intp]:
    """Return the place in `WORDS` (m,) for colors (m, 3), sRGB from 0 to 255.

    The first rule that fits a color counts. The bounds were set by eye, on photographs.
    """
    lightness, chroma, hue = _oklch(colors)

    def within(first: float, last: float) -> NDArray[np.bool_]:
        return (hue >= first) & (hue < last)

    ranges = [within(36, 117), within(150, 215), within(215, 270), within(270, 325)]
    neutral = chroma < np.select(ranges, [0.028, 0.03, 0.024, 0.03], 0.022)
    reddish = (hue < 14) | (hue >= 352)
    rules = [
        ("black", (lightness < 0.2) | (lightness < 0.28) & (chroma < 0.04)),
        ("black", neutral & (lightness < 0.33)),
        ("white", neutral & (lightness > 0.8) | (chroma < 0.03) & (lightness > 0.88)),
        ("gray", neutral),
        ("beige", within(36, 95) & (chroma < 0.1) & (lightness >= 0.66)),
        ("yellow", within(95, 110) & (chroma > 0.05) & (lightness > 0.9)),
        ("beige", within(95, 110) & (chroma < 0.1) & (lightness >= 0.66)),
        ("brown", within(36, 84) & (lightness < 0.62) & (chroma < 0.16)),
        ("brown", within(36, 65) & (lightness < 0.66) & (chroma < 0.16)),
        ("brown", within(36, 84) & (chroma < 0.125) & (lightness < 0.72)),
        ("brown", within(84, 95) & (chroma < 0.1) | within(84, 105) & (lightness < 0.5)),
        ("brown", within(14, 36) & (chroma < 0.1) & (lightness < 0.55)),
        ("pink", within(14, 36) & (chroma < 0.08) & (lightness >= 0.62)),
        ("pink", within(5, 36) & (lightness >= 0.72)),
        ("red", reddish & (lightness < 0.5)),
        ("purple", within(325, 350) & (lightness < 0.48)),
        ("purple", within(325, 350) & (lightness < 0.62) & (chroma < 0.075)),
        ("green", within(98, 117) & (lightness < 0.7) | within(95, 117) & (chroma < 0.1)),
        ("blue", within(280, 295) & (chroma < 0.06) & (lightness < 0.6)),
    ]
    bands = [WORDS.index(word) for word in ("pink", *_HUES.values())]
    by_hue = np.array(bands)[np.searchsorted(list(_HUES), hue, side="right")]
    names = [WORDS.index(word) for word, _ in rules]
    return np.asarray(np.select([rule for _, rule in rules], names, by_hue), np.intp)


def _oklch(colors: NDArray[np.float64]) -> tuple[NDArray[np.float64], ...]:
    """Return lightness (0 to 1), chroma (0 to about 0.32) and hue (0 to 360) of colors (m, 3).

    Source: Björn Ottosson, A perceptual color space for image processing (Oklab), 2020.
    """
    share = colors / 255
    linear = np.where(share <= 0.04045, share / 12.92, ((share + 0.055) / 1.055) ** 2.4)
    lab = np.cbrt(linear @ np.transpose(_LMS)) @ np.transpose(_LAB)  # (m, 3)
    hue = np.degrees(np.arctan2(lab[:, 2], lab[:, 1])) % 360
    return lab[:, 0], np.hypot(lab[:, 1], lab[:, 2]), hue


@lru_cache(maxsize=128)
def _weights(height: int, width: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the weights (h·w,) of the pixels by nearness to the middle, and as border.

    Both sum to 1.
    """
    down = np.abs(np.linspace(-1, 1, height) if height > 1 else np.zeros(1))[:, None]
    across = np.abs(np.linspace(-1, 1, width) if width > 1 else np.zeros(1))[None]
    middle = np.exp(-(down**2 + across**2) / _SPREAD)
    border = (np.maximum(down, across) >= _BORDER).astype(np.float64)
    if not border.any():  # a single pixel
        border = np.ones_like(middle)
    return (middle / middle.sum()).ravel(), (border / border.sum()).ravel()
