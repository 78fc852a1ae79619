"""Image registration: align two pictures, then measure their similarity block by block.

Picture A is aligned to B by one scale and a translation, its brightness by a gain and an offset:
five parameters, fitted by Gauss-Newton least squares from coarse to fine. Then each block of 8 x 8
pixels of B gets an explained share, 1 - mean squared difference / (variance of A + variance of B +
noise). The similarity of the pair is that of its worst block after a few outliers, or that of the
colors if it is lower. One differing block is therefore enough to part two pictures.

Compiled by numba, which importing this module imports. Everything is in one file on purpose: numba
caches machine code until the file of the called function changes, so that a change of a helper in
another file would not be noticed. Planes are squares of s pixels; coordinates run from -½ to ½
across (u) and down (v).

Source: Lucas and Kanade, An iterative image registration technique, 1981, extended by gain and
offset; blocks as in the structural similarity index of Wang et al., 2004.
"""

import numpy as np
from numba import types
from numpy.typing import NDArray

from imgrec.collection import Ids
from imgrec.system.compiling import compiled

SCALE, RIGHT, DOWN, GAIN, OFFSET, SIMILARITY = range(6)  # of a fit (6,)
UNKNOWNS = 5
Fits = NDArray[np.float64]

# Pixels from this level on are clipped: their original brightness is unknown.
_SATURATED = 250
_LEAST_SCALE, _MOST_SCALE, _MOST_SHIFT = 0.75, 1.34, 0.17
_LEAST_GAIN, _MOST_GAIN, _MOST_OFFSET = 0.6, 1.67, 40.0
# Damping of the scale and translation steps, for pictures without contours.
_DAMPING = 1000.0
# Regularization toward gain 1 and offset 0, for pictures of one color.
_GAIN_WEIGHT, _OFFSET_WEIGHT = 500.0, 4.0
# Variance of compression noise, with a margin.
_NOISE = 4.0
# Share of both variances that interpolation and misalignment cost.
_NOISE_SHARE = 0.01
# Blocks across and down.
_BLOCKS = 8
_SMALL_BLOCKS = 4
# Share of blocks that may differ, such as those cut by the edge of a crop.
_LEFT_OUT = 0.05
# Root mean square difference of unrelated colors, of 255.
_COLOR_SPREAD = 32.0
# Initial scales.
_STARTS = (1.0, 0.93, 1 / 0.93)
# Similarity of sketches from which on no other initial scale is tried.
_ENOUGH = 0.9
_SKETCH_STEPS, _HALF_STEPS, _STEPS = 10, 6, 5

_BYTES = types.Array(types.uint8, 2, "C", readonly=True)
_PLANES = types.Array(types.uint8, 3, "C", readonly=True)
_COLORS = types.Array(types.uint8, 4, "C", readonly=True)
_ASPECTS = types.Array(types.float32, 1, "C", readonly=True)
_ROWS = types.Array(types.int64, 1, "C", readonly=True)
_FITS = types.Array(types.float64, 2, "C")
_PLANE = types.Array(types.float32, 2, "C")
_FIT = types.Array(types.float64, 1, "C")
_SYSTEM = types.Array(types.float64, 2, "C")
_TINTS = types.Array(types.float32, 3, "C")
_NUMBER = types.float64
Plane = NDArray[np.float32]
Planes = NDArray[np.uint8]


@compiled(_PLANE, _PLANE, _NUMBER, _FIT, _SYSTEM)
def _fill_system(a: Plane, b: Plane, ratio: float, fit: Fits, system: Fits) -> None:
    """Fill the normal equations (5, 6) of one step, without the clipped pixels of both planes."""
    side = a.shape[0]
    across, down = fit[SCALE] * np.sqrt(ratio), fit[SCALE] / np.sqrt(ratio)
    row = np.empty(UNKNOWNS + 1)
    system[:] = 0.0
    for i in range(side):
        v = (i + 0.5) / side - 0.5
        y = (down * v + fit[DOWN] + 0.5) * side - 0.5
        if y < 0 or y > side - 1:
            continue
        top = min(int(y), side - 2)
        for j in range(side):
            u = (j + 0.5) / side - 0.5
            x = (across * u + fit[RIGHT] + 0.5) * side - 0.5
            if x < 0 or x > side - 1:
                continue
            left = min(int(x), side - 2)
            here, under = a[top, left], a[top + 1, left]
            to_right, under_right = a[top, left + 1] - here, a[top + 1, left + 1] - under
            above = here + to_right * (x - left)
            below = under + under_right * (x - left)
            value = above + (below - above) * (y - top)
            if value > _SATURATED or b[i, j] > _SATURATED:
                continue
            row[RIGHT] = (to_right + (under_right - to_right) * (y - top)) * side
            row[DOWN] = (below - above) * side
            row[SCALE] = (row[RIGHT] * across * u + row[DOWN] * down * v) / fit[SCALE]
            row[GAIN], row[OFFSET], row[UNKNOWNS] = value, 1.0, b[i, j]
            for k in range(UNKNOWNS):
                for m in range(k, UNKNOWNS + 1):
                    system[k, m] += row[k] * row[m]


@compiled(_SYSTEM)
def _solve(system: Fits) -> None:
    """Solve symmetric equations (5, 6), given as upper half, in place: into the last column."""
    for k in range(UNKNOWNS):
        for i in range(k + 1, UNKNOWNS):
            factor = system[k, i] / system[k, k]
            for j in range(i, UNKNOWNS + 1):
                system[i, j] -= factor * system[k, j]
    for k in range(UNKNOWNS - 1, -1, -1):
        for j in range(k + 1, UNKNOWNS):
            system[k, UNKNOWNS] -= system[k, j] * system[j, UNKNOWNS]
        system[k, UNKNOWNS] /= system[k, k]


@compiled(_FIT, returns=types.boolean)
def _is_possible(fit: Fits) -> bool:
    """Return True if cropping and brightening can explain the fit."""
    placed = _LEAST_SCALE < fit[SCALE] < _MOST_SCALE
    placed = placed and abs(fit[RIGHT]) < _MOST_SHIFT and abs(fit[DOWN]) < _MOST_SHIFT
    placed = placed and _LEAST_GAIN < fit[GAIN] < _MOST_GAIN
    return bool(placed and abs(fit[OFFSET]) < _MOST_OFFSET)


@compiled(_PLANE, _PLANE, _NUMBER, types.int64, _FIT, _SYSTEM, returns=types.boolean)
def _align(a: Plane, b: Plane, ratio: float, steps: int, fit: Fits, system: Fits) -> bool:
    """Improve a fit by at most `steps` Gauss-Newton steps; return True if it stays possible."""
    pixel = 1.0 / a.shape[0]
    for _ in range(steps):
        _fill_system(a, b, ratio, fit, system)
        for k in (SCALE, RIGHT, DOWN):
            system[k, k] += _DAMPING
        system[GAIN, GAIN] += _GAIN_WEIGHT
        system[GAIN, UNKNOWNS] += _GAIN_WEIGHT
        system[OFFSET, OFFSET] += _OFFSET_WEIGHT
        _solve(system)
        fit[GAIN], fit[OFFSET] = system[GAIN, UNKNOWNS], system[OFFSET, UNKNOWNS]
        if fit[GAIN] < _LEAST_GAIN / 2:
            return False
        moved = 0.0
        for k, most in ((SCALE, 3 * pixel), (RIGHT, 1.5 * pixel), (DOWN, 1.5 * pixel)):
            step = min(max(system[k, UNKNOWNS] / fit[GAIN], -most), most)
            fit[k] += step
            moved += abs(step)
        if abs(fit[SCALE] - 1) > 0.5 or abs(fit[RIGHT]) > 0.3 or abs(fit[DOWN]) > 0.3:
            return False
        if moved < 0.05 * pixel:
            break
    return _is_possible(fit)


@compiled(_PLANE, _NUMBER, _NUMBER, returns=_NUMBER)
def _value(plane: Plane, x: float, y: float) -> float:
    """Return the value of a plane at fractional coordinates (bilinear)."""
    left, top = min(int(x), plane.shape[1] - 2), min(int(y), plane.shape[0] - 2)
    above = plane[top, left] + (plane[top, left + 1] - plane[top, left]) * (x - left)
    below = plane[top + 1, left] + (plane[top + 1, left + 1] - plane[top + 1, left]) * (x - left)
    return float(above + (below - above) * (y - top))


@compiled(_PLANE, _PLANE, _NUMBER, _FIT, types.int64, types.int64, _FIT)
def _add_up(
    a: Plane, b: Plane, ratio: float, fit: Fits, blocks: int, block: int, sums: Fits
) -> None:
    """Fill the sums (6,) over the part of a block of B that A covers.

    These are the pixel count, the squared differences, A, A², B and B², where A is after gain and
    offset.
    """
    side, size = a.shape[0], a.shape[0] // blocks
    across, down = fit[SCALE] * np.sqrt(ratio), fit[SCALE] / np.sqrt(ratio)
    first_row, first_column = block // blocks * size, block % blocks * size
    sums[:] = 0.0
    for i in range(first_row, first_row + size):
        y = (down * ((i + 0.5) / side - 0.5) + fit[DOWN] + 0.5) * side - 0.5
        for j in range(first_column, first_column + size):
            x = (across * ((j + 0.5) / side - 0.5) + fit[RIGHT] + 0.5) * side - 0.5
            if x < 0 or y < 0 or x > side - 1 or y > side - 1:
                continue
            value = _value(a, x, y)
            told = min(fit[GAIN] * value + fit[OFFSET], 255.0)
            error = told - b[i, j]
            if (b[i, j] > _SATURATED and error > 0) or (value > _SATURATED and error < 0):
                # B is clipped here: A may be any brightness above it.
                error = 0.0
            sums[0] += 1
            sums[1] += error * error
            sums[2] += told
            sums[3] += told * told
            sums[4] += b[i, j]
            sums[5] += b[i, j] * b[i, j]


@compiled(_FIT, returns=_NUMBER)
def _variance(sums: Fits) -> float:
    """Return the variance of A plus that of B, from the sums of `_add_up`."""
    of_a = sums[3] - sums[2] * sums[2] / sums[0]
    of_b = sums[5] - sums[4] * sums[4] / sums[0]
    return float(max(of_a + of_b, 0.0) / sums[0])


@compiled(_PLANE, _PLANE, _NUMBER, _FIT, types.int64, _FIT, returns=types.int64)
def _fill_explained(
    a: Plane, b: Plane, ratio: float, fit: Fits, blocks: int, explained: Fits
) -> int:
    """Fill the explained share of each block of B; return the number of blocks that A covers."""
    sums, total, found = np.empty(6), np.zeros(6), 0
    errors = np.empty(blocks * blocks)
    for block in range(blocks * blocks):
        _add_up(a, b, ratio, fit, blocks, block, sums)
        if 2 * blocks * blocks * sums[0] >= a.size:
            errors[found], explained[found] = sums[1] / sums[0], _variance(sums)
            total += sums
            found += 1
    noise = _NOISE + (_NOISE_SHARE * _variance(total) if found else 0.0)
    for block in range(found):
        explained[block] = 1 - errors[block] / (explained[block] + noise)
    return found


@compiled(_PLANE, _PLANE, _NUMBER, _FIT, returns=_NUMBER)
def _similar_blocks(a: Plane, b: Plane, ratio: float, fit: Fits) -> float:
    """Return the explained share of the worst block of B, after leaving out a few."""
    explained = np.empty(_BLOCKS * _BLOCKS)
    found = _fill_explained(a, b, ratio, fit, _BLOCKS, explained)
    if 2 * found < _BLOCKS * _BLOCKS:
        return 0.0
    return float(np.sort(explained[:found])[int(found * _LEFT_OUT)])


@compiled(_PLANE, _PLANE, _NUMBER, _FIT, returns=_NUMBER)
def _similar_sketches(a: Plane, b: Plane, ratio: float, fit: Fits) -> float:
    """Return the mean explained share of the blocks of B."""
    explained = np.empty(_SMALL_BLOCKS * _SMALL_BLOCKS)
    found = _fill_explained(a, b, ratio, fit, _SMALL_BLOCKS, explained)
    if 2 * found < _SMALL_BLOCKS * _SMALL_BLOCKS:
        return 0.0
    return float(explained[:found].mean())


@compiled(_PLANE, _PLANE, _NUMBER, _FIT, returns=_NUMBER)
def _difference(a: Plane, b: Plane, ratio: float, fit: Fits) -> float:
    """Return the mean squared difference of color planes under a fit, relative to gray."""
    side, count, errors = a.shape[0], 0, 0.0
    across, down = fit[SCALE] * np.sqrt(ratio), fit[SCALE] / np.sqrt(ratio)
    for i in range(side):
        y = (down * ((i + 0.5) / side - 0.5) + fit[DOWN] + 0.5) * side - 0.5
        for j in range(side):
            x = (across * ((j + 0.5) / side - 0.5) + fit[RIGHT] + 0.5) * side - 0.5
            if x >= 0 and y >= 0 and x <= side - 1 and y <= side - 1:
                errors += (fit[GAIN] * _value(a, x, y) - b[i, j]) ** 2
                count += 1
    return errors / max(count, 1)


@compiled(_BYTES, _PLANE)
def _smooth(pixels: Planes, plane: Plane) -> None:
    """Fill `plane` with binomially smoothed pixels (1 2 1), robust to subpixel translations."""
    side = plane.shape[0]
    for i in range(side):
        above, below = max(i - 1, 0), min(i + 1, side - 1)
        for j in range(side):
            total = 0.0
            for k, weight in ((max(j - 1, 0), 1.0), (j, 2.0), (min(j + 1, side - 1), 1.0)):
                total += weight * (pixels[above, k] + 2.0 * pixels[i, k] + pixels[below, k])
            plane[i, j] = total / 16


@compiled(_PLANE, _PLANE)
def _halve(plane: Plane, half: Plane) -> None:
    """Fill `half` with the plane reduced by two (box filter)."""
    for i in range(half.shape[0]):
        for j in range(half.shape[1]):
            above = plane[2 * i, 2 * j] + plane[2 * i, 2 * j + 1]
            half[i, j] = (above + plane[2 * i + 1, 2 * j] + plane[2 * i + 1, 2 * j + 1]) / 4


@compiled(_FIT, _NUMBER, _FIT)
def _invert(fit: Fits, ratio: float, inverse: Fits) -> None:
    """Fill `inverse` with the inverse of a fit: of B to A instead of A to B."""
    across, down = fit[SCALE] * np.sqrt(ratio), fit[SCALE] / np.sqrt(ratio)
    inverse[SCALE], inverse[RIGHT], inverse[DOWN] = (
        1 / fit[SCALE], -fit[RIGHT] / across, -fit[DOWN] / down
    )  # fmt: skip
    inverse[GAIN], inverse[OFFSET] = 1 / fit[GAIN], -fit[OFFSET] / fit[GAIN]


@compiled(
    *(_PLANE, _PLANE, _PLANE, _PLANE, _TINTS, _TINTS, _NUMBER, _FIT, _SYSTEM), returns=_NUMBER
)
def _one_way(
    a: Plane,
    b: Plane,
    half_a: Plane,
    half_b: Plane,
    tints_a: Plane,
    tints_b: Plane,
    ratio: float,
    fit: Fits,
    system: Fits,
) -> float:
    """Improve a fit of A to B; return the similarity, 0 if there is no possible fit."""
    if not _align(half_a, half_b, ratio, _HALF_STEPS, fit, system):
        return 0.0
    if not _align(a, b, ratio, _STEPS, fit, system):
        return 0.0
    tints = _difference(tints_a[0], tints_b[0], ratio, fit)
    tints += _difference(tints_a[1], tints_b[1], ratio, fit)
    return min(_similar_blocks(a, b, ratio, fit), 1 - tints / _COLOR_SPREAD**2)


@compiled(_PLANES, _ASPECTS, _ROWS, _ROWS, _FITS)
def fit_sketches(
    luminance: Planes, aspects: NDArray[np.float32], first: Ids, second: Ids, fits: Fits
) -> None:
    """Fill the fits of p pairs of sketches, with their similarities.

    Args:
        luminance: sketches (m, 16, 16), uint8.
        aspects: width / height of each, (m,).
        first: rows of the first pictures, (p,).
        second: rows of the second pictures, (p,).
        fits: (p, 6), output; the similarity is a mean from -1 to 1, 0 if there is no fit.
    """
    system, fit = np.empty((UNKNOWNS, UNKNOWNS + 1)), np.empty(UNKNOWNS + 1)
    for pair in range(len(first)):
        i, j = first[pair], second[pair]
        fits[pair, SIMILARITY] = 0.0
        ratio = aspects[j] / aspects[i]
        if not _LEAST_SCALE < ratio < _MOST_SCALE:
            continue
        a, b = luminance[i].astype(np.float32), luminance[j].astype(np.float32)
        for start in _STARTS:
            fit[:] = 0.0
            fit[SCALE], fit[GAIN] = start, 1.0
            if _align(a, b, ratio, _SKETCH_STEPS, fit, system):
                fit[SIMILARITY] = _similar_sketches(a, b, ratio, fit)
                if fit[SIMILARITY] > fits[pair, SIMILARITY]:
                    fits[pair] = fit
                if fit[SIMILARITY] > _ENOUGH:
                    break


@compiled(_PLANES, _COLORS, _ASPECTS, _ROWS, _ROWS, _FITS)
def fit_miniatures(
    luminance: Planes,
    color: Planes,
    aspects: NDArray[np.float32],
    first: Ids,
    second: Ids,
    fits: Fits,
) -> None:
    """Refine the fits of p pairs on miniatures, and fill their final similarities.

    Pictures are aligned both ways, A to B and B to A; the lower similarity counts.

    Args:
        luminance: miniatures (m, 64, 64), uint8.
        color: Cb and Cr planes (m, 2, 16, 16), uint8.
        aspects: width / height of each, (m,).
        first: rows of the first pictures, (p,).
        second: rows of the second pictures, (p,).
        fits: (p, 6) from `fit_sketches`, updated in place; similarity 0 to 1.
    """
    side = luminance.shape[1]
    a, b = np.empty((side, side), np.float32), np.empty((side, side), np.float32)
    halves = np.empty((2, side // 2, side // 2), np.float32)
    system, back = np.empty((UNKNOWNS, UNKNOWNS + 1)), np.empty(UNKNOWNS + 1)
    for pair in range(len(first)):
        i, j = first[pair], second[pair]
        _smooth(luminance[i], a)
        _smooth(luminance[j], b)
        _halve(a, halves[0])
        _halve(b, halves[1])
        ratio = np.float64(aspects[j] / aspects[i])
        tints_a = color[i].astype(np.float32) - np.float32(128)
        tints_b = color[j].astype(np.float32) - np.float32(128)
        found = _one_way(
            a, b, halves[0], halves[1], tints_a, tints_b, ratio, fits[pair], system
        )  # fmt: skip
        if found > 0:
            _invert(fits[pair], ratio, back)
            other = _one_way(
                b, a, halves[1], halves[0], tints_b, tints_a, 1 / ratio, back, system
            )  # fmt: skip
            found = min(found, other)
        fits[pair, SIMILARITY] = max(found, 0.0)
