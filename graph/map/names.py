"""Names that are written on the map: of communities and classes, by zoom level, without overlap.

At each level the names with most pictures are placed first, and one that would overlap those is
left for a deeper level, where there is more room. A name stays while one goes deeper: boxes keep
their size on the screen and move apart, so what does not overlap at one level does not at the next.
It ends when its pictures fill several screens, and those of its parts stand there in its place.

The page shows one kind of names at a time, so communities and classes take no room from each other.
"""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from graph.communities.guide import Guide
from graph.picture_facts import clipped
from imgrec.collection import Catalog, Ids
from imgrec.collection.kinds import CLASS, COMMUNITY
from imgrec.labels.community_names import is_lonely
from imgrec.maps.format import CELL_PX
from imgrec.maps.pyramid import Cells, Rows, side_of
from imgrec.system.file_names import printable

# Letters are drawn 13 px high: the size of a name on the screen.
_LETTER_PX, _LINE_PX, _MARGIN_PX = 7.5, 20, 14
_LONGEST = 28
# Levels below the deepest on which the map can still be magnified.
BELOW = 2
# A name ends where its pictures reach this far from their middle.
_SPREAD_PX = 1_400
MOST_NAMES, _MOST_CLASSES, _LEAST_PICTURES = 4_000, 200, 3
# A class is named if half of its pictures lie within this share of the side of the map.
_COMPACT = 0.12


@dataclass(frozen=True)
class MapName:
    """A name on the map.

    Attributes:
        text: at most 28 characters.
        kind: `community` or `class`.
        path: of the community; "" for a class.
        row: of the picture in its middle.
        x: of its middle, in cells of the deepest level.
        y: likewise, downwards.
        weight: number of pictures.
        spread: half of these are within so many cells of the middle.
        first: the level from which it is shown.
        last: the last level on which it is shown.
    """

    text: str
    kind: str
    path: str
    row: int
    x: float
    y: float
    weight: int
    spread: float
    first: int = -1
    last: int = -1

    def facts(self) -> dict[str, Any]:
        """Return it as the data file has it."""
        return {
            "text": self.text, "kind": self.kind, "path": self.path, "row": self.row,
            "x": self.x, "y": self.y, "from": self.first, "to": self.last, "weight": self.weight,
        }  # fmt: skip


def names_on(guide: Guide, catalog: Catalog, ids: Ids, cells: Cells, depth: int) -> list[MapName]:
    """Return the names that are written on a map, the most frequent first.

    Args:
        guide: to all communities.
        catalog: has the classes.
        ids: (n,) of the pictures.
        cells: (n, 2) of the pictures.
        depth: the deepest level.
    """
    found = [*_communities(guide, cells), *_classes(catalog, ids, cells, depth)]
    found.sort(key=lambda name: (-name.weight, name.path, name.text))
    return placed(found[:MOST_NAMES], depth)


def placed(names: Collection[MapName], depth: int) -> list[MapName]:
    """Return those of some names that fit among those of their kind, with their levels.

    Args:
        names: the most important first.
        depth: the deepest level.
    """
    kinds = [[name for name in names if name.kind == kind] for kind in (COMMUNITY, CLASS)]
    found = [name for kind in kinds for name in _placed_together(kind, depth)]
    return sorted(found, key=lambda name: (-name.weight, name.path, name.text))


def _placed_together(names: list[MapName], depth: int) -> list[MapName]:
    waiting, found = names, list[MapName]()
    for level in range(depth + BELOW + 1):
        scale = CELL_PX / 2.0 ** (depth - level)
        boxes = _Boxes(name for name in found if name.last >= level)
        left = []
        for name in waiting:
            last = _last_level(name, depth)
            if last < level:
                continue
            if boxes.are_free(name, scale):
                placed_name = replace(name, first=level, last=last)
                boxes.add(placed_name)
                found.append(placed_name)
            else:
                left.append(name)
        waiting = left
    return found


def width_px(text: str) -> float:
    """Return an estimate of the width of a name on the screen, with a margin."""
    return len(text) * _LETTER_PX + _MARGIN_PX


class _Boxes:
    """The names of a level."""

    def __init__(self, names: Iterable[MapName]) -> None:
        self._x, self._y, self._widths = list[float](), list[float](), list[float]()
        self._texts = set[str]()
        for name in names:
            self.add(name)

    def add(self, name: MapName) -> None:
        self._x.append(name.x)
        self._y.append(name.y)
        self._widths.append(width_px(name.text))
        self._texts.add(name.text.casefold())

    def are_free(self, name: MapName, scale: float) -> bool:
        """Return True if a name overlaps none, and says what none says."""
        if name.text.casefold() in self._texts:
            return False
        across = np.abs(np.array(self._x) - name.x) * scale
        down = np.abs(np.array(self._y) - name.y) * scale
        apart = (np.array(self._widths) + width_px(name.text)) / 2
        return not ((across < apart) & (down < _LINE_PX)).any()


def _last_level(name: MapName, depth: int) -> int:
    """Return the last level on which the spread of a name is not too wide for it."""
    levels = range(depth + BELOW, -1, -1)
    fits = (z for z in levels if name.spread * CELL_PX / 2.0 ** (depth - z) <= _SPREAD_PX)
    return next(fits, 0)


def _communities(guide: Guide, cells: Cells) -> Iterator[MapName]:
    of_nodes = guide.bundles
    for path, group in guide.groups.items():
        words = guide.words[path] if path else ""
        if not words or is_lonely(path):
            continue
        rows = of_nodes.representatives[group.rows]
        pictures = guide.pictures(path)
        if pictures >= _LEAST_PICTURES:
            row, x, y, spread = _middle(cells, rows)
            text = clipped(words, _LONGEST)
            yield MapName(text, COMMUNITY, path, row, x, y, pictures, spread)


def _classes(catalog: Catalog, ids: Ids, cells: Cells, depth: int) -> Iterator[MapName]:
    for value, own in catalog.labels.groups(CLASS, _MOST_CLASSES).items():
        rows = np.flatnonzero(np.isin(ids, own))
        if len(rows) < _LEAST_PICTURES:
            continue
        row, x, y, spread = _middle(cells, rows)
        # Pictures of a class that lie all over the map have no place.
        if spread <= _COMPACT * side_of(depth):
            text = clipped(printable(value.partition(",")[0]).strip(), _LONGEST)
            yield MapName(text, CLASS, "", row, x, y, len(rows), spread)


def _middle(cells: Cells, rows: Rows) -> tuple[int, float, float, float]:
    """Return the picture in the middle of some, its place, and how far half of them are from it.

    It is the one nearest to the median: its place is among them.
    """
    places: NDArray[np.float64] = cells[rows].astype(np.float64) + 0.5
    away = np.linalg.norm(places - np.median(places, axis=0), axis=1)
    nearest = int(away.argmin())
    x, y = places[nearest].tolist()
    return int(rows[nearest]), x, y, float(np.median(np.linalg.norm(places - (x, y), axis=1)))
