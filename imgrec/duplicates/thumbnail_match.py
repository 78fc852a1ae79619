"""Match thumbnails: does one picture lie in another, perhaps turned, brighter, or partly changed?

Rejects pairs that no alteration can explain, at some ten microseconds a pair, so that files need
not be read. It works on squares to which pictures are stretched, 24 pixels a side:

1. Orientation: the upright one, and the likeliest of the seven others by correlation.
2. Place: the one picture, at any size from `_LEAST` upwards, at any place in the other, at 12
   pixels a side; and the other way around. The score is the normalized cross-correlation.
3. Fit: a scale and shift per axis, a gain and an offset, by Gauss-Newton steps whose residuals
   are weighted (Cauchy), so that a stamp does not pull it.
4. Score: the explained share of blocks, 1 - squared difference / variance, of which the worst
   third is left out, because of stamps and the edges of crops.

Everything is in one file on purpose: numba caches machine code until the file of the called
function changes. Coordinates run from -½ to ½ across and down; a fit maps those of B to A turned.

Source: fast normalized cross-correlation, Lewis 1995; Lucas and Kanade, An iterative image
registration technique, 1981.
"""

import numpy as np
from numba import types
from numpy.typing import NDArray

from imgrec.collection import Ids
from imgrec.system.compiling import compiled

SIDE_PX = 24
_COARSE_PX = 12
_FINEST_PX = 6
_TURNS = 8
# Shortest side of a part, as a share of the whole: 20 % cut off at both ends.
_LEAST = 0.58
# Correlations below which a place, and another orientation than the upright one, is given up.
_LEAST_PLACE = 0.6
_LEAST_TURN = 0.55
# A variance below which a window, or a block, has no structure.
_FLAT = 6.0
_STEPS = 4
_UNKNOWNS = 6
# Mean weight of the pixels after some steps, below which a fit is given up.
_LEAST_FITTING = 0.3
# Residuals, of 255, from which on pixels count for less.
_WIDTH = 16.0
# Pixels from this level on are clipped: their original brightness is unknown.
_SATURATED = 250
_BLOCK_PX = 4
_BLOCKS = SIDE_PX // _BLOCK_PX
_LEAST_COVERED = 0.25
# Structured blocks needed to tell pictures apart.
_FEWEST_BLOCKS = 3
# Share of the blocks that may differ.
_LEFT_OUT = 0.35
_NOISE = 6.0

Plane = NDArray[np.float32]
Numbers = NDArray[np.float64]

_BYTES = types.Array(types.uint8, 3, "C", readonly=True)
_ASPECTS = types.Array(types.float32, 1, "C", readonly=True)
_ROWS = types.Array(types.int64, 1, "C", readonly=True)
_SCORES = types.Array(types.float32, 1, "C")
_PLANE = types.Array(types.float32, 2, "C")
_TABLE = types.Array(types.float64, 2, "C")
_FIT = types.Array(types.float64, 1, "C")
_NUMBER, _COUNT = types.float64, types.int64


@compiled(_PLANE, _PLANE)
def _shrink(plane: Plane, out: Plane) -> None:
    """Fill `out` with the plane at a size that is not larger, by averaging areas."""
    height, width = out.shape
    rows = np.zeros((height, plane.shape[1]), np.float32)
    step = plane.shape[0] / height
    for i in range(height):
        low, high = i * step, (i + 1) * step
        for y in range(int(low), min(int(np.ceil(high)), plane.shape[0])):
            weight = np.float32((min(high, y + 1.0) - max(low, float(y))) / step)
            for x in range(plane.shape[1]):
                rows[i, x] += weight * plane[y, x]
    step = plane.shape[1] / width
    out[:] = 0.0
    for j in range(width):
        low, high = j * step, (j + 1) * step
        for x in range(int(low), min(int(np.ceil(high)), plane.shape[1])):
            weight = np.float32((min(high, x + 1.0) - max(low, float(x))) / step)
            for i in range(height):
                out[i, j] += weight * rows[i, x]


@compiled(_PLANE, _COUNT, _PLANE)
def _turn(plane: Plane, turn: int, out: Plane) -> None:
    """Fill `out` with a square plane, mirrored if `turn` > 3, then turned `turn % 4` quarters."""
    last, quarters = plane.shape[0] - 1, turn % 4
    for i in range(last + 1):
        for j in range(last + 1):
            if quarters == 0:
                y, x = i, j
            elif quarters == 1:
                y, x = j, last - i
            elif quarters == 2:
                y, x = last - i, last - j
            else:
                y, x = last - j, i
            out[i, j] = plane[y, last - x if turn > 3 else x]


@compiled(_PLANE, returns=_NUMBER)
def _normalize(plane: Plane) -> float:
    """Subtract the mean of a plane and divide by its norm; return its variance before."""
    mean, total = np.float32(plane.mean()), np.float32(0.0)
    for i in range(plane.shape[0]):
        for j in range(plane.shape[1]):
            plane[i, j] -= mean
            total += plane[i, j] * plane[i, j]
    if total > 0:
        plane /= np.sqrt(total)
    return float(total / plane.size)


@compiled(_PLANE, _PLANE, returns=_COUNT)
def _likeliest_turn(a: Plane, b: Plane) -> int:
    """Return the orientation of A, upright apart, that correlates best with B; 0 for none."""
    small, other = (
        np.empty((_FINEST_PX, _FINEST_PX), np.float32),
        np.empty((_FINEST_PX, _FINEST_PX), np.float32),
    )
    turned = np.empty((_FINEST_PX, _FINEST_PX), np.float32)
    _shrink(a, small)
    _shrink(b, other)
    _normalize(small)
    _normalize(other)
    best, found = _LEAST_TURN, 0
    for turn in range(1, _TURNS):
        _turn(small, turn, turned)
        score = 0.0
        for i in range(_FINEST_PX):
            for j in range(_FINEST_PX):
                score += turned[i, j] * other[i, j]
        if score > best:
            best, found = score, turn
    return found


@compiled(_PLANE, _TABLE, _TABLE)
def _integrate(plane: Plane, sums: Numbers, squares: Numbers) -> None:
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


@compiled(_PLANE, _PLANE, _NUMBER, _FIT)
def _place(whole: Plane, part: Plane, ratio: float, found: Numbers) -> None:
    """Fill `found` (5,) with the best place of a part in the whole.

    Args:
        whole: (12, 12).
        part: (24, 24), of which templates are made.
        ratio: aspect ratio of the part by that of the whole.
        found: correlation; then width, height, center across and down as shares of the whole.
    """
    side = whole.shape[0]
    sums, squares = np.empty((side + 1, side + 1)), np.empty((side + 1, side + 1))
    _integrate(whole, sums, squares)
    found[0] = -1.0
    for columns in range(side, int(_LEAST * side), -1):
        rows = int(columns / ratio + 0.5)
        if rows > side or rows <= int(_LEAST * side):
            continue
        small = np.empty((rows, columns), np.float32)
        _shrink(part, small)
        if _normalize(small) < _FLAT:
            continue
        for y in range(side - rows + 1):
            for x in range(side - columns + 1):
                total = sums[y + rows, x + columns] - sums[y, x + columns]
                total += sums[y, x] - sums[y + rows, x]
                square = squares[y + rows, x + columns] - squares[y, x + columns]
                square += squares[y, x] - squares[y + rows, x] - total * total / small.size
                if square < _FLAT * small.size:
                    continue
                product = np.float32(0.0)
                for i in range(rows):
                    for j in range(columns):
                        product += whole[y + i, x + j] * small[i, j]
                score = product / np.sqrt(square)
                if score > found[0]:
                    found[0], found[1], found[2] = score, columns / side, rows / side
                    found[3] = (x + columns / 2) / side - 0.5
                    found[4] = (y + rows / 2) / side - 0.5


@compiled(_PLANE, _NUMBER, _NUMBER, returns=_NUMBER)
def _value(plane: Plane, x: float, y: float) -> float:
    """Return the value of a plane at fractional coordinates (bilinear)."""
    left, top = min(int(x), plane.shape[1] - 2), min(int(y), plane.shape[0] - 2)
    above = plane[top, left] + (plane[top, left + 1] - plane[top, left]) * (x - left)
    below = plane[top + 1, left] + (plane[top + 1, left + 1] - plane[top + 1, left]) * (x - left)
    return float(above + (below - above) * (y - top))


@compiled(_PLANE, _PLANE, _FIT, _TABLE, returns=_NUMBER)
def _fill_system(a: Plane, b: Plane, fit: Numbers, system: Numbers) -> float:
    """Fill the normal equations (6, 7) of one step.

    Returns:
        The mean weight of the pixels, 0 to 1: how well they fit. 0 where too few are in both.
    """
    side, count, used, weights = a.shape[0], 0, 0, 0.0
    row = np.empty(_UNKNOWNS)
    system[:] = 0.0
    for i in range(side):
        v = (i + 0.5) / side - 0.5
        y = (fit[1] * v + fit[3] + 0.5) * side - 0.5
        if y < 0 or y > side - 1:
            continue
        top = min(int(y), side - 2)
        for j in range(side):
            u = (j + 0.5) / side - 0.5
            x = (fit[0] * u + fit[2] + 0.5) * side - 0.5
            if x < 0 or x > side - 1:
                continue
            left = min(int(x), side - 2)
            here, under = a[top, left], a[top + 1, left]
            to_right, under_right = a[top, left + 1] - here, a[top + 1, left + 1] - under
            above = here + to_right * (x - left)
            below = under + under_right * (x - left)
            value = above + (below - above) * (y - top)
            count += 1
            if value > _SATURATED or b[i, j] > _SATURATED:
                continue
            across = (to_right + (under_right - to_right) * (y - top)) * side * fit[4]
            down = (below - above) * side * fit[4]
            row[0], row[1], row[2], row[3] = across * u, down * v, across, down
            row[4], row[5] = value, 1.0
            error = b[i, j] - (fit[4] * value + fit[5])
            weight = 1.0 / (1.0 + (error / _WIDTH) ** 2)
            used += 1
            weights += weight
            for k in range(_UNKNOWNS):
                for m in range(k, _UNKNOWNS):
                    system[k, m] += weight * row[k] * row[m]
                system[k, _UNKNOWNS] += weight * row[k] * error
    return weights / max(used, 1) if count >= _LEAST_COVERED * b.size else 0.0


@compiled(_TABLE)
def _solve(system: Numbers) -> None:
    """Solve symmetric equations (6, 7), given as upper half, in place: into the last column."""
    for k in range(_UNKNOWNS):
        for i in range(k + 1, _UNKNOWNS):
            factor = system[k, i] / system[k, k]
            for j in range(i, _UNKNOWNS + 1):
                system[i, j] -= factor * system[k, j]
    for k in range(_UNKNOWNS - 1, -1, -1):
        for j in range(k + 1, _UNKNOWNS):
            system[k, _UNKNOWNS] -= system[k, j] * system[j, _UNKNOWNS]
        system[k, _UNKNOWNS] /= system[k, k]


@compiled(_PLANE, _PLANE, _FIT, _TABLE, returns=types.boolean)
def _align(a: Plane, b: Plane, fit: Numbers, system: Numbers) -> bool:
    """Improve a fit (6,) by Gauss-Newton steps; return True if it stays possible."""
    pixel = 1.0 / a.shape[0]
    for step_number in range(_STEPS):
        fits = _fill_system(a, b, fit, system)
        if fits == 0.0 or (step_number > 0 and fits < _LEAST_FITTING):
            return False
        for k in range(4):
            system[k, k] += 500.0
        system[4, 4] += 500.0
        system[5, 5] += 1.0
        _solve(system)
        moved = 0.0
        for k in range(4):
            most = 3 * pixel if k < 2 else 1.5 * pixel
            step = min(max(system[k, _UNKNOWNS], -most), most)
            fit[k] += step
            moved += abs(step)
        fit[4] += system[4, _UNKNOWNS]
        fit[5] += system[5, _UNKNOWNS]
        if not 0.25 < fit[4] < 4.0 or min(fit[0], fit[1]) < 0.4 or max(fit[0], fit[1]) > 2.5:
            return False
        if moved < 0.05 * pixel:
            break
    return True


@compiled(_PLANE, _PLANE, _FIT, returns=_NUMBER)
def _explained(a: Plane, b: Plane, fit: Numbers) -> float:
    """Return the explained share of the blocks of B, the worst third left out; 2 if none tells."""
    side = a.shape[0]
    shares = np.empty(_BLOCKS * _BLOCKS)
    found, covered = 0, 0
    for block in range(_BLOCKS * _BLOCKS):
        count, error, of_a, of_b = 0, 0.0, 0.0, 0.0
        squares_a, squares_b = 0.0, 0.0
        first_row, first_column = block // _BLOCKS * _BLOCK_PX, block % _BLOCKS * _BLOCK_PX
        for i in range(first_row, first_row + _BLOCK_PX):
            y = (fit[1] * ((i + 0.5) / side - 0.5) + fit[3] + 0.5) * side - 0.5
            for j in range(first_column, first_column + _BLOCK_PX):
                x = (fit[0] * ((j + 0.5) / side - 0.5) + fit[2] + 0.5) * side - 0.5
                if x < 0 or y < 0 or x > side - 1 or y > side - 1:
                    continue
                here = _value(a, x, y)
                value = min(max(fit[4] * here + fit[5], 0.0), 255.0)
                differs = value - b[i, j]
                if (b[i, j] > _SATURATED and differs > 0) or (here > _SATURATED and differs < 0):
                    # B is clipped here, or A: it may be any brightness above.
                    differs = 0.0
                count += 1
                error += differs * differs
                of_a += value
                of_b += b[i, j]
                squares_a += value * value
                squares_b += b[i, j] * b[i, j]
        if 2 * count < _BLOCK_PX * _BLOCK_PX:
            continue
        covered += 1
        variance = (squares_a + squares_b - (of_a * of_a + of_b * of_b) / count) / count
        # A block of one color tells where the colors differ.
        if variance > 4 * _FLAT or error / count > 4 * _FLAT:
            shares[found] = 1 - error / count / (variance + _NOISE)
            found += 1
    if covered < _LEAST_COVERED * _BLOCKS * _BLOCKS:
        return 0.0
    if found < _FEWEST_BLOCKS:
        return 2.0
    return float(np.sort(shares[:found])[int(found * _LEFT_OUT)])


@compiled(_PLANE, _PLANE, _PLANE, _PLANE, _NUMBER, _TABLE, returns=_NUMBER)
def _upright(
    a: Plane, b: Plane, small_a: Plane, small_b: Plane, ratio: float, system: Numbers
) -> float:
    """Return the score of B in A and of A in B without turning; `ratio` is that of B by A."""
    found, fit, best = np.empty(5), np.empty(_UNKNOWNS), 0.0
    for exchanged in range(2):
        if exchanged:
            _place(small_b, a, 1 / ratio, found)
        else:
            _place(small_a, b, ratio, found)
        if found[0] < _LEAST_PLACE:
            continue
        if exchanged:
            fit[0], fit[1] = 1 / found[1], 1 / found[2]
            fit[2], fit[3] = -found[3] / found[1], -found[4] / found[2]
        else:
            fit[0], fit[1], fit[2], fit[3] = found[1], found[2], found[3], found[4]
        fit[4], fit[5] = 1.0, 0.0
        if _align(a, b, fit, system):
            best = max(best, _explained(a, b, fit))
    return best


@compiled(_BYTES, _ASPECTS, _ROWS, _ROWS, _SCORES)
def match_thumbnails(
    planes: NDArray[np.uint8],
    aspects: NDArray[np.float32],
    first: Ids,
    second: Ids,
    scores: NDArray[np.float32],
) -> None:
    """Fill the scores (p,) of pairs: the share of one picture that the other explains.

    Args:
        planes: luminance of pictures stretched to squares (m, 24, 24).
        aspects: width / height of each, (m,).
        first: rows of the first pictures, (p,).
        second: rows of the second pictures, (p,).
        scores: (p,), output: at most 1, 0 where no place is found, 2 where there is too little
            structure to tell.
    """
    small_a = np.empty((_COARSE_PX, _COARSE_PX), np.float32)
    small_b = np.empty((_COARSE_PX, _COARSE_PX), np.float32)
    turned = np.empty((SIDE_PX, SIDE_PX), np.float32)
    system = np.empty((_UNKNOWNS, _UNKNOWNS + 1))
    for pair in range(len(first)):
        i, j = first[pair], second[pair]
        a, b = planes[i].astype(np.float32), planes[j].astype(np.float32)
        _shrink(a, small_a)
        _shrink(b, small_b)
        aspect_a, aspect_b = np.float64(aspects[i]), np.float64(aspects[j])
        best = _upright(a, b, small_a, small_b, aspect_b / aspect_a, system)
        turn = _likeliest_turn(small_a, small_b)
        if turn and best < 0.9:
            _turn(a, turn, turned)
            _shrink(turned, small_a)
            aspect = 1 / aspect_a if turn % 2 else aspect_a
            best = max(best, _upright(turned, b, small_a, small_b, aspect_b / aspect, system))
        scores[pair] = best
