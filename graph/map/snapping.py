"""Give each picture a cell of its own, near its position in a layout.

A layout puts thousands of pictures on less room than their thumbnails take. So pictures take the
nearest free cell of a grid, one after the other, from where the layout is densest outwards: those
of a dense place fill it from its middle, and the ones around it move outwards in their direction.
Neighbors stay neighbors, and groups keep their outline. (By any other order, such as the priority
of pictures, the last ones of a dense place would land at its rim, far from their neighbors.)

The nearest free cell is found in a quadtree of the numbers of free cells, whose full branches are
passed over; distances are integers, so that the same layout gives the same cells on every machine.
"""

import numpy as np
from numba import types
from numpy.typing import NDArray

from imgrec.maps.pyramid import Cells, Rows, side_of
from imgrec.system.compiling import compiled

# Parts of a cell in which positions are counted.
_PARTS = 256
# Cells of a side of a bin in which the density is counted, and how wide it is smoothed, in bins.
_BIN = 2
_WIDTHS = (1, 2, 4, 8, 16, 32)
_MOST = np.int64(2**62)

_PLACES = types.Array(types.int64, 2, "C", readonly=True)
_STARTS = types.Array(types.int64, 1, "C", readonly=True)
_FREE = types.Array(types.int64, 1, "C")
_CELLS = types.Array(types.int64, 2, "C")


def snapped(positions: NDArray[np.floating], depth: int) -> Cells:
    """Return a cell (n, 2) for each position, no two alike, x to the right and y down.

    Args:
        positions: (n, 2) within -1 and 1, y up.
        depth: level whose cells they get; it has at least n.
    """
    side = side_of(depth)
    flipped = np.asarray(positions, np.float64) * (1, -1)
    places = np.floor((flipped + 1) / 2 * side * _PARTS).astype(np.int64)
    np.clip(places, 0, side * _PARTS - 1, out=places)
    order = _from_dense_to_sparse(places, side)
    counts = [4**level for level in range(side.bit_length())]
    starts = np.cumsum([0, *counts[:-1]])
    free = np.concatenate([np.full(count, 4 ** (len(counts) - 1) // count) for count in counts])
    found = np.zeros((len(places), 2), np.int64)
    _take_nearest(np.ascontiguousarray(places[order]), starts, free, found)
    cells = np.empty((len(places), 2), np.uint16)
    cells[order] = found
    return cells


def _from_dense_to_sparse(places: NDArray[np.int64], side: int) -> Rows:
    """Return the order of places (n, 2), in parts of a cell, by falling density around them.

    The density is a sum of those of several widths: the wide ones tell where the middle of a crowd
    is, in which narrow ones are all alike.
    """
    bins = side // _BIN
    x, y = places.T // (_PARTS * _BIN)
    counts = np.bincount(y * bins + x, minlength=bins**2).reshape(bins, bins)
    density = np.zeros((bins, bins))
    for width in _WIDTHS:
        if width < bins:
            density += _smoothed(counts, width)
    return np.argsort(-_between(density, places / (_PARTS * _BIN)), kind="stable")


def _smoothed(counts: NDArray[np.int64], width: int) -> NDArray[np.float64]:
    """Return the mean (b, b) of the bins within some distance of each, twice over.

    Args:
        counts: (b, b).
        width: the distance, a power of two.
    """
    sums = counts
    for _ in range(2):
        for _ in range(2):
            # Of each bin and those before and behind it in its column; then in its row.
            padded = np.pad(sums, ((width + 1, width), (0, 0))).cumsum(axis=0)
            sums = (padded[2 * width + 1 :] - padded[: -2 * width - 1]).T
    return sums / float(4 * width**2) ** 2


def _between(values: NDArray[np.float64], places: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return values (b, b), at the middles of bins, at places (n, 2) between them (bilinear)."""
    x, y = np.clip(places - 0.5, 0, len(values) - 1).T
    left, top = x.astype(np.int64), y.astype(np.int64)
    right, below = (np.minimum(one + 1, len(values) - 1) for one in (left, top))
    upper = values[top, left] + (x - left) * (values[top, right] - values[top, left])
    lower = values[below, left] + (x - left) * (values[below, right] - values[below, left])
    return np.asarray(upper + (y - top) * (lower - upper), np.float64)


@compiled(_PLACES, _STARTS, _FREE, _CELLS)
def _take_nearest(
    places: NDArray[np.int64],
    starts: NDArray[np.int64],
    free: NDArray[np.int64],
    found: NDArray[np.int64],
) -> None:
    """Give each place the nearest free cell, in order.

    Args:
        places: (n, 2) x and y in parts of a cell.
        starts: where each level of the quadtree starts in `free`; a level is row after row.
        free: numbers of free cells below each node; changed in place.
        found: (n, 2) cells; filled.
    """
    deepest = starts.shape[0] - 1
    stack = np.zeros((4 * starts.shape[0] + 4, 4), np.int64)
    near = np.zeros((4, 3), np.int64)
    for i in range(places.shape[0]):
        px, py = places[i, 0], places[i, 1]
        best, best_x, best_y = _MOST, np.int64(0), np.int64(0)
        top = 1
        stack[0, 0] = stack[0, 1] = stack[0, 2] = stack[0, 3] = 0
        while top:
            top -= 1
            level, x, y, distance = stack[top, 0], stack[top, 1], stack[top, 2], stack[top, 3]
            if distance >= best:
                continue
            if level == deepest:
                best, best_x, best_y = distance, x, y
                continue
            size = np.int64(_PARTS) << (deepest - level - 1)
            count = 0
            for child in range(4):
                cx, cy = 2 * x + child % 2, 2 * y + child // 2
                if free[starts[level + 1] + (cy << (level + 1)) + cx] == 0:
                    continue
                # From the place to the nearest center of a cell of the child.
                low_x, low_y = cx * size + _PARTS // 2, cy * size + _PARTS // 2
                dx = max(low_x - px, px - (low_x + size - _PARTS), 0)
                dy = max(low_y - py, py - (low_y + size - _PARTS), 0)
                away = dx * dx + dy * dy
                # Insertion: the farthest first, so that the nearest is on top of the stack.
                at = count
                while at > 0 and near[at - 1, 0] < away:
                    near[at] = near[at - 1]
                    at -= 1
                near[at, 0], near[at, 1], near[at, 2] = away, cx, cy
                count += 1
            for child in range(count):
                if near[child, 0] < best:
                    stack[top, 0], stack[top, 1] = level + 1, near[child, 1]
                    stack[top, 2], stack[top, 3] = near[child, 2], near[child, 0]
                    top += 1
        found[i, 0], found[i, 1] = best_x, best_y
        for level in range(starts.shape[0]):
            up = deepest - level
            free[starts[level] + ((best_y >> up) << level) + (best_x >> up)] -= 1
