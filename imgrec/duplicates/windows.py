"""Window statistics: how far two pictures of one size differ, by how much structure is around.

A mean over a picture hides a changed digit, so each small window is looked at: `difference` is the
mean square, in 5 x 5 pixels, of the smoothed difference of two luminances. Smoothing keeps a stroke
that is there or not, and takes most of what compression does, which is of high frequency.

Compression changes what lies beside strong contours, and next to nothing on even ground. So the
differences are kept apart by `structure`: the variance in windows of 9 x 9 pixels, the largest
nearby, of the picture that has less of it (so that ink that only one of them has does not count).
A `Profile` holds the distribution of the differences for each octave of structure. It is all that
`imgrec.duplicates.same` decides by, and its size does not depend on that of the pictures.

Compiled by numba, which importing this module imports. Functions that call each other are in this
file on purpose: numba's cache does not notice a change in another one.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numba import types
from numpy.typing import NDArray

from imgrec.system.compiling import compiled

Pixels = NDArray[np.uint8]
Plane = NDArray[np.float32]
Counts = NDArray[np.int64]

# Octaves of structure, and steps of difference: eighths of octaves from 2⁻⁸ on.
LEVELS, STEPS = 15, 200
_FIRST_OCTAVE, _PER_OCTAVE = -8, 8
SCALES = 2
# Pixels around a band that its windows reach.
_MARGIN = 8
_TILE_PX = 256
# Sides of the windows whose means are compared, and steps of a level of 255.
MEAN_PX = (8, 16, 32)
_MEAN_STEPS, MEANS_PER_LEVEL = 1024, 4

_BYTES = types.Array(types.uint8, 3, "A", readonly=True)
_PLANE = types.Array(types.float32, 2, "C")
_COUNTS = types.Array(types.int64, 3, "C")
_COUNTS_2 = types.Array(types.int64, 2, "C")
_INT = types.int64


@dataclass(frozen=True)
class Profile:
    """The distribution of the differences of two pictures.

    Attributes:
        counts: (SCALES, LEVELS, STEPS), windows by scale of smoothing, structure and difference.
        chroma: (2, STEPS), windows by the smoothed difference of blue and of red chroma.
        means: (3, 2, 1024), windows of 8, 16 and 32 pixels by the difference of their mean
            luminance and chroma, in quarters of a level of 255.
    """

    counts: Counts
    chroma: Counts
    means: Counts


@compiled(_BYTES, _PLANE, _PLANE, _PLANE)
def _split(pixels: Pixels, y: Plane, cb: Plane, cr: Plane) -> None:
    """Fill luminance, and blue and red chroma around 0 (ITU-R BT.601)."""
    for i in range(y.shape[0]):
        for j in range(y.shape[1]):
            red, green = np.float32(pixels[i, j, 0]), np.float32(pixels[i, j, 1])
            blue = np.float32(pixels[i, j, 2])
            light = np.float32(0.299) * red + np.float32(0.587) * green + np.float32(0.114) * blue
            y[i, j] = light
            cb[i, j] = np.float32(0.564) * (blue - light)
            cr[i, j] = np.float32(0.713) * (red - light)


@compiled(_PLANE, _PLANE, _PLANE)
def _smooth(plane: Plane, taps: Plane, out: Plane) -> None:
    """Fill `out`, smaller by the taps (1, t) less one, with a separable filter of the plane."""
    height, width, t = plane.shape[0], plane.shape[1], taps.shape[1]
    across = np.empty((height, width - t + 1), np.float32)
    for i in range(height):
        for j in range(width - t + 1):
            across[i, j] = taps[0, 0] * plane[i, j]
        for k in range(1, t):
            for j in range(width - t + 1):
                across[i, j] += taps[0, k] * plane[i, j + k]
    for i in range(height - t + 1):
        for j in range(width - t + 1):
            out[i, j] = taps[0, 0] * across[i, j]
        for k in range(1, t):
            for j in range(width - t + 1):
                out[i, j] += taps[0, k] * across[i + k, j]


@compiled(_PLANE, _INT, _PLANE)
def _largest(plane: Plane, side: int, out: Plane) -> None:
    """Fill `out`, smaller by `side` less one, with the maximum of each window."""
    height, width = plane.shape
    across = np.empty((height, width - side + 1), np.float32)
    for i in range(height):
        for j in range(width - side + 1):
            across[i, j] = plane[i, j]
        for k in range(1, side):
            for j in range(width - side + 1):
                across[i, j] = max(across[i, j], plane[i, j + k])
    for i in range(height - side + 1):
        for j in range(width - side + 1):
            out[i, j] = across[i, j]
        for k in range(1, side):
            for j in range(width - side + 1):
                out[i, j] = max(out[i, j], across[i + k, j])


@compiled(_PLANE, _PLANE)
def _structure(plane: Plane, out: Plane) -> None:
    """Fill `out`, smaller by 16, with the largest variance of 9 x 9 pixels within 9 x 9 of them."""
    height, width = plane.shape
    box = np.full((1, 9), np.float32(1 / 9), np.float32)
    mean = np.empty((height - 8, width - 8), np.float32)
    square = np.empty((height - 8, width - 8), np.float32)
    squares = np.empty((height, width), np.float32)
    for i in range(height):
        for j in range(width):
            squares[i, j] = plane[i, j] * plane[i, j]
    _smooth(plane, box, mean)
    _smooth(squares, box, square)
    for i in range(height - 8):
        for j in range(width - 8):
            square[i, j] -= mean[i, j] * mean[i, j]
    _largest(square, 9, out)


@compiled(_PLANE, _PLANE, _PLANE, _COUNTS_2)
def _count(difference: Plane, taps: Plane, structure: Plane, counts: Counts) -> None:
    """Count windows by structure and by smoothed difference.

    Args:
        difference: of luminance or chroma; its margin is _MARGIN.
        taps: of the smoothing, (1, t), t odd.
        structure: without a margin.
        counts: (LEVELS, STEPS), added to.
    """
    t = taps.shape[1]
    edge = _MARGIN - t // 2 - 2
    height, width = structure.shape
    inner = difference[edge : edge + height + t + 3, edge : edge + width + t + 3].copy()
    smoothed = np.empty((height + 4, width + 4), np.float32)
    _smooth(inner, taps, smoothed)
    for i in range(height + 4):
        for j in range(width + 4):
            smoothed[i, j] *= smoothed[i, j]
    energy = np.empty((height, width), np.float32)
    box = np.full((1, 5), np.float32(0.2), np.float32)
    _smooth(smoothed, box, energy)
    for i in range(height):
        for j in range(width):
            level = int(np.log2(max(structure[i, j], np.float32(0)) + np.float32(1)))
            step = int(
                np.float32(_PER_OCTAVE)
                * (np.log2(energy[i, j] + np.float32(0.00390625)) - np.float32(_FIRST_OCTAVE))
            )
            counts[min(level, LEVELS - 1), min(max(step, 0), STEPS - 1)] += 1


@compiled(_PLANE, _PLANE, _PLANE, _INT, _COUNTS_2)
def _count_means(light: Plane, blue: Plane, red: Plane, side: int, counts: Counts) -> None:
    """Count windows of `side` pixels, half overlapping, by their mean differences.

    Args:
        light: difference of luminance.
        blue: difference of blue chroma.
        red: difference of red chroma.
        side: of a window.
        counts: (2, _MEAN_STEPS), of luminance and of chroma, added to.
    """
    step, steps = side // 2, np.float32(MEANS_PER_LEVEL)
    for top in range(0, max(1, blue.shape[0] - side + 1), step):
        for left in range(0, max(1, blue.shape[1] - side + 1), step):
            sums = np.zeros(3, np.float32)
            end, right = min(top + side, blue.shape[0]), min(left + side, blue.shape[1])
            for i in range(top, end):
                for j in range(left, right):
                    sums[0] += light[i, j]
                    sums[1] += blue[i, j]
                    sums[2] += red[i, j]
            share = steps / np.float32((end - top) * (right - left))
            chroma = np.sqrt(sums[1] * sums[1] + sums[2] * sums[2])
            counts[0, min(int(abs(sums[0]) * share), _MEAN_STEPS - 1)] += 1
            counts[1, min(int(chroma * share), _MEAN_STEPS - 1)] += 1


@compiled(_BYTES, _BYTES, _PLANE, _COUNTS, _COUNTS, _COUNTS)
def _add(a: Pixels, b: Pixels, taps: Plane, counts: Counts, chroma: Counts, means: Counts) -> None:
    """Add the windows of a band with a margin to the counts.

    Args:
        a: (h + 2 · _MARGIN, w + 2 · _MARGIN, 3).
        b: of the same shape.
        taps: of each scale, (SCALES, t), zero at the ends of shorter ones.
        counts: of a profile.
        chroma: of a profile, for each level of structure: (2, LEVELS, STEPS).
        means: of a profile.
    """
    height, width = a.shape[0], a.shape[1]
    y = np.empty((2, height, width), np.float32)
    cb, cr = np.empty((2, height, width), np.float32), np.empty((2, height, width), np.float32)
    _split(a, y[0], cb[0], cr[0])
    _split(b, y[1], cb[1], cr[1])
    structure = np.empty((height - 2 * _MARGIN, width - 2 * _MARGIN), np.float32)
    other = np.empty((height - 2 * _MARGIN, width - 2 * _MARGIN), np.float32)
    _structure(y[0], structure)
    _structure(y[1], other)
    for i in range(structure.shape[0]):
        for j in range(structure.shape[1]):
            structure[i, j] = min(structure[i, j], other[i, j])
    for plane in (y, cb, cr):
        for i in range(height):
            for j in range(width):
                plane[0, i, j] -= plane[1, i, j]
    for scale in range(SCALES):
        _count(y[0], taps[scale : scale + 1], structure, counts[scale])
    _count(cb[0], taps[:1], structure, chroma[0])
    _count(cr[0], taps[:1], structure, chroma[1])
    inner = slice(_MARGIN, height - _MARGIN), slice(_MARGIN, width - _MARGIN)
    light, blue, red = y[0][inner].copy(), cb[0][inner].copy(), cr[0][inner].copy()
    for k, side in enumerate(MEAN_PX):
        _count_means(light, blue, red, side, means[k])


def profile_of(a: Pixels, b: Pixels) -> Profile:
    """Return the distribution of the differences of two pictures.

    Args:
        a: (h, w, 3), RGB.
        b: of the same shape.
    """
    counts = np.zeros((SCALES, LEVELS, STEPS), np.int64)
    chroma = np.zeros((2, LEVELS, STEPS), np.int64)
    means = np.zeros((len(MEAN_PX), 2, _MEAN_STEPS), np.int64)
    for tile in _tiles(a.shape):
        _add(_padded(a, tile), _padded(b, tile), _TAPS, counts, chroma, means)
    return Profile(counts, chroma.sum(1), means)


def _tiles(shape: tuple[int, ...]) -> Iterator[tuple[slice, slice]]:
    """Yield tiles as slices of rows and columns, small enough for the cache."""
    height, width = shape[:2]
    for top in range(0, height, _TILE_PX):
        for left in range(0, width, _TILE_PX):
            yield slice(top, min(height, top + _TILE_PX)), slice(left, min(width, left + _TILE_PX))


def _padded(pixels: Pixels, tile: tuple[slice, slice]) -> Pixels:
    """Return a tile with a margin, in which the edge of the picture is repeated."""
    parts, missing = [], []
    for part, length in zip(tile, pixels.shape, strict=False):
        start, end = part.start - _MARGIN, part.stop + _MARGIN
        parts.append(slice(max(0, start), min(length, end)))
        missing.append((max(0, -start), max(0, end - length)))
    return np.pad(pixels[parts[0], parts[1]], [*missing, (0, 0)], mode="edge")


def _gaussian(sigma: float, length: int) -> Plane:
    places = np.arange(length) - length // 2
    taps = np.exp(-(places**2) / (2 * sigma**2))
    return np.asarray(taps / taps.sum(), np.float32)


_TAPS = np.stack([_gaussian(sigma, 13) for sigma in (1.2, 2.0)])


def energies() -> NDArray[np.float64]:
    """Return the mean squared difference (STEPS,) in the middle of each step."""
    return np.asarray(2.0 ** (_FIRST_OCTAVE + (np.arange(STEPS) + 0.5) / _PER_OCTAVE))
