"""The dominant color word of a picture, such as "red", computed from its thumbnail.

The word should be what a person would say of the object shown. So pixels near the center weigh more
than those near the border, a color that fills the border (a background) loses most of its weight,
and neutral colors weigh less than chromatic ones: a red dress on white is "red". A color that
covers nearly the whole picture still wins. Each pixel gets a word by thresholds on lightness,
chroma and hue in Oklab, which were set by eye on photographs.
"""

from functools import cache, lru_cache

import numpy as np
from numpy.typing import NDArray

from imgrec.pictures.thumbnail_file import open_thumbnail

# Raised whenever some thumbnail may get another word: labels are then computed again.
VERSION = 1
WORDS = (
    *("black", "white", "gray", "beige", "brown", "red", "orange"),
    *("yellow", "green", "turquoise", "blue", "purple", "pink"),
)
_SIDE_PX = 32
# Width of the Gaussian center weight: it falls to e⁻² at the middle of an edge.
_SPREAD = 0.5
# Pixels farther from the center than this share of half a side are border.
_BORDER = 0.87
# Share of its weight that a color loses if it fills the border.
_BACKGROUND = 0.8
# Weight of each word, in the order of `WORDS`.
_SALIENCE = np.array([0.75, 0.6, 0.55, 0.75, 0.85, *[1.0] * 8])
# Where each hue begins, in degrees of Oklab.
_HUES = {
    **{14: "red", 36: "orange", 80: "yellow", 117: "green"},
    **{165: "turquoise", 215: "blue", 280: "purple", 325: "pink"},
}
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
    """Return the color word for RGB pixels (h, w, 3), uint8; about 32 pixels a side suffice."""
    # Five bits a channel.
    reduced = (pixels >> 3).astype(np.intp)
    codes = _table()[reduced[..., 0] << 10 | reduced[..., 1] << 5 | reduced[..., 2]].ravel()
    middle, border = _weights(*pixels.shape[:2])
    shares = np.bincount(codes, middle, len(WORDS))
    around = np.bincount(codes, border, len(WORDS))
    weighed = shares * _SALIENCE * (1 - _BACKGROUND * around)
    # Rounded, so that a tie is a tie in whatever order the weights were summed: the first wins.
    return WORDS[int(weighed.round(9).argmax())]


def color_of(jpeg: bytes) -> str:
    """Return the color word of a thumbnail.

    Raises:
        OSError, SyntaxError, ValueError, DecompressionBombError: it is not a valid JPEG.
    """
    return dominant_color(_small(jpeg))


def _small(jpeg: bytes) -> NDArray[np.uint8]:
    """Return RGB pixels (h, w, 3) of a JPEG, reduced by the decoder to about 32 pixels a side."""
    with open_thumbnail(jpeg) as image:
        factor = max(1, max(image.size) // _SIDE_PX)
        image.draft("RGB", (max(1, image.width // factor), max(1, image.height // factor)))
        return np.asarray(image.convert("RGB"))


@cache
def _table() -> NDArray[np.intp]:
    """Return the index into `WORDS`, (32768,), of every color of five bits a channel."""
    levels = np.arange(32) * 255 / 31
    red, green, blue = np.meshgrid(levels, levels, levels, indexing="ij")
    return _codes(np.stack([red, green, blue], axis=-1).reshape(-1, 3))


def _codes(colors: NDArray[np.float64]) -> NDArray[np.intp]:
    """Return the index into `WORDS`, (m,), of sRGB colors (m, 3) from 0 to 255.

    The first rule that matches a color applies.
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
    """Return two weights (h·w,) of each pixel, each summing to 1: as center, and as border."""
    down = np.abs(np.linspace(-1, 1, height) if height > 1 else np.zeros(1))[:, None]
    across = np.abs(np.linspace(-1, 1, width) if width > 1 else np.zeros(1))[None]
    middle = np.exp(-(down**2 + across**2) / _SPREAD)
    border = (np.maximum(down, across) >= _BORDER).astype(np.float64)
    # A single pixel is its own border.
    if not border.any():
        border = np.ones_like(middle)
    return (middle / middle.sum()).ravel(), (border / border.sum()).ravel()
