"""The block map of two registered frames: which blocks of one are explained by the other.

Both frames show the same part of two pictures at the same size. The first is brought to the
brightness of the second by a tone curve: for each level of the first the median of the second,
which follows gain, offset, gamma and clipping, and which a stamp does not move. Each block of 8 x 8
pixels then gets an explained share, 1 - mean squared difference / (variance of both + noise), with
the best of nine shifts by a pixel, which absorbs what registration and resampling leave over.

Blocks that are flat in both frames say nothing about two pictures being related, so structured
blocks alone are counted, of each picture by itself: a watermark adds structure to one of the two,
and the structure of the other is still explained.
"""

from dataclasses import dataclass

import numpy as np
from numba import types
from numpy.typing import NDArray

from imgrec.duplicates.placement import Plane
from imgrec.system.compiling import compiled

BLOCK_PX = 8
# Pixels along the edges of a frame that are left out: a registration ends within a pixel.
MARGIN_PX = 2
# Variance of compression noise, both pictures together.
_NOISE = 8.0
# Variance from which a block is structured, without that of a linear gradient: vignettes and
# shadows of unrelated pictures explain each other.
_STRUCTURED = 40.0
# Explained share from which a block is explained, and from which it is the same.
_EXPLAINED, _THE_SAME = 0.6, 0.9
_LEVELS, _BINS = 256, 32
_MIDDLE = (BLOCK_PX - 1) / 2
# Share of pixels that a bin of the tone curve needs.
_BIN_SHARE = 0.002

_PLANE = types.Array(types.float32, 2, "C")
_MAP = types.Array(types.float64, 3, "C")
_CURVE = types.Array(types.float64, 1, "C")
_VALUES = types.Array(types.float64, 1, "A")
Map = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class BlockMap:
    """What of two frames is explained, block by block.

    Attributes:
        explained: share of each block, at most 1, (r, c).
        error: mean squared difference of each block, (r, c), levels².
        structured: whether each block is structured in the first frame, and in the second
            (2, r, c).
        shaded: the same, where a gradient counts as structure.
    """

    explained: NDArray[np.float64]
    error: NDArray[np.float64]
    structured: NDArray[np.bool_]
    shaded: NDArray[np.bool_]

    def share(self, of: NDArray[np.bool_]) -> float:
        """Return the share of these blocks that is explained, 0 if there are none."""
        return float((self.explained[of] > _EXPLAINED).mean()) if of.any() else 0.0

    def same_share(self, of: NDArray[np.bool_]) -> float:
        """Return the share of these blocks that is the same, 0 if there are none."""
        return float((self.explained[of] > _THE_SAME).mean()) if of.any() else 0.0


@compiled(_PLANE, _PLANE, _CURVE)
def fill_tone_curve(a: Plane, b: Plane, curve: Map) -> None:
    """Fill the curve (256,) of levels of B for levels of A: medians, ascending."""
    counts = np.zeros((_BINS, _LEVELS), np.int64)
    means, sizes = np.zeros(_BINS), np.zeros(_BINS, np.int64)
    for i in range(a.shape[0]):
        for j in range(a.shape[1]):
            k = min(max(int(a[i, j] * _BINS / _LEVELS), 0), _BINS - 1)
            counts[k, min(max(int(b[i, j] + 0.5), 0), _LEVELS - 1)] += 1
            means[k] += a[i, j]
            sizes[k] += 1
    levels, medians, found, highest = np.empty(_BINS), np.empty(_BINS), 0, 0.0
    for k in range(_BINS):
        if sizes[k] == 0 or sizes[k] < _BIN_SHARE * a.size:
            continue
        seen, level = 0, 0
        while 2 * (seen + counts[k, level]) < sizes[k]:
            seen += counts[k, level]
            level += 1
        # Within the level of the median.
        inner = level - 0.5 + (0.5 * sizes[k] - seen) / counts[k, level]
        highest = max(highest, inner)
        levels[found], medians[found] = means[k] / sizes[k], highest
        found += 1
    rise = (medians[found - 1] - medians[0]) / max(levels[found - 1] - levels[0], 1.0)
    slope = min(max(rise, 0.3), 3.0) if found > 1 else 1.0
    for level in range(_LEVELS):
        k = 0
        while k < found and levels[k] < level:
            k += 1
        if k == 0:
            curve[level] = max(medians[0] + slope * (level - levels[0]), 0.0)
        elif k == found:
            end = medians[found - 1] + slope * (level - levels[found - 1])
            curve[level] = min(end, _LEVELS - 1.0)
        else:
            part = (level - levels[k - 1]) / max(levels[k] - levels[k - 1], 1e-9)
            curve[level] = medians[k - 1] + part * (medians[k] - medians[k - 1])


@compiled(_PLANE, types.int64, types.int64, _VALUES, _VALUES)
def _fill_variances(plane: Plane, top: int, left: int, whole: Map, detail: Map) -> None:
    """Fill the variance (1,) of a block, and what is left of it without a linear gradient (1,)."""
    sums = np.zeros(4)
    for i in range(BLOCK_PX):
        for j in range(BLOCK_PX):
            value = np.float64(plane[top + i, left + j])
            sums[0] += value
            sums[1] += value * value
            sums[2] += value * (i - _MIDDLE)
            sums[3] += value * (j - _MIDDLE)
    sums /= BLOCK_PX * BLOCK_PX
    whole[0] = max(sums[1] - sums[0] * sums[0], 0.0)
    # The variance of evenly spaced positions is (n² - 1) / 12.
    gradient = (sums[2] * sums[2] + sums[3] * sums[3]) * 12 / (BLOCK_PX * BLOCK_PX - 1)
    detail[0] = max(whole[0] - gradient, 0.0)


@compiled(_PLANE, _PLANE, _CURVE, _MAP)
def _fill_map(a: Plane, b: Plane, curve: Map, out: Map) -> None:
    """Fill the map (5, r, c) of two frames.

    Its planes are the mean squared difference, the variance of A after the curve and of B, and
    both variances without a linear gradient.
    """
    tones = np.empty(a.shape, np.float32)
    for i in range(a.shape[0]):
        for j in range(a.shape[1]):
            value = min(max(a[i, j], np.float32(0.0)), np.float32(_LEVELS - 1))
            low = min(int(value), _LEVELS - 2)
            tones[i, j] = curve[low] + (curve[low + 1] - curve[low]) * (value - low)
    for row in range(out.shape[1]):
        for column in range(out.shape[2]):
            top, left = MARGIN_PX + row * BLOCK_PX, MARGIN_PX + column * BLOCK_PX
            best = np.float32(1e12)
            for down in range(-1, 2):
                for right in range(-1, 2):
                    total = np.float32(0.0)
                    for i in range(BLOCK_PX):
                        for j in range(BLOCK_PX):
                            error = tones[top + i + down, left + j + right] - b[top + i, left + j]
                            total += error * error
                    best = min(best, total)
            out[0, row, column] = best / (BLOCK_PX * BLOCK_PX)
            _fill_variances(tones, top, left, out[1:2, row, column], out[3:4, row, column])
            _fill_variances(b, top, left, out[2:3, row, column], out[4:5, row, column])


def block_map(a: Plane, b: Plane) -> BlockMap | None:
    """Return the block map of two frames (h, w), None if they are smaller than a block."""
    rows, columns = ((side - 2 * MARGIN_PX) // BLOCK_PX for side in a.shape)
    if min(rows, columns) < 1:
        return None
    curve, out = np.empty(_LEVELS), np.empty((5, rows, columns))
    fill_tone_curve(a, b, curve)
    _fill_map(a, b, curve, out)
    explained = 1 - out[0] / (out[1] + out[2] + _NOISE)
    return BlockMap(explained, out[0], out[3:] > _STRUCTURED, out[1:3] > _STRUCTURED)
