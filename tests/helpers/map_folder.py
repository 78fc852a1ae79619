"""A map of made pictures, written as `imgrec.maps.format` says, without a store or a site.

Each picture is one color with a lighter frame, so that a test sees in a screenshot which picture
is where.
"""

import io
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from graph.map.positions import grid_of
from imgrec.maps.format import (
    CELL_PX,
    CELLS,
    DENSITY,
    FACTS,
    FOLDER,
    FORMAT,
    NAMES,
    NEAR,
    PAGE,
    PER_DETAILS,
    PER_POINTS,
    details_name,
    file_of,
    json_of,
    label_name,
    layout_name,
    near_name,
    packed,
    packed_tiles,
    pieces,
    points_name,
    script_text,
    tile_name,
)
from imgrec.maps.page_files import map_assets, map_page
from imgrec.maps.pyramid import Pyramid, Tile, deepest_level, side_of


@dataclass(frozen=True)
class MadeMap:
    """A map of made pictures; row i is the picture with the id `ids[i]`.

    Attributes:
        cells: (n, 2) cells of the deepest level.
        ids: (n,) ascending.
        paths: of the pictures.
        groups: (n,) number of the group of each: its label, and the cloud in which it lies.
        names: of the groups.
        pyramid: that tiles and levels come from.
        levels: (n,) the first level that shows each.
    """

    cells: NDArray[np.uint16]
    ids: NDArray[np.int64]
    paths: list[str]
    groups: NDArray[np.int64]
    names: list[str]
    pyramid: Pyramid
    levels: NDArray[np.uint8] = field(repr=False)

    @property
    def depth(self) -> int:
        """The deepest level."""
        return self.pyramid.depth

    def color(self, row: int) -> tuple[int, int, int]:
        """Return the color of a picture."""
        mixed = (int(self.ids[row]) * 2654435761) % 2**24
        return 40 + mixed % 160, 40 + (mixed >> 8) % 160, 40 + (mixed >> 16) % 160

    def side(self, row: int) -> tuple[int, int]:
        """Return the sides of a picture's thumbnail in its slot, in pixels."""
        return ((64, 64), (64, 42), (48, 64))[int(self.ids[row]) % 3]


def made_map(n: int, groups: int = 7, seed: int = 3, paths: Sequence[str] = ()) -> MadeMap:
    """Return a map of pictures in round clouds.

    Args:
        n: pictures.
        groups: clouds.
        seed: of all that is random.
        paths: of the first pictures; the others get some.
    """
    rng = np.random.default_rng(seed)
    depth = deepest_level(n)
    member = np.sort(rng.integers(groups, size=n))
    centers = rng.uniform(-0.6, 0.6, (groups, 2))
    spread = rng.uniform(0.06, 0.2, groups)
    places = centers[member] + rng.normal(size=(n, 2)) * spread[member, None]
    cells = _distinct(np.clip(places, -0.99, 0.99), depth)
    shuffled = rng.permutation(n)
    cells, member = cells[shuffled], member[shuffled]
    ids = np.cumsum(rng.integers(1, 4, n)).astype(np.int64)
    pyramid = Pyramid(cells, rng.permutation(n).astype(np.int64), depth)
    names = [f"group {number}" for number in range(groups)]
    own = [*paths, *(f"{names[g]}/picture-{i:07d}.jpg" for i, g in enumerate(member))]
    return MadeMap(cells, ids, [*own[: len(paths)], *own[len(paths) :]][:n], member, names,
                   pyramid, pyramid.first_levels())  # fmt: skip


def _distinct(places: NDArray[np.floating], depth: int) -> NDArray[np.uint16]:
    """Return a cell of its own for each place: where one is taken, the next free one."""
    side = side_of(depth)
    wanted = ((places + 1) / 2 * side).astype(np.int64)
    keys = wanted[:, 1] * side + wanted[:, 0]
    order = np.argsort(keys, kind="stable")
    # Ascending keys, each at least one more than the one before, and none beyond the last cell.
    steps = np.arange(len(keys))
    moved = np.maximum.accumulate(keys[order] - steps) + steps
    back = np.minimum(moved, side * side - len(keys) + steps)
    cells = np.empty((len(keys), 2), np.uint16)
    cells[order] = np.stack([back % side, back // side], axis=1)
    return cells


def write_map_folder(
    site: Path, made: MadeMap, *, tiles: bool = True, image: bytes | None = None
) -> Path:
    """Write a map and the scripts of its page into a folder; return the page.

    Args:
        site: folder, made if it is absent.
        made: the pictures.
        tiles: False to leave the tiles out, which the facts name all the same.
        image: a WebP for all tiles, instead of one drawn for each.
    """
    folder = site / FOLDER
    folder.mkdir(parents=True)
    facts = json_of(_facts(made))
    (folder / FACTS).write_text(facts)
    (folder / PAGE).write_text(map_page(facts, len(made.ids), pages=False), "utf-8")
    Image.new("L", (256, 256), 200).save(folder / DENSITY)
    for name, value in _data(made):
        _write(folder, name, value)
    for level in range(made.depth + 1 if tiles else 0):
        for tile in made.pyramid.tiles(level):
            _write(folder, tile_name(level, tile.x, tile.y), _tile(made, tile, image))
    assets = site / "assets"
    assets.mkdir(exist_ok=True)
    for name, data in map_assets().items():
        (assets / name).write_bytes(data)
    return folder / PAGE


def _write(folder: Path, name: str, value: object) -> None:
    file = folder / file_of(name)
    file.parent.mkdir(exist_ok=True)
    file.write_text(script_text(name, value), "ascii")


def _facts(made: MadeMap) -> dict[str, Any]:
    counts = np.bincount(made.groups, minlength=len(made.names))
    colors = np.bincount(made.ids % 2, minlength=2)
    levels = range(made.depth + 1)
    return {
        "format": FORMAT, "pictures": len(made.ids), "feature": "made", "levels": made.depth + 1,
        "cell_px": CELL_PX, "cells": CELLS, "per_points": PER_POINTS, "per_details": PER_DETAILS,
        "layouts": [{"name": "map", "title": "Map"},
                    {"name": "pca", "title": "Principal components",
                     "axes": ["first axis", "second axis"]},
                    {"name": "grid", "title": "Grid"}],
        "labels": [
            {"kind": "group", "title": "Group", "values": made.names, "counts": counts.tolist()},
            # Half of the pictures have no value.
            {"kind": "color", "title": "Color", "values": ["red"], "counts": [int(colors[1])]},
        ],
        "tiles": [packed_tiles(level, made.pyramid.tile_places(level)) for level in levels],
        "roots": ["../pictures/"], "pages": False,
    }  # fmt: skip


def other_positions(made: MadeMap) -> NDArray[np.uint16]:
    """Return the positions (n, 2) of the other layout: rows of pictures by id."""
    n = len(made.ids)
    side = int(np.ceil(np.sqrt(n)))
    places = np.stack([np.arange(n) % side, np.arange(n) // side], axis=1)
    return (places * (65535 // max(side, 1))).astype(np.uint16)


def grid_positions(made: MadeMap) -> NDArray[np.uint16]:
    """Return the positions (n, 2) of the grid, which is made of the map."""
    places = (made.cells + 0.5) / side_of(made.depth) * 2 - 1
    return grid_of(places * (1, -1)).positions


def near_rows(made: MadeMap) -> NDArray[np.uint32]:
    """Return the neighbors (n, NEAR) of each picture: the next ones of its group."""
    order = np.argsort(made.groups, kind="stable")
    places = np.empty(len(order), np.int64)
    places[order] = np.arange(len(order))
    return order[(places[:, None] + np.arange(1, NEAR + 1)) % len(order)].astype(np.uint32)


def _data(made: MadeMap) -> list[tuple[str, Any]]:
    n = len(made.ids)
    sides = np.array(((64, 64), (64, 42), (48, 64)), np.uint8)[made.ids % 3]
    layouts, near = {"pca": other_positions(made), "grid": grid_positions(made)}, near_rows(made)
    similarity = np.tile(np.linspace(250, 100, NEAR).astype(np.uint8), (n, 1))
    files: list[tuple[str, Any]] = [(NAMES, {"names": _names(made)})]
    for number, rows in enumerate(pieces(n, PER_POINTS)):
        own = slice(rows.start, rows.stop)
        codes = ((made.groups[own] + 1), (made.ids[own] % 2))
        files += [
            (points_name(number), {
                "ids": packed(made.ids[own].astype(np.uint32)), "cells": packed(made.cells[own]),
                "sides": packed(sides[own]), "levels": packed(made.levels[own])}),
            *((layout_name(name, number), {"positions": packed(positions[own])})
              for name, positions in layouts.items()),
            *((label_name(kind, number), {"codes": packed(one.astype(np.uint16))})
              for kind, one in enumerate(codes)),
        ]  # fmt: skip
    for number, rows in enumerate(pieces(n, PER_DETAILS)):
        own = slice(rows.start, rows.stop)
        m = len(rows)
        files += [
            (details_name(number), {
                "paths": made.paths[own], "roots": [0] * m, "pages": [], "page": [-1] * m,
                "taken": ["2019-07-14"] * m, "sizes": [[640, 480]] * m}),
            (near_name(number), {
                "k": NEAR, "rows": packed(near[own]), "similarity": packed(similarity[own])}),
        ]  # fmt: skip
    return files


def _names(made: MadeMap) -> list[dict[str, Any]]:
    counts = np.bincount(made.groups, minlength=len(made.names))
    names = []
    for number, text in enumerate(made.names):
        if not counts[number]:
            continue
        members = np.flatnonzero(made.groups == number)
        x, y = np.median(made.cells[members], axis=0)
        away = np.abs(made.cells[members] - (x, y)).sum(axis=1)
        names.append({
            "text": text, "kind": "community", "path": str(number + 1), "x": float(x),
            "y": float(y), "from": 0, "to": made.depth, "weight": int(counts[number]),
            "row": int(members[away.argmin()])})  # fmt: skip
    return names


def _tile(made: MadeMap, tile: Tile, image: bytes | None) -> dict[str, Any]:
    data = image or tile_image(made, tile)
    return {
        "slots": packed(tile.slots),
        "rows": packed(tile.rows.astype(np.uint32)),
        "image": packed(np.frombuffer(data, np.uint8)),
    }


def tile_image(made: MadeMap, tile: Tile) -> bytes:
    """Return the WebP of a tile."""
    height = (int(tile.slots[-1]) // CELLS + 1) * CELL_PX
    pixels = np.zeros((height, CELLS * CELL_PX, 3), np.uint8)
    for slot, row in zip(tile.slots.tolist(), tile.rows.tolist(), strict=True):
        top, left = slot // CELLS * CELL_PX, slot % CELLS * CELL_PX
        width, tall = made.side(row)
        pixels[top : top + tall, left : left + width] = 235
        pixels[top + 4 : top + tall - 4, left + 4 : left + width - 4] = made.color(row)
    data = io.BytesIO()
    Image.fromarray(pixels).save(data, "WEBP", quality=80, method=0)
    return data.getvalue()
