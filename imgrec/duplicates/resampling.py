"""A large picture at the size of a small one, by the filter that the small one was made with.

Programs resize with different filters: box, bilinear, bicubic, Lanczos, some sharpen afterwards.
Between pictures of one scene at two sizes that is most of the difference, and a changed digit is
less. So the filter is found: a combination of Pillow's filters and a kernel of 5 x 5 pixels, by
least squares over pixels from the whole picture, in which a local change has no weight.

Invariant: each term is zero on even ground, and displacement and the change of contours are
bounded. So a fit hides neither another brightness or color nor a shift, and what differs in one
place only stays.
"""

from itertools import product

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy import ndimage

from imgrec.duplicates.file_picture import pixels_at
from imgrec.duplicates.windows import Pixels
from imgrec.pictures.decoding import Picture

_Values = NDArray[np.float32]

_FILTERS = (Image.Resampling.BOX, Image.Resampling.BILINEAR, Image.Resampling.LANCZOS)
# ITU-R BT.601.
_LUMINANCE = np.array([0.299, 0.587, 0.114], np.float32)
# Pixels that are drawn, and the share of them with the strongest contours, which are fitted.
_DRAWN, _CONTOURS = 50_000, 0.4
# Fits, and multiples of the median error, as a share of the contour, above which a pixel is left
# out of the next one: it may belong to a change. Levels that are added to the contour.
_ROUNDS, _OUTLIER, _GROUND = 3, 5.0, 4.0
_RIDGE = 1e-4
# Pixels of displacement, and change of contours as a share of them, that a filter may explain.
_MOST_SHIFT, _MOST_CHANGE = 0.25, 0.6


def _kernels() -> list[_Values]:
    """Return the terms (5, 5) of a kernel: pixels mirrored at the middle, and two shifts."""
    found = []
    for i, j in product(range(3), repeat=2):
        if i or j:
            ring = np.zeros((5, 5), np.float32)
            ring[np.ix_([2 - i, 2 + i], [2 - j, 2 + j])] = 1
            ring /= ring.sum()
            ring[2, 2] = -1
            found.append(ring)
    shift = np.zeros((5, 5), np.float32)
    shift[2, 1], shift[2, 3] = -0.5, 0.5
    return [*found, shift, shift.T.copy()]


_KERNELS = _kernels()
_SHIFTS = 2


def resampled(large: Picture, base: Pixels, small: Pixels) -> Pixels:
    """Return a picture at the size of another by the filter that explains the other best.

    Args:
        large: decoded, at least as large as `small`.
        base: the same at the size of `small`, by the bicubic filter.
        small: (h, w, 3), RGB, of the same ratio of sides, sides at least 5.

    Returns:
        Like `small`; `base` where no filter explains it within bounds.
    """
    size = small.shape[1], small.shape[0]
    others = [pixels_at(large, size, each) for each in _FILTERS]
    terms, wanted, contour = _sampled(base, others, small)
    weights = _weights(terms, wanted)
    change = np.sqrt(np.mean((terms @ weights) ** 2)) / np.sqrt(np.mean(contour**2) + 1)
    if np.abs(weights[-_SHIFTS:]).max() > _MOST_SHIFT or change > _MOST_CHANGE:
        return base
    return _combined(base, others, weights)


def _sampled(base: Pixels, others: list[Pixels], small: Pixels) -> tuple[_Values, _Values, _Values]:
    """Return the terms (n, t) of pixels on contours, what they should give, and the contours."""
    rng = np.random.default_rng(0)
    height, width = base.shape[:2]
    count = min(_DRAWN, height * width)
    rows, columns = (rng.integers(2, side - 2, count) for side in (height, width))

    def light(pixels: Pixels, i: int = 0, j: int = 0) -> _Values:
        return np.asarray(pixels[rows + i, columns + j] @ _LUMINANCE, np.float32)

    middle = light(base)
    around = np.stack([light(base, i - 2, j - 2) for i, j in np.ndindex(5, 5)], 1)
    kernels = np.stack([kernel.ravel() for kernel in _KERNELS], 1)
    terms = np.hstack([np.stack([light(each) - middle for each in others], 1), around @ kernels])
    energy = (terms**2).sum(1)
    kept = energy >= np.quantile(energy, 1 - _CONTOURS)
    return terms[kept], (light(small) - middle)[kept], (middle - around.mean(1))[kept]


def _weights(terms: _Values, wanted: _Values) -> _Values:
    """Return the weights (t,) of the terms, by least squares without outliers."""
    strength = np.sqrt((terms**2).sum(1)) + _GROUND
    kept = np.ones(len(wanted), bool)
    weights = np.zeros(terms.shape[1], np.float32)
    for _ in range(_ROUNDS):
        square = terms[kept].T @ terms[kept]
        square += np.eye(len(square), dtype=np.float32) * (np.trace(square) * _RIDGE + 1)
        weights = np.linalg.solve(square, terms[kept].T @ wanted[kept])
        error = np.abs(wanted - terms @ weights) / strength
        kept = error <= _OUTLIER * np.median(error) + 1e-3
    return np.asarray(weights, np.float32)


def _combined(base: Pixels, others: list[Pixels], weights: _Values) -> Pixels:
    """Return the sum of the terms, each with its weight, for each channel."""
    kernel = sum((w * k for w, k in zip(weights[len(others) :], _KERNELS, strict=True)))
    kernel = np.asarray(kernel, np.float32)
    kernel[2, 2] += 1 - weights[: len(others)].sum()
    found = np.empty_like(base)
    for channel in range(base.shape[2]):
        plane = ndimage.correlate(base[..., channel].astype(np.float32), kernel, mode="nearest")
        for weight, other in zip(weights, others, strict=False):
            plane += weight * other[..., channel]
        found[..., channel] = np.clip(plane + 0.5, 0, 255)
    return found
