"""A layout without overlap: every picture in a cell of its own of a full rectangle.

The cells are handed out by recursive median split. A block of cells is halved across its longer
side, and so are its pictures: those that lie lowest along that side, as many as the first half has
cells, go there. After about log2(n) rounds each block is one cell. Pictures that are near each
other in the given layout stay in the same block for most of the rounds, so neighborhoods survive
while empty space does not.

All blocks of a round are split at once by one sort, in O(n log² n) altogether. An optimal
assignment of pictures to cells takes O(n³), which is out of reach from some ten thousand on.

Source: Bentley 1975, Multidimensional binary search trees used for associative searching.
"""

from math import isqrt

import numpy as np
from numpy.typing import NDArray

from imgrec.layouts.umap import Positions

Numbers = NDArray[np.int64]


def grid_layout(positions: NDArray[np.floating]) -> Positions:
    """Return positions (n, 2) on a square lattice, from -1 to 1, no two of them equal.

    Args:
        positions: (n, 2) finite, x to the right and y up; only their order along x and y counts.
    """
    cells = grid_cells(positions)
    rows, columns = grid_shape(len(cells))
    step = 2 / max(columns - 1, 1)
    x = cells[:, 1] - (columns - 1) / 2
    y = (rows - 1) / 2 - cells[:, 0]
    return np.asarray(np.stack([x, y], axis=1) * step, np.float32)


def grid_cells(positions: NDArray[np.floating]) -> Numbers:
    """Return row and column (n, 2) of the cell of each picture, from 0; row 0 is the uppermost.

    The cells fill all rows of `grid_shape` but the last, and that from the left.

    Args:
        positions: (n, 2) finite, x to the right and y up; of equal values the earlier row is lower.
    """
    n = len(positions)
    rows, columns = grid_shape(n)
    right, down = _ranks(positions[:, 0]), _ranks(-positions[:, 1])
    # The block of each picture: its upper left cell, and its extent.
    top, left = np.zeros(n, np.int64), np.zeros(n, np.int64)
    height, width = np.full(n, rows), np.full(n, columns)
    while (height > 1).any() or (width > 1).any():
        across = width >= height
        # A block of one cell has an empty first half and itself as the second.
        high = np.where(across, height, height // 2)
        wide = np.where(across, width // 2, width)
        room = _room(top, left, high, wide, n, columns)
        first = _rank_within(top * columns + left, np.where(across, right, down)) < room
        moves_right, moves_down = ~first & across, ~first & ~across
        left += np.where(moves_right, wide, 0)
        top += np.where(moves_down, high, 0)
        width = np.where(moves_right, width - wide, wide)
        height = np.where(moves_down, height - high, high)
    return np.stack([top, left], axis=1)


def grid_shape(n: int) -> tuple[int, int]:
    """Return rows and columns of the smallest square with n cells, without its empty rows."""
    columns = isqrt(max(n - 1, 0)) + 1
    return -(-n // columns), columns


def _room(
    top: Numbers, left: Numbers, height: Numbers, width: Numbers, n: int, columns: int
) -> Numbers:
    """Return how many of the n cells lie in each block; the last row may end early."""
    last_row, in_last_row = (n - 1) // columns, (n - 1) % columns + 1
    lacking = np.clip(left + width - in_last_row, 0, width)
    has_last_row = (height > 0) & (top + height > last_row)
    return height * width - np.where(has_last_row, lacking, 0)


def _ranks(values: NDArray[np.floating]) -> Numbers:
    """Return the rank (n,) of each value, from 0; equal values in their order."""
    ranks = np.empty(len(values), np.int64)
    ranks[np.argsort(values, kind="stable")] = np.arange(len(values))
    return ranks


def _rank_within(blocks: Numbers, ranks: Numbers) -> Numbers:
    """Return the rank (n,) of each picture in its block, from 0, by its rank among all (n,)."""
    n = len(blocks)
    # All keys differ: any sort gives this order.
    order = np.argsort(blocks * n + ranks)
    firsts = np.flatnonzero(np.diff(blocks[order], prepend=-1))
    within = np.empty(n, np.int64)
    within[order] = np.arange(n) - np.repeat(firsts, np.diff(firsts, append=n))
    return within
