"""Read the map of a site that anybody may have written.

Invariant: what a `SiteMap` returns has the types, shapes and ranges that this module names. Files
are regular, reached through no link, and no larger than `imgrec graph` writes them; scripts are
parsed, never run; the image of a tile is known by its header to have the size of its slots, and is
not decoded here. Whatever is otherwise is a `MapError` of one line that names the file.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from imgrec.errors import ImgrecError, cause_of
from imgrec.maps import shapes
from imgrec.maps.format import (
    BASE,
    CELL_PX,
    CELLS,
    FACTS,
    FOLDER,
    MOST_KINDS,
    MOST_VALUES,
    NAMES,
    OTHER_VALUE,
    PER_DETAILS,
    PER_POINTS,
    TILE_BYTES,
    base64_bytes,
    details_name,
    file_of,
    label_name,
    layout_name,
    near_name,
    pieces,
    points_name,
    script_value,
    tile_name,
    unpacked,
    unpacked_tiles,
)
from imgrec.maps.pyramid import side_of
from imgrec.maps.webp_header import webp_size
from imgrec.system.json_files import Shape, problem, read_json
from imgrec.system.regular_files import read_regular

_FACTS_BYTES, _ARRAYS_BYTES, _TEXTS_BYTES = 1 << 24, 1 << 21, 1 << 26
_SIDES = 2


class MapError(ImgrecError):
    """A map is absent, damaged, or of another version."""


@dataclass(frozen=True)
class Points:
    """Some pictures.

    Attributes:
        ids: (m,) of the catalog, ascending.
        cells: (m, 2) at the deepest level.
        levels: (m,) the first level that shows each.
        sides: (m, 2) width and height of their thumbnails in a slot.
    """

    ids: NDArray[np.uint32]
    cells: NDArray[np.uint16]
    levels: NDArray[np.uint8]
    sides: NDArray[np.uint8]


@dataclass(frozen=True)
class Near:
    """The nearest of some pictures: rows (m, k), nearest first, and similarities, 0 to 255."""

    rows: NDArray[np.uint32]
    similarity: NDArray[np.uint8]


@dataclass(frozen=True)
class TileData:
    """A tile: its occupied slots (m,), ascending, the rows (m,) of these, and its WebP."""

    slots: NDArray[np.uint8]
    rows: NDArray[np.uint32]
    image: bytes


class SiteMap:
    """Reader of the map of a site."""

    def __init__(self, folder: Path, facts: Mapping[str, Any]) -> None:
        self._folder = folder
        self.facts = facts
        self.pictures: int = facts["pictures"]
        self.depth: int = facts["levels"] - 1
        self.side = side_of(self.depth)

    @classmethod
    def open(cls, site: Path) -> "SiteMap":
        """Open the map of a site.

        Raises:
            MapError: it has none, or the facts are damaged.
        """
        folder = Path(os.path.realpath(site)) / FOLDER
        try:
            _check_unlinked(folder / FACTS)
            facts = read_json(folder / FACTS, shapes.FACTS, most_bytes=_FACTS_BYTES)
            found = cls(folder, facts)
            found._check_facts()
        except (OSError, ValueError) as error:
            raise _damaged(FACTS, error) from error
        return found

    @cached_property
    def tiles(self) -> list[NDArray[np.int64]]:
        """The tiles (m, 2) of each level, x and y, row after row."""
        return [unpacked_tiles(level, bits) for level, bits in enumerate(self.facts["tiles"])]

    @property
    def layouts(self) -> list[str]:
        """The names of the layouts that have files."""
        return [layout["name"] for layout in self.facts["layouts"][1:]]

    def points_files(self) -> range:
        """Return the numbers of the files of points, and of each layout and kind of label."""
        return range(len(pieces(self.pictures, PER_POINTS)))

    def details_files(self) -> range:
        """Return the numbers of the files of details, and of neighbors."""
        return range(len(pieces(self.pictures, PER_DETAILS)))

    def names_of_files(self) -> set[str]:
        """Return the names of all data files that the facts call for."""
        points, details = self.points_files(), self.details_files()
        return {
            NAMES,
            *map(points_name, points),
            *map(details_name, details),
            *map(near_name, details),
            *(layout_name(layout, number) for layout in self.layouts for number in points),
            *(label_name(i, number) for i in range(len(self.facts["labels"])) for number in points),
            *(
                tile_name(level, x, y)
                for level, tiles in enumerate(self.tiles)
                for x, y in tiles.tolist()
            ),
        }

    def points(self, number: int) -> Points:
        """Return the pictures of a file of points.

        Raises:
            MapError: it is absent or damaged, as for all that follow.
        """
        name, m = points_name(number), self._rows(number, PER_POINTS)
        try:
            value = self._value(name, shapes.POINTS, _ARRAYS_BYTES)
            ids = unpacked(value["ids"], "u4", m)
            cells = unpacked(value["cells"], "u2", m, 2)
            levels = unpacked(value["levels"], "u1", m)
            sides = unpacked(value["sides"], "u1", m, 2)
            _check((np.diff(ids.astype(np.int64)) > 0).all(), "its ids do not ascend")
            _check((cells < self.side).all(), "a cell lies outside of the map")
            _check((levels <= self.depth).all(), "a level is deeper than the map")
            _check(((sides > 0) & (sides <= CELL_PX)).all(), "a thumbnail is larger than its slot")
        except (OSError, ValueError) as error:
            raise _damaged(file_of(name), error) from error
        return Points(ids, cells, levels, sides)

    def layout(self, name: str, number: int) -> NDArray[np.uint16]:
        """Return positions (m, 2) over the square of the map, y down."""
        m = self._rows(number, PER_POINTS)
        if name not in self.layouts:
            raise MapError(f"the map has no layout {name[:40]!r}")
        return self._array(layout_name(name, number), shapes.LAYOUT, "positions", "u2", m, 2)

    def label(self, kind: int, number: int) -> NDArray[np.uint16]:
        """Return the codes (m,) of a kind of label, given by its place in the facts."""
        m = self._rows(number, PER_POINTS)
        if not 0 <= kind < len(self.facts["labels"]):
            raise MapError(f"the map has no label number {kind}")
        name = label_name(kind, number)
        codes = self._array(name, shapes.LABEL, "codes", "u2", m)
        known = len(self.facts["labels"][kind]["values"])
        if ((codes > known) & (codes != OTHER_VALUE)).any():
            raise _damaged(file_of(name), ValueError("a code stands for no value"))
        return codes

    def names(self) -> list[dict[str, Any]]:
        """Return the names that are written on the map, as `shapes.NAMES` has them."""
        try:
            found: list[dict[str, Any]] = self._value(NAMES, shapes.NAMES, _TEXTS_BYTES)["names"]
            inside = all(0 <= one[axis] <= self.side for one in found for axis in ("x", "y"))
            _check(inside, "a name lies outside of the map")
            known = all(one["row"] < self.pictures for one in found)
            _check(known, "a row is that of no picture")
        except (OSError, ValueError) as error:
            raise _damaged(file_of(NAMES), error) from error
        return found

    def details(self, number: int) -> dict[str, Any]:
        """Return paths, roots, pages, dates and sizes of some pictures, as `shapes.DETAILS`."""
        name, m = details_name(number), self._rows(number, PER_DETAILS)
        try:
            value: dict[str, Any] = self._value(name, shapes.DETAILS, _TEXTS_BYTES)
            columns = ("paths", "roots", "page", "taken", "sizes")
            _check({len(value[column]) for column in columns} == {m}, f"it has not {m:,} rows")
            known = max(value["roots"]) < len(self.facts["roots"])
            _check(known, "a root is not in the facts")
            _check(max(value["page"]) < len(value["pages"]), "a page is not in its list")
            _check({*map(len, value["sizes"])} == {_SIDES}, "a size has not two numbers")
        except (OSError, ValueError) as error:
            raise _damaged(file_of(name), error) from error
        return value

    def near(self, number: int) -> Near:
        """Return the nearest pictures of some pictures."""
        name, m = near_name(number), self._rows(number, PER_DETAILS)
        try:
            value = self._value(name, shapes.NEAR_ROWS, _ARRAYS_BYTES)
            rows = unpacked(value["rows"], "u4", m, value["k"])
            similarity = unpacked(value["similarity"], "u1", m, value["k"])
            _check((rows < self.pictures).all(), "a row is that of no picture")
        except (OSError, ValueError) as error:
            raise _damaged(file_of(name), error) from error
        return Near(rows, similarity)

    def tile(self, level: int, x: int, y: int) -> TileData:
        """Return a tile that the facts name."""
        if not self.has_tile(level, x, y):
            raise MapError(f"the map has no tile {x}, {y} of level {level}")
        name = tile_name(level, x, y)
        try:
            value = self._value(name, shapes.TILE, TILE_BYTES)
            slots = np.frombuffer(base64_bytes(value["slots"]), np.uint8)
            _check(len(slots) > 0 and (np.diff(slots.astype(int)) > 0).all(), "its slots are wrong")
            rows = unpacked(value["rows"], "u4", len(slots))
            _check((rows < self.pictures).all(), "a row is that of no picture")
            image = base64_bytes(value["image"])
            wanted = (CELLS * CELL_PX, (int(slots[-1]) // CELLS + 1) * CELL_PX)
            _check(webp_size(image) == wanted, "its image has not the size of its slots")
        except (OSError, ValueError) as error:
            raise _damaged(file_of(name), error) from error
        return TileData(slots, rows, image)

    def has_tile(self, level: int, x: int, y: int) -> bool:
        """Return True if the facts name a tile."""
        if not 0 <= level <= self.depth or not (0 <= x < 1 << level and 0 <= y < 1 << level):
            return False
        place = (y << level) + x
        tiles = self.tiles[level]
        at = int(np.searchsorted((tiles[:, 1] << level) + tiles[:, 0], place))
        return at < len(tiles) and tiles[at].tolist() == [x, y]

    def _rows(self, number: int, size: int) -> int:
        """Return the number of rows of a file of `size` rows.

        Raises:
            MapError: there is no such file.
        """
        if not 0 <= number * size < self.pictures:
            raise MapError(f"the map has no file number {number}")
        return min(size, self.pictures - number * size)

    def _array(
        self, name: str, shape: Shape, column: str, kind: str, *counts: int
    ) -> NDArray[np.uint16]:
        try:
            return unpacked(self._value(name, shape, _ARRAYS_BYTES)[column], kind, *counts)
        except (OSError, ValueError) as error:
            raise _damaged(file_of(name), error) from error

    def _value(self, name: str, shape: Shape, most_bytes: int) -> Any:
        path = self._folder / file_of(name)
        _check_unlinked(path)
        value = script_value(read_regular(path, most_bytes), name)
        if wrong := problem(value, shape):
            raise ValueError(wrong)
        return value

    def _check_facts(self) -> None:
        facts = self.facts
        layouts = [layout["name"] for layout in facts["layouts"]]
        _check(layouts[:1] == [BASE] and len({*layouts}) == len(layouts), "its layouts are wrong")
        _check(len(facts["tiles"]) == facts["levels"], "it has not the tiles of each level")
        _check(all(map(len, self.tiles)), "a level has no tiles")
        _check(len(facts["labels"]) <= MOST_KINDS, "it has too many kinds of labels")
        for label in facts["labels"]:
            fits = len(label["values"]) == len(label["counts"]) <= MOST_VALUES
            _check(fits, "a kind of label has not a count for each value")


def _check(holds: object, otherwise: str) -> None:
    if not holds:
        raise ValueError(otherwise)


def _check_unlinked(path: Path) -> None:
    """Check that no part of a path is a link.

    Raises:
        OSError: it does not exist.
        ValueError: one is.
    """
    _check(os.path.realpath(path, strict=True) == str(path), "it is reached through a link")


def _damaged(file: str, error: Exception) -> MapError:
    what = cause_of(error)
    return MapError(
        f"{FOLDER}/{file} of the site cannot be used ({what}): write the site again with "
        "imgrec graph"
    )
