"""Coarse registration: find how one picture lies in another, by exhaustive template matching.

Cropping puts one picture inside the other, and so does a border. One of the two planes is therefore
reduced to every size from `_LEAST` of the other upwards, and compared at every position where it
lies inside, in all eight orientations. Planes are about 32 pixels long, so this costs milliseconds;
it needs no feature detector and is not misled by local changes such as a stamp. The score is the
normalized cross-correlation, which ignores gain and offset of the brightness.

Everything is in one file on purpose: numba caches machine code until the file of the called
function changes. Planes are float32 (h, w), their pixels square. A map from pixels of B to
pixels of A is `a = scale * b + shift`, per axis, in pixel edges: the first pixel is from 0 to 1.

Source: fast normalized cross-correlation, Lewis 1995.
"""

import numpy as np
from numba import types
from numpy.typing import NDArray

from imgrec.system.compiling import compiled

# Columns of a table of places: the score, then the map from B to A turned.
SCORE, TURN, SCALE, RIGHT, DOWN, SCALE_DOWN = range(6)
PLACE = 6
# Shortest side of the inner picture, as a share of the outer: 20 % cut off at both ends.
_LEAST = 0.57
# Places kept for each orientation: inner and outer exchanged, times ranges of size.
_RANGES = 3
PLACES_PER_TURN = 2 * _RANGES
# Variance below which a window is flat and has no correlation.
_FLAT = 0.3
_TURNS = 8

Plane = NDArray[np.float32]
Places = NDArray[np.float64]

_PLANE = types.Array(types.float32, 2, "C")
_SUMS = types.Array(types.float64, 2, "C")
_PLACES = types.Array(types.float64, 2, "C")
_COUNT, _NUMBER = types.int64, types.float64


@compiled(_PLANE, _PLANE)
def shrink(plane: Plane, out: Plane) -> None:
    """Fill `out` with the plane at a size that is not larger, by averaging areas."""
    rows = np.zeros((out.shape[0], plane.shape[1]), np.float32)
    step = plane.shape[0] / out.shape[0]
    for i in range(out.shape[0]):
        low, high = i * step, (i + 1) * step
        for y in range(int(low), min(int(np.ceil(high)), plane.shape[0])):
            weight = np.float32((min(high, y + 1.0) - max(low, float(y))) / step)
            for x in range(plane.shape[1]):
                rows[i, x] += weight * plane[y, x]
    step = plane.shape[1] / out.shape[1]
    out[:] = 0.0
    for j in range(out.shape[1]):
        low, high = j * step, (j + 1) * step
        for x in range(int(low), min(int(np.ceil(high)), plane.shape[1])):
            weight = np.float32((min(high, x + 1.0) - max(low, float(x))) / step)
            for i in range(out.shape[0]):
                out[i, j] += weight * rows[i, x]


@compiled(_PLANE, _COUNT, returns=_PLANE)
def turned(plane: Plane, turn: int) -> Plane:
    """Return a plane mirrored left to right if `turn` > 3, then turned `turn % 4` quarters."""
    height, width = plane.shape
    across = turn % 2 == 1
    out = np.empty((width, height) if across else (height, width), np.float32)
    for i in range(out.shape[0]):
        for j in range(out.shape[1]):
            quarters = turn % 4
            if quarters == 0:
                y, x = i, j
            elif quarters == 1:
                y, x = j, width - 1 - i
            elif quarters == 2:
                y, x = height - 1 - i, width - 1 - j
            else:
                y, x = height - 1 - j, i
            out[i, j] = plane[y, width - 1 - x if turn > 3 else x]
    return out


@compiled(_PLANE, _SUMS, _SUMS)
def _fill_integrals(plane: Plane, sums: Places, squares: Places) -> None:
    """Fill the integral images (h + 1, w + 1) of a plane and of its square."""
    sums[0, :] = 0.0
    squares[0, :] = 0.0
    for i in range(plane.shape[0]):
        row, square = 0.0, 0.0
        sums[i + 1, 0] = 0.0
        squares[i + 1, 0] = 0.0
        for j in range(plane.shape[1]):
            row += plane[i, j]
            square += plane[i, j] * plane[i, j]
            sums[i + 1, j + 1] = sums[i, j + 1] + row
            squares[i + 1, j + 1] = squares[i, j + 1] + square


@compiled(_PLANE, returns=_NUMBER)
def _normalize(plane: Plane) -> float:
    """Subtract the mean of a plane and divide by its norm; return its variance before."""
    mean = np.float32(plane.mean())
    total = np.float32(0.0)
    for i in range(plane.shape[0]):
        for j in range(plane.shape[1]):
            plane[i, j] -= mean
            total += plane[i, j] * plane[i, j]
    if total > 0:
        plane /= np.sqrt(total)
    return float(total / plane.size)


@compiled(_PLANE, _PLANE, _SUMS, _SUMS, _PLACES)
def _slide(outer: Plane, inner: Plane, sums: Places, squares: Places, best: Places) -> None:
    """Fill `best` (1, 3) with the highest correlation of a normalized template, x and y."""
    height, width = inner.shape
    best[0, 0] = -1.0
    for y in range(outer.shape[0] - height + 1):
        for x in range(outer.shape[1] - width + 1):
            total = sums[y + height, x + width] - sums[y, x + width]
            total += sums[y, x] - sums[y + height, x]
            square = squares[y + height, x + width] - squares[y, x + width]
            square += squares[y, x] - squares[y + height, x]
            square -= total * total / inner.size
            if square < _FLAT * inner.size:
                continue
            product = np.float32(0.0)
            for i in range(height):
                for j in range(width):
                    product += outer[y + i, x + j] * inner[i, j]
            score = product / np.sqrt(square)
            if score > best[0, 0]:
                best[0, 0], best[0, 1], best[0, 2] = score, x, y


@compiled(_PLANE, _PLANE, _COUNT, types.boolean, _PLACES)
def _search(outer: Plane, inner: Plane, turn: int, exchanged: bool, places: Places) -> None:
    """Fill `places` (r, 6) with the best place of `inner` in `outer` for each range of size."""
    height, width = outer.shape
    sums = np.empty((height + 1, width + 1))
    squares = np.empty((height + 1, width + 1))
    _fill_integrals(outer, sums, squares)
    best = np.empty((1, 3))
    places[:, SCORE] = -1.0
    # The inner picture fills the outer along one axis at most.
    most = min(width, int(height * inner.shape[1] / inner.shape[0] + 0.5))
    least = int(np.ceil(_LEAST * width))
    for columns in range(most, least - 1, -1):
        rows = min(int(columns * inner.shape[0] / inner.shape[1] + 0.5), height)
        if rows < _LEAST * height or rows < 4:
            break
        small = np.empty((rows, columns), np.float32)
        shrink(inner, small)
        if _normalize(small) < _FLAT:
            continue
        _slide(outer, small, sums, squares, best)
        k = min(int((most - columns) * _RANGES / (width * (1 - _LEAST) + 1)), _RANGES - 1)
        if best[0, 0] > places[k, SCORE]:
            places[k, SCORE], places[k, TURN] = best[0, 0], turn
            across, down = columns / inner.shape[1], rows / inner.shape[0]
            right, below = best[0, 1], best[0, 2]
            if exchanged:
                # The outer picture is B: the inverse map.
                across, down = 1 / across, 1 / down
                right, below = -right * across, -below * down
            places[k, SCALE], places[k, SCALE_DOWN] = across, down
            places[k, RIGHT], places[k, DOWN] = right, below


@compiled(_PLANE, _PLANE, _PLANE, _PLANE, returns=_PLACES)
def find_places(a: Plane, b: Plane, large_a: Plane, large_b: Plane) -> Places:
    """Return the best places of B in A turned and of A turned in B.

    Args:
        a: luminance of the first picture, about 32 pixels long.
        b: of the second.
        large_a: the first about twice as large; templates are reduced from it.
        large_b: the second.

    Returns:
        (48, 6): score -1 to 1 (-1 where there is none), turn, and the map from pixels of `b` to
        pixels of `a` turned.
    """
    places = np.empty((_TURNS * PLACES_PER_TURN, PLACE))
    places[:, SCORE] = -1.0
    for turn in range(_TURNS):
        first = turn * PLACES_PER_TURN
        plane, large = turned(a, turn), turned(large_a, turn)
        inside = places[first : first + _RANGES]
        _search(plane, large_b, turn, False, inside)
        for k in range(_RANGES):
            # Templates come from the larger plane: pixels of it are smaller.
            inside[k, SCALE] *= large_b.shape[1] / b.shape[1]
            inside[k, SCALE_DOWN] *= large_b.shape[0] / b.shape[0]
        around = places[first + _RANGES : first + PLACES_PER_TURN]
        _search(b, large, turn, True, around)
        for k in range(_RANGES):
            across, down = plane.shape[1] / large.shape[1], plane.shape[0] / large.shape[0]
            around[k, SCALE] *= across
            around[k, SCALE_DOWN] *= down
            around[k, RIGHT] *= across
            around[k, DOWN] *= down
    return places
