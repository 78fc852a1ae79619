"""Window statistics: how far two pictures of one size differ, at the place where they differ most.

A mean over a picture hides a changed digit, so the worst window counts. In each window of 9 x 9
pixels of the luminance (lightly smoothed) the mean squared difference is divided by the largest
variance nearby: compression damages what lies beside strong contours, and only there. The result
`t` is 0 for equal pixels and about 1 where the content is another.

The picture is processed in bands of rows, so memory does not grow with its height.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

Pixels = NDArray[np.uint8]
Plane = NDArray[np.float32]

# Side of a window, and of the area in which the largest variance is taken, in pixels.
_WINDOW, _NEAR = 9, 17
_BLUR = 0.7
# Variance of compression noise on even ground, with a margin.
_NOISE = 60.0
# Variance from which a window counts as structured.
_STRUCTURED = 200.0
# Windows of colors are wider: chroma is stored at half resolution.
_COLOR_WINDOW = 17
# Pixels in a band, and rows that neighboring bands share.
_BAND_PIXELS, _MARGIN = 1 << 20, 20
# ITU-R BT.601, as in JPEG.
_LUMA = np.array([0.299, 0.587, 0.114], np.float32)


@dataclass(frozen=True)
class WindowStatistics:
    """How far two pictures of one size differ.

    Attributes:
        worst: the largest share of a window's structure that differs; 0 for equal pixels.
        usual: its 95th percentile over structured windows, 0 without any.
        structured: share of windows that are structured.
        color: the largest difference of mean chroma in a window, in levels of 255.
        chroma: difference of the mean saturation of the whole pictures, in levels of 255.
    """

    worst: float
    usual: float
    structured: float
    color: float
    chroma: float


def window_statistics(a: Pixels, b: Pixels) -> WindowStatistics:
    """Return how far two pictures differ.

    Args:
        a: (h, w, 3), RGB.
        b: of the same shape.
    """
    worst, color, structured, saturation = 0.0, 0.0, 0, np.zeros(2)
    shares: list[Plane] = []
    for rows, inner in _bands(a.shape):
        planes = [_planes(pixels[rows]) for pixels in (a, b)]
        t, variance = _shares(planes[0][0], planes[1][0])
        t, variance = t[inner], variance[inner]
        worst = max(worst, float(t.max()))
        is_structured = variance > _STRUCTURED
        structured += int(is_structured.sum())
        shares.append(t[is_structured])
        difference = np.zeros(t.shape, np.float32)
        for k in (1, 2):
            change = ndimage.uniform_filter(planes[0][k] - planes[1][k], _COLOR_WINDOW)[inner]
            difference += change * change
        color = max(color, float(np.sqrt(difference.max())))
        for k, (_, cb, cr) in enumerate(planes):
            saturation[k] += float(np.hypot(cb[inner], cr[inner]).sum())
    usual = np.concatenate(shares)
    count = a.shape[0] * a.shape[1]
    return WindowStatistics(
        worst,
        float(np.percentile(usual, 95)) if len(usual) else 0.0,
        structured / count,
        color,
        float(abs(saturation[0] - saturation[1]) / count),
    )


def _bands(shape: tuple[int, ...]) -> Iterator[tuple[slice, slice]]:
    """Yield slices of rows with a margin, and the slice of each that is no margin."""
    height, width = shape[:2]
    step = max(4 * _MARGIN, _BAND_PIXELS // width)
    for start in range(0, height, step):
        first, end = max(0, start - _MARGIN), min(height, start + step)
        yield slice(first, min(height, end + _MARGIN)), slice(start - first, end - first)


def _planes(pixels: Pixels) -> tuple[Plane, Plane, Plane]:
    """Return luminance, Cb and Cr (h, w), the latter two around 0."""
    colors = pixels.astype(np.float32)
    y = colors @ _LUMA
    return y, (colors[..., 2] - y) * np.float32(0.564), (colors[..., 0] - y) * np.float32(0.713)


def _shares(a: Plane, b: Plane) -> tuple[Plane, Plane]:
    """Return the share that differs of each window, and the variance of each (h, w)."""
    a, b = (ndimage.gaussian_filter(plane, _BLUR) for plane in (a, b))
    variance = np.maximum(_variance(a), _variance(b))
    near = ndimage.maximum_filter(variance, _NEAR)
    least = np.full(a.shape, np.inf, np.float32)
    for down in (-1, 0, 1):
        for right in (-1, 0, 1):
            moved = ndimage.shift(b, (down, right), order=0, mode="nearest") if down or right else b
            np.minimum(least, ndimage.uniform_filter((a - moved) ** 2, _WINDOW), out=least)
    return np.asarray(least / (near + np.float32(_NOISE))), variance


def _variance(plane: Plane) -> Plane:
    mean = ndimage.uniform_filter(plane, _WINDOW)
    square = ndimage.uniform_filter(plane * plane, _WINDOW)
    return np.asarray(np.maximum(square - mean * mean, 0))
