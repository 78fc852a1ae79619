"""Compiled loops that measure: the structure of a thumbnail, the edges of a tile, levels of colors.

Each computes what NumPy and Pillow do in `imgrec.pictures.measures`, `imgrec.pictures.edge_width`
and `imgrec.encoders.rgb`, bit by bit. Importing this module imports numba.

Source: luma: Pillow, src/libImaging/Convert.c.
"""

import numpy as np
from numba import types
from numpy.typing import NDArray

from imgrec.system.compiling import compiled

_GRAY = types.Array(types.uint8, 2, "C", readonly=True)
_GRAY_OUT = types.Array(types.uint8, 2, "C")
_LINE = types.Array(types.uint8, 1, "C")
_PIXELS = types.Array(types.uint8, 3, "C", readonly=True)
_SUMS = types.Array(types.int64, 2, "C")
_RED, _GREEN, _BLUE, _HALF = (np.uint32(value) for value in (19595, 38470, 7471, 0x8000))
_BITS = np.uint32(16)

Gray = NDArray[np.uint8]  # (h, w)
Line = NDArray[np.uint8]  # (n,)


@compiled(_PIXELS, types.int64, types.int64, _GRAY_OUT)
def luma(pixels: NDArray[np.uint8], top: int, left: int, out: Gray) -> None:
    """Fill `out` (m, n) with the luma of pixels (h, w, 4) from a row and a column on."""
    for i in range(out.shape[0]):
        for j in range(out.shape[1]):
            pixel = pixels[top + i, left + j]
            light = np.uint32(
                np.uint32(pixel[0]) * _RED
                + np.uint32(pixel[1]) * _GREEN
                + np.uint32(pixel[2]) * _BLUE
                + _HALF
            )
            out[i, j] = np.uint8(light >> _BITS)


@compiled(_GRAY, types.int64, types.int64, returns=types.int64)
def flat_blocks(shades: Gray, block: int, structure: int) -> int:
    """Return how many blocks of shades (h, w) have a difference less than `structure`."""
    flat = 0
    for top in range(0, shades.shape[0], block):
        for left in range(0, shades.shape[1], block):
            low, high = shades[top, left], shades[top, left]
            for row in shades[top : top + block, left : left + block]:
                for shade in row:
                    low, high = min(low, shade), max(high, shade)
            flat += 1 if int(high) - int(low) < structure else 0
    return flat


@compiled(_GRAY, types.int64, _SUMS)
def block_steps(shades: Gray, block: int, out: NDArray[np.int64]) -> None:
    """Fill `out` with the sum of all steps between neighbors in each whole block of shades (h, w).

    A block ends at the far edge if that is less than a block away.
    """
    rows, columns = out.shape
    out[:] = 0
    for i in range(shades.shape[0]):
        here, above = shades[i], shades[max(i - 1, 0)]
        for column in range(columns):
            first = column * block
            end = first + block if column < columns - 1 else shades.shape[1]
            total = np.int32(0)
            for j in range(first, end):
                shade = np.int32(here[j])
                # Outside the picture there is no step.
                before = np.int32(here[max(j - 1, 0)])
                total += abs(shade - before) + abs(shade - np.int32(above[j]))
            out[min(i // block, rows - 1), column] += total


@compiled(_GRAY, types.int64, types.int64, _LINE, _LINE, types.int64, returns=types.int64)
def edges(tile: Gray, span: int, rise: int, steps: Line, rises: Line, count: int) -> int:
    """Append the edges along the columns of a tile: one step in the middle, and the whole rise.

    Args:
        tile: gray (h, w).
        span: pixels over which an edge rises at most; even.
        rise: from which it is an edge.
        steps: with room for all pixels of the tile; changed in place, as is `rises`.
        rises: of the edges.
        count: how many edges there are already.

    Returns:
        How many there are now; what lies behind them means nothing.
    """
    height, width = tile.shape
    high, low = np.empty((height, width), np.uint8), np.empty((height, width), np.uint8)
    for i in range(height - 1):
        for j in range(width):
            a, b = tile[i, j], tile[i + 1, j]
            high[i, j], low[i, j] = max(a, b), min(a, b)
    # Of pairs that reach over two pixels, to those of the whole span.
    covered = 2
    while covered < span:
        reach = min(covered, span - covered)
        # Into others: in place, the compiler would have to keep the order of all pixels.
        higher, lower = np.empty((height, width), np.uint8), np.empty((height, width), np.uint8)
        for i in range(height - covered - reach + 1):
            for j in range(width):
                higher[i, j] = max(high[i, j], high[i + reach, j])
                lower[i, j] = min(low[i, j], low[i + reach, j])
        high, low = higher, lower
        covered += reach
    middle = span // 2 - 1
    for i in range(height - span + 1):
        for j in range(width):
            a, b = tile[i + middle, j], tile[i + middle + 1, j]
            # Without a branch, which would be guessed wrong as often as not.
            whole = high[i, j] - low[i, j]
            rises[count], steps[count] = whole, max(a, b) - min(a, b)
            count += 1 if whole >= rise else 0
    return count


@compiled(_GRAY, _SUMS)
def count_levels(pixels: NDArray[np.uint8], out: NDArray[np.int64]) -> None:
    """Fill `out` (3, 256) with how often pixels (n, 3) have each level of each channel."""
    out[:] = 0
    for i in range(pixels.shape[0]):
        out[0, pixels[i, 0]] += 1
        out[1, pixels[i, 1]] += 1
        out[2, pixels[i, 2]] += 1
