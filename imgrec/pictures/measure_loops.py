"""Compiled loops that measure: the structure of a thumbnail, the edges of a tile, levels of colors.

Each computes what NumPy and Pillow do in `imgrec.pictures.measures`, `imgrec.pictures.edge_width`
and `imgrec.encoders.rgb`, bit by bit. Importing this module imports numba.

Source: luma: Pillow, src/libImaging/Convert.c.
"""

import numpy as np
from numba import types
from numpy.typing import NDArray

from imgrec.system.compiling import compiled, inlined

_GRAY = types.Array(types.uint8, 2, "C", readonly=True)
_LINES = types.Array(types.uint8, 2, "C")
_TILES = types.Array(types.uint8, 3, "C", readonly=True)
_TILES_OUT = types.Array(types.uint8, 3, "C")
_CORNERS = types.Array(types.int64, 2, "C", readonly=True)
_COUNTS = types.Array(types.int64, 1, "C")
_PIXELS = types.Array(types.uint8, 3, "C", readonly=True)
_SUMS = types.Array(types.int64, 2, "C")
_RED, _GREEN, _BLUE, _HALF = (np.uint32(value) for value in (19595, 38470, 7471, 0x8000))
_BITS = np.uint32(16)

Gray = NDArray[np.uint8]  # (h, w)
Line = NDArray[np.uint8]  # (n,)


@compiled(_PIXELS, _CORNERS, _TILES_OUT)
def luma(pixels: NDArray[np.uint8], corners: NDArray[np.int64], out: NDArray[np.uint8]) -> None:
    """Fill `out` (n, side, side) with the luma of tiles of pixels (h, w, 4).

    Args:
        pixels: RGB, and a byte that means nothing.
        corners: (n, 2) the column and the row where each tile begins.
        out: changed in place.
    """
    side = out.shape[1]
    for n in range(out.shape[0]):
        left, top = corners[n, 0], corners[n, 1]
        tile = pixels[top : top + side, left : left + side]
        for i in range(side):
            for j in range(side):
                light = np.uint32(
                    np.uint32(tile[i, j, 0]) * _RED
                    + np.uint32(tile[i, j, 1]) * _GREEN
                    + np.uint32(tile[i, j, 2]) * _BLUE
                    + _HALF
                )
                out[n, i, j] = np.uint8(light >> _BITS)


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


@inlined
def _append_edges(tile: Gray, span: int, rise: int, steps: Line, rises: Line, count: int) -> int:
    """Append the edges along the columns of a tile; return how many there are then."""
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


@compiled(_TILES, types.int64, types.int64, _LINES, _LINES, _COUNTS)
def edges(
    tiles: NDArray[np.uint8], span: int, rise: int, steps: Gray, rises: Gray,
    counts: NDArray[np.int64],
) -> None:  # fmt: skip
    """Find the edges along the rows and the columns of tiles, in any order.

    Args:
        tiles: gray (n, side, side).
        span: pixels over which an edge rises at most; even.
        rise: from which it is an edge.
        steps: (n, 2 · side²), filled with one step in the middle of each edge.
        rises: the same, filled with the whole rise of each.
        counts: (n,) filled with the number of edges; what lies behind them means nothing.
    """
    side = tiles.shape[1]
    turned = np.empty((side, side), np.uint8)
    for n in range(tiles.shape[0]):
        tile = tiles[n]
        for i in range(side):
            for j in range(side):
                turned[j, i] = tile[i, j]
        count = _append_edges(tile, span, rise, steps[n], rises[n], 0)
        counts[n] = _append_edges(turned, span, rise, steps[n], rises[n], count)


@compiled(_GRAY, _SUMS)
def count_levels(pixels: NDArray[np.uint8], out: NDArray[np.int64]) -> None:
    """Fill `out` (3, 256) with how often pixels (n, 3) have each level of each channel."""
    out[:] = 0
    for i in range(pixels.shape[0]):
        out[0, pixels[i, 0]] += 1
        out[1, pixels[i, 1]] += 1
        out[2, pixels[i, 2]] += 1
