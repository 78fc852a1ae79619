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

from imgrec.distances.kernels import compiled
from imgrec.duplicates.placement import Plane

BLOCK_PX = 8
# Pixels along the edges of a frame that are left out: a registration ends within a pixel.
MARGIN_PX = 2
# Variance of compression noise, both pictures together.
_NOISE = 8.0
# Variance from which a block is structured.
_STRUCTURED = 40.0
# The same for planes of thumbnails, with the share of the strongest block.
_FAINT, _FAINT_SHARE = 6.0, 0.1
# Explained share from which a block is explained.
_EXPLAINED = 0.6
_LEVELS, _BINS = 256, 32
# Share of pixels that a bin of the tone curve needs.
_BIN_SHARE = 0.002

_PLANE = types.Array(types.float32, 2, "C")
_MAP = types.Array(types.float64, 3, "C")
_CURVE = types.Array(types.float64, 1, "C")
Map = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class BlockMap:
    """What of two frames is explained, block by block.

    Attributes:
        explained: share of each block, at most 1, (r, c).
        error: mean squared difference of each block, (r, c), levels².
        structured: whether each block is structured in the first frame, and in the second
            (2, r, c).
    """

    explained: NDArray[np.float64]
    error: NDArray[np.float64]
    structured: NDArray[np.bool_]

    def share(self, of: NDArray[np.bool_]) -> float:
        """Return the share of these blocks that is explained, 0 if there are none."""
        return float((self.explained[of] > _EXPLAINED).mean()) if of.any() else 0.0


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


@compiled(_PLANE, _PLANE, _CURVE, _MAP)
def _fill_map(a: Plane, b: Plane, curve: Map, out: Map) -> None:
    """Fill the map (3, r, c): mean squared difference, variance of A after the curve, of B."""
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
            sums = np.zeros(4)
            for i in range(top, top + BLOCK_PX):
                for j in range(left, left + BLOCK_PX):
                    sums[0] += tones[i, j]
                    sums[1] += tones[i, j] * tones[i, j]
                    sums[2] += b[i, j]
                    sums[3] += b[i, j] * b[i, j]
            sums /= BLOCK_PX * BLOCK_PX
            out[0, row, column] = best / (BLOCK_PX * BLOCK_PX)
            out[1, row, column] = max(sums[1] - sums[0] * sums[0], 0.0)
            out[2, row, column] = max(sums[3] - sums[2] * sums[2], 0.0)


@compiled(_PLANE, _PLANE, returns=types.float64)
def explained_share(a: Plane, b: Plane) -> float:
    """Return the share of structured blocks that is explained, of the picture with the higher one.

    Args:
        a: frame of the first picture (h, w).
        b: frame of the second.
    """
    rows = (a.shape[0] - 2 * MARGIN_PX) // BLOCK_PX
    columns = (a.shape[1] - 2 * MARGIN_PX) // BLOCK_PX
    if rows < 1 or columns < 1:
        return 0.0
    curve, out = np.empty(_LEVELS), np.empty((3, rows, columns))
    fill_tone_curve(a, b, curve)
    _fill_map(a, b, curve, out)
    highest = 0.0
    for side in range(1, 3):
        # Thin lines of a small drawing are faint: structure is relative to the strongest.
        least = min(_STRUCTURED, max(_FAINT, _FAINT_SHARE * out[side].max()))
        structured, explained = 0, 0
        for i in range(rows):
            for j in range(columns):
                if out[side, i, j] > least:
                    structured += 1
                    share = 1 - out[0, i, j] / (out[1, i, j] + out[2, i, j] + _NOISE)
                    explained += share > _EXPLAINED
        if structured > 2:
            highest = max(highest, explained / structured)
    return highest


def block_map(a: Plane, b: Plane) -> BlockMap | None:
    """Return the block map of two frames (h, w), None if they are smaller than a block."""
    rows, columns = ((side - 2 * MARGIN_PX) // BLOCK_PX for side in a.shape)
    if min(rows, columns) < 1:
        return None
    curve, out = np.empty(_LEVELS), np.empty((3, rows, columns))
    fill_tone_curve(a, b, curve)
    _fill_map(a, b, curve, out)
    explained = 1 - out[0] / (out[1] + out[2] + _NOISE)
    return BlockMap(explained, out[0], out[1:] > _STRUCTURED)
