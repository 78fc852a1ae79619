"""The pyramid of a map: which picture each cell of each level shows.

Level z is a square of 16 · 2^z cells a side, in tiles of 16 × 16 cells. Each picture has a cell of
its own at the deepest level D; at level z it lies in the cell (x >> (D - z), y >> (D - z)). A cell
shows its first picture by priority. The pictures of a cell are those of the four cells below it,
so its first one is the first of one of these: what is visible stays visible when one goes deeper.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from imgrec.maps.format import CELLS, LEAST_LEVEL, MOST_LEVEL

Cells = NDArray[np.uint16]
Rows = NDArray[np.int64]


class Tile(NamedTuple):
    """A tile of a level.

    Attributes:
        level: of the tile.
        x: its column of tiles.
        y: its row of tiles.
        slots: (m,) uint8, ascending: which of its 256 cells show a picture, row after row.
        rows: (m,) int64, the picture of each.
    """

    level: int
    x: int
    y: int
    slots: NDArray[np.uint8]
    rows: Rows


def side_of(level: int) -> int:
    """Return the number of cells of a side of a level."""
    return CELLS << level


def deepest_level(pictures: int) -> int:
    """Return the least level that has two cells for each picture, or the greatest there is."""
    level = LEAST_LEVEL
    while side_of(level) ** 2 < 2 * pictures and level < MOST_LEVEL:
        level += 1
    return level


@dataclass(frozen=True)
class Pyramid:
    """The pictures of all levels.

    Attributes:
        cells: (n, 2) uint16, x and y of each picture at the deepest level, no two alike.
        ranks: (n,) int64, a permutation: of the pictures of a cell the one of the least rank is
            shown.
        depth: the deepest level.
    """

    cells: Cells
    ranks: Rows
    depth: int

    def shown(self, level: int) -> tuple[Rows, Rows]:
        """Return cells (m,) that show a picture at a level, ascending, and the rows (m,) of these.

        A cell is y · side + x.
        """
        side = side_of(level)
        x, y = self.cells.astype(np.int64).T >> (self.depth - level)
        cells = y * side + x
        order = np.lexsort((self.ranks, cells))
        cells = cells[order]
        first = np.diff(cells, prepend=-1) > 0
        return cells[first], order[first]

    def first_levels(self) -> NDArray[np.uint8]:
        """Return the first level (n,) that shows each picture; all below it show it too."""
        found = np.full(len(self.cells), self.depth, np.uint8)
        for level in range(self.depth - 1, -1, -1):
            found[self.shown(level)[1]] = level
        return found

    def tiles(self, level: int) -> Iterator[Tile]:
        """Yield the tiles of a level that show a picture, row after row."""
        cells, rows = self.shown(level)
        y, x = np.divmod(cells, side_of(level))
        tiles = (y // CELLS << level) + x // CELLS
        slots = (y % CELLS * CELLS + x % CELLS).astype(np.uint8)
        order = np.lexsort((slots, tiles))
        tiles, slots, rows = tiles[order], slots[order], rows[order]
        starts = np.flatnonzero(np.diff(tiles, prepend=-1))
        for start, stop in zip(starts, [*starts[1:], len(tiles)], strict=True):
            ty, tx = divmod(int(tiles[start]), 1 << level)
            yield Tile(level, tx, ty, slots[start:stop], rows[start:stop])

    def tile_places(self, level: int) -> NDArray[np.int64]:
        """Return x and y (m, 2) of the tiles of a level that show a picture, row after row."""
        x, y = self.cells.astype(np.int64).T >> (self.depth - level)
        tiles = np.unique((y // CELLS << level) + x // CELLS)
        return np.stack([tiles & ((1 << level) - 1), tiles >> level], axis=1)


def centers(cells: Cells, depth: int) -> NDArray[np.float32]:
    """Return positions (n, 2) of cells of the deepest level, -1 to 1, y up."""
    places: NDArray[Any] = (cells + np.float32(0.5)) / np.float32(side_of(depth) / 2) - 1
    places[:, 1] *= -1
    return places.astype(np.float32)
