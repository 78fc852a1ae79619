"""Guess whether a picture shows a screen: a screenshot has areas of exactly one color.

The sensor of a camera is noisy, and JPEG keeps some of that: two neighboring pixels of a photo are
rarely the same. Windows, menus and text are drawn, so most neighbors are. Drawings and charts are
drawn too; what tells a screenshot from these is that it has the size of a screen.
"""

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

# Rows and columns that are looked at.
_LINES = 16
# Drawn, but not of the size of a screen: a drawing, or a part of a screenshot.
_OTHER_SIZE = 0.6
# The bytes of a pixel that are its color.
_COLOR = np.array([255, 255, 255, 0], np.uint8).view(np.uint32)
# Width and height in pixels of common screens, lying; those of phones are upright.
_SCREENS = frozenset({
    (1024, 768), (1280, 720), (1280, 800), (1280, 1024), (1360, 768), (1366, 768), (1440, 900),
    (1536, 864), (1600, 900), (1680, 1050), (1920, 1080), (1920, 1200), (2048, 1152), (2160, 1440),
    (2256, 1504), (2560, 1080), (2560, 1440), (2560, 1600), (2560, 1664), (2736, 1824),
    (2880, 1800), (2880, 1864), (3000, 2000), (3024, 1964), (3072, 1920), (3200, 1800),
    (3440, 1440), (3456, 2234), (3840, 1600), (3840, 2160), (4096, 2304), (4480, 2520),
    (5120, 1440), (5120, 2880), (6016, 3384),
    (1136, 640), (1334, 750), (1520, 720), (1560, 720), (1600, 720), (1612, 720), (1650, 720),
    (1792, 828), (2160, 1080), (2208, 1242), (2220, 1080), (2280, 1080), (2310, 1080),
    (2316, 1080), (2340, 1080), (2376, 1080), (2388, 1080), (2400, 1080), (2404, 1080),
    (2408, 1080), (2412, 1080), (2436, 1125), (2460, 1080), (2520, 1080), (2532, 1170),
    (2556, 1179), (2622, 1206), (2688, 1242), (2712, 1220), (2736, 1260), (2772, 1240),
    (2778, 1284), (2796, 1290), (2868, 1320), (2880, 1440), (2960, 1440), (2992, 1344),
    (3040, 1440), (3088, 1440), (3120, 1440), (3200, 1440), (3840, 1644),
    (1920, 1080), (2000, 1200), (2048, 1536), (2160, 1620), (2224, 1668), (2266, 1488),
    (2360, 1640), (2388, 1668), (2420, 1668), (2732, 2048), (2752, 2064), (2800, 1752),
})  # fmt: skip


def screen_likeness(pixels: NDArray[np.uint8], size: tuple[int, int]) -> float:
    """Return how likely a picture is a screenshot, 0 to 100.

    Args:
        pixels: of the decoded picture, (h, w, 4), see `imgrec.pictures.pixel_memory`; possibly
            reduced.
        size: width and height of the original in pixels.
    """
    lying = max(size), min(size)
    return 100 * _same_neighbors(pixels) * (1 if lying in _SCREENS else _OTHER_SIZE)


def _same_neighbors(pixels: NDArray[np.uint8]) -> float:
    """Return the share of pixels that equal the next one, along some rows and columns, 0 to 1."""
    height, width, _ = pixels.shape
    if min(width, height) < 2:
        return 0.0
    colors = pixels.view(np.uint32)[..., 0]  # (h, w)
    rows, columns = colors[_places(height)], colors[:, _places(width)].T
    # What is drawn has edges both ways; the sky is the same along rows alone.
    return min(_same(rows), _same(columns))


@lru_cache(maxsize=256)
def _places(length: int) -> NDArray[np.intp]:
    """Return the rows or columns that are looked at, evenly spread."""
    lines = min(_LINES, length)
    step = length / lines
    # Summed up in order, as Pillow does to resize by the nearest neighbor.
    return np.cumsum([step / 2, *[step] * (lines - 1)]).astype(np.intp)


def _same(lines: NDArray[np.uint32]) -> float:
    """Return the share of equal neighbors along lines of pixels (m, length)."""
    apart = (lines[:, 1:] ^ lines[:, :-1]) & _COLOR
    return (apart.size - np.count_nonzero(apart)) / apart.size
