"""Compiled loops that halve and resize pictures, to the same bytes as Pillow.

A picture is resized along one axis and then along the other. Each result is a weighted sum of some
neighbors, in integers; the weights are rounded to 22 bits after the point, the sum to 8 bits. Both
axes use one loop (`weigh_rows`), which adds up whole rows, and along which a processor computes
many bytes with one instruction: to resize across, the picture is transposed first.

A pixel is four bytes, of which the last means nothing. Importing this module imports numba.

Source: Pillow, src/libImaging/Resample.c and Reduce.c.
"""

import numpy as np
from numba import types
from numpy.typing import NDArray

from imgrec.system.compiling import compiled

# Bits after the point of a weight, and half a unit of the result.
WEIGHT_BITS = 22
# Weights of a row are a multiple of so many, the last ones 0.
TOGETHER = 4

_HALF = np.int32(1 << (WEIGHT_BITS - 1))
_BITS, _ZERO, _MOST = np.int32(WEIGHT_BITS), np.int32(0), np.int32(255)
# Bytes of a row that are summed at a time: the sums stay in the fastest cache.
_CHUNK = 4096
# Rows that are transposed at a time. More of them, of a width of 1,024 pixels, would fight for the
# same places in the fastest cache.
_STRIP = 8
# Pixels in one number: red and blue, green, each with room for a carry.
_EVEN = np.uint32(0x00FF00FF)
_TWICE = np.uint32(0x00020002)
_ONCE = np.uint32(0x00010001)
_1, _2, _8 = np.uint32(1), np.uint32(2), np.uint32(8)

_PIXELS = types.Array(types.uint32, 2, "C", readonly=True)
_PIXELS_OUT = types.Array(types.uint32, 2, "C")
_BYTES = types.Array(types.uint8, 2, "C", readonly=True)
_BYTES_OUT = types.Array(types.uint8, 2, "C")
_STARTS = types.Array(types.int32, 1, "C", readonly=True)
_WEIGHTS = types.Array(types.int32, 2, "C", readonly=True)

Words = NDArray[np.uint32]


@compiled(_PIXELS, _PIXELS_OUT)
def transpose(pixels: Words, out: Words) -> None:
    """Fill `out` (w, h) with pixels (h, w)."""
    height, width = pixels.shape
    for strip in range(height // _STRIP):
        rows = pixels[_STRIP * strip : _STRIP * strip + _STRIP]
        to = out[:, _STRIP * strip : _STRIP * strip + _STRIP]
        for x in range(width):
            # Read before they are written: else the compiler must assume that one changes another.
            a, b, c, d = rows[0, x], rows[1, x], rows[2, x], rows[3, x]
            e, f, g, h = rows[4, x], rows[5, x], rows[6, x], rows[7, x]
            to[x, 0], to[x, 1], to[x, 2], to[x, 3] = a, b, c, d
            to[x, 4], to[x, 5], to[x, 6], to[x, 7] = e, f, g, h
    for y in range(height // _STRIP * _STRIP, height):
        for x in range(width):
            out[x, y] = pixels[y, x]


@compiled(_PIXELS, _PIXELS_OUT)
def halve(pixels: Words, out: Words) -> None:
    """Fill `out` (⌈h / 2⌉, ⌈w / 2⌉) with the means of 2 x 2 pixels (h, w), fewer at the far edges.

    A half is rounded up.
    """
    height, width = pixels.shape
    for i in range(height // 2):
        for j in range(width // 2):
            a, b = pixels[2 * i, 2 * j], pixels[2 * i, 2 * j + 1]
            c, d = pixels[2 * i + 1, 2 * j], pixels[2 * i + 1, 2 * j + 1]
            even = (a & _EVEN) + (b & _EVEN) + (c & _EVEN) + (d & _EVEN) + _TWICE
            odd = (a >> _8 & _EVEN) + (b >> _8 & _EVEN) + (c >> _8 & _EVEN) + (d >> _8 & _EVEN)
            out[i, j] = (even >> _2 & _EVEN) | ((odd + _TWICE) >> _2 & _EVEN) << _8
    last = out.shape[0] - 1
    for j in range(width // 2 if height % 2 else 0):
        a, b = pixels[height - 1, 2 * j], pixels[height - 1, 2 * j + 1]
        even, odd = (a & _EVEN) + (b & _EVEN) + _ONCE, (a >> _8 & _EVEN) + (b >> _8 & _EVEN)
        out[last, j] = (even >> _1 & _EVEN) | ((odd + _ONCE) >> _1 & _EVEN) << _8
    last = out.shape[1] - 1
    for i in range(height // 2 if width % 2 else 0):
        a, b = pixels[2 * i, width - 1], pixels[2 * i + 1, width - 1]
        even, odd = (a & _EVEN) + (b & _EVEN) + _ONCE, (a >> _8 & _EVEN) + (b >> _8 & _EVEN)
        out[i, last] = (even >> _1 & _EVEN) | ((odd + _ONCE) >> _1 & _EVEN) << _8
    if height % 2 and width % 2:
        out[out.shape[0] - 1, last] = pixels[height - 1, width - 1]


@compiled(_BYTES, types.int64, _STARTS, _WEIGHTS, _BYTES_OUT)
def weigh_rows(
    rows: NDArray[np.uint8],
    skipped: int,
    starts: NDArray[np.int32],
    weights: NDArray[np.int32],
    out: NDArray[np.uint8],
) -> None:
    """Fill `out` (m, length) with weighted sums of a part of rows (n, at least length).

    Args:
        rows: of bytes.
        skipped: bytes at the beginning of each row that are not taken.
        starts: (m,) the first row of each sum.
        weights: (m, t) in units of 2⁻²²; t is a multiple of 4, and those of rows after the last
            one are 0.
        out: changed in place.
    """
    last, length = rows.shape[0] - 1, out.shape[1]
    sums = np.empty(min(_CHUNK, length), np.int32)
    for left in range(0, length, _CHUNK):
        width, place = min(_CHUNK, length - left), skipped + left
        for i in range(out.shape[0]):
            sums[:width] = _HALF
            for t in range(0, weights.shape[1], TOGETHER):
                first = starts[i] + t
                a, b = rows[min(first, last), place:], rows[min(first + 1, last), place:]
                c, d = rows[min(first + 2, last), place:], rows[min(first + 3, last), place:]
                u, v, w, z = weights[i, t], weights[i, t + 1], weights[i, t + 2], weights[i, t + 3]
                for j in range(width):
                    # Cast: numba adds 32-bit integers as 64-bit ones.
                    sums[j] = np.int32(
                        sums[j]
                        + np.int32(np.int32(a[j]) * u)
                        + np.int32(np.int32(b[j]) * v)
                        + np.int32(np.int32(c[j]) * w)
                        + np.int32(np.int32(d[j]) * z)
                    )
            to = out[i, left:]
            for j in range(width):
                to[j] = np.uint8(min(max(sums[j] >> _BITS, _ZERO), _MOST))


@compiled(_BYTES, _BYTES_OUT)
def pack(pixels: NDArray[np.uint8], out: NDArray[np.uint8]) -> None:
    """Fill `out` (n, 3) with the first three bytes of pixels (n, 4)."""
    for i in range(pixels.shape[0]):
        red, green, blue = pixels[i, 0], pixels[i, 1], pixels[i, 2]
        out[i, 0], out[i, 1], out[i, 2] = red, green, blue
