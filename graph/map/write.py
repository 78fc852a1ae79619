"""Write the map of a collection into a site: positions, tiles, data, page.

Tiles are drawn in worker processes, in the order of their levels; those that are made of the same
as in the site before are taken over. The same store and seed give the same bytes.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np

from graph.communities.build import CommunityTree
from graph.map.data import (
    DataFile,
    detail_files,
    label_files,
    layout_files,
    near_files,
    point_files,
)
from graph.map.density import density_png
from graph.map.labels import Coloring, colorings
from graph.map.names import names_on
from graph.map.positions import Layout, other_layouts, spread
from graph.map.priority import ranks_of
from graph.map.snapping import snapped
from graph.map.tiles import Pixels, TileShop, TileTask, TileWritten, write_tile
from imgrec.collection import Ids
from imgrec.errors import ImgrecError
from imgrec.layouts.umap import Positions
from imgrec.maps.format import (
    BASE,
    CELL_PX,
    CELLS,
    DENSITY,
    FACTS,
    FOLDER,
    FORMAT,
    MOST_LEVEL,
    NAMES,
    PAGE,
    PER_DETAILS,
    PER_POINTS,
    file_of,
    json_of,
    packed_tiles,
    script_text,
    tile_name,
)
from imgrec.maps.page_files import map_assets, map_page
from imgrec.maps.pyramid import Pyramid, deepest_level, side_of
from imgrec.sources.opening import source_of
from imgrec.store.store import Store
from imgrec.system.file_links import link_to
from imgrec.system.known_outputs import Made
from imgrec.system.progress import progress
from imgrec.system.stage_costs import MAP_DATA, MAP_TILES
from imgrec.system.workers import in_order

MOST_PICTURES = side_of(MOST_LEVEL) ** 2 // 2


@dataclass(frozen=True)
class MapOptions:
    """Options of a map.

    Attributes:
        feature: name of the compared feature.
        seed: of the layout.
        workers: processes that draw tiles.
        pages: True if the site has network pages too.
        roots: roots that are reachable now.
        quiet: show no progress.
    """

    feature: str
    seed: int
    workers: int
    pages: bool
    roots: frozenset[str]
    quiet: bool = True


@dataclass(frozen=True)
class MapWritten:
    """A map that was written.

    Attributes:
        made: what its tiles were made of, by path relative to the site.
        kept: number of tiles that were taken over.
        warnings: one line for each problem that did not stop it.
    """

    made: dict[str, Made]
    kept: int
    warnings: list[str]


def check_map_size(pictures: int) -> None:
    """Raise ImgrecError if there are more pictures than a map has cells for."""
    if pictures > MOST_PICTURES:
        raise ImgrecError(
            f"a map holds {MOST_PICTURES:,} pictures at most, not {pictures:,}: leave it out by "
            "--no-map"
        )


def write_map(
    collection: CommunityTree,
    positions: Positions,
    store: Store,
    shop: TileShop,
    options: MapOptions,
    known: Mapping[str, Made],
) -> MapWritten:
    """Write all files of a map into the folder of a new site.

    Args:
        collection: the communities of all pictures.
        positions: (n, 2) of the pictures, -1 to 1, y up.
        store: open.
        shop: what tiles are made of, and where.
        options: of the map.
        known: what the files of the old site were made of, by path.
    """
    neighbors, feature = collection.neighbors, options.feature
    depth = deepest_level(len(neighbors.ids))
    near = neighbors.rows()
    cells = snapped(spread(positions), depth)
    pyramid = Pyramid(cells, ranks_of(collection.guide, near), depth)
    sides, written = _write_tiles(pyramid, neighbors.ids, shop, options, known)
    with progress(MAP_DATA, quiet=options.quiet):
        layouts = other_layouts(store, store.feature(feature), positions, options.seed)
        labels = colorings(collection.guide, collection.labels, store.catalog, neighbors.ids)
        names = names_on(collection.guide, store.catalog, neighbors.ids, cells, depth)
        roots = list(store.catalog.roots())
        details = detail_files(collection.labels, store.catalog, neighbors.ids, roots)
        folder = shop.folder / FOLDER
        for name, value in chain(
            point_files(neighbors.ids, pyramid, sides),
            chain.from_iterable(map(layout_files, layouts)),
            chain.from_iterable(map(label_files, range(len(labels)), labels)),
            near_files(neighbors, near),
            details,
            [(NAMES, {"names": [name.facts() for name in names]})],
        ):
            _write(folder, (name, value))
        links = [_root_link(root, shop.site, options.roots) for root in roots]
        facts = _facts(pyramid, feature, layouts, labels, links, options.pages)
        (folder / FACTS).write_text(json_of(facts) + "\n", "ascii")
        (folder / DENSITY).write_bytes(density_png(cells, depth))
        page = map_page(json_of(facts), len(neighbors.ids), pages=options.pages)
        (folder / PAGE).write_text(page, "utf-8")
        for file, data in map_assets().items():
            (shop.folder / "assets" / file).write_bytes(data)
    return written


def _write_tiles(
    pyramid: Pyramid,
    ids: Ids,
    shop: TileShop,
    options: MapOptions,
    known: Mapping[str, Made],
) -> tuple[Pixels, MapWritten]:
    """Write all tiles; return the sides (n, 2) of the thumbnails in their slots, and the tiles."""
    levels = range(pyramid.depth + 1)
    total = sum(len(pyramid.tile_places(level)) for level in levels)
    sides = np.zeros((len(ids), 2), np.uint8)
    made: dict[str, Made] = {}
    kept, damaged = 0, dict[int, None]()
    drawn = in_order(partial(write_tile, shop), _tasks(pyramid, ids, known), options.workers)
    tiles = progress(MAP_TILES, drawn, total=total, unit="tiles", quiet=options.quiet)
    written: TileWritten
    for tile, written in zip(chain.from_iterable(map(pyramid.tiles, levels)), tiles, strict=True):
        sides[tile.rows] = written.sides
        made[written.file] = written.made
        kept += written.kept
        damaged |= dict.fromkeys(written.damaged)
    return sides, MapWritten(made, kept, _damage(list(damaged)))


def _tasks(pyramid: Pyramid, ids: Ids, known: Mapping[str, Made]) -> Iterator[TileTask]:
    for level in range(pyramid.depth + 1):
        for tile in pyramid.tiles(level):
            file = f"{FOLDER}/{file_of(tile_name(tile.level, tile.x, tile.y))}"
            yield tile, ids[tile.rows].tolist(), known.get(file)


def _damage(ids: Sequence[int]) -> list[str]:
    if not ids:
        return []
    what = f"picture {ids[0]}" if len(ids) == 1 else f"{len(ids):,} pictures, such as {ids[0]},"
    return [
        f"the map shows {what} in gray, without a sound thumbnail: run imgrec doctor --deep, which "
        "names it, and imgrec index, which makes it again"
    ]


def _write(folder: Path, file: DataFile) -> None:
    name, value = file
    (folder / file_of(name)).write_text(script_text(name, value), "ascii")


def _root_link(root: str, site: Path, reachable: frozenset[str]) -> str | None:
    """Return the URL of a root folder relative to the map; None if it has none."""
    local = source_of(root).file("") if root in reachable else None
    return None if local is None else f"{link_to(local, site / FOLDER).rstrip('/')}/"


def _facts(
    pyramid: Pyramid,
    feature: str,
    layouts: Sequence[Layout],
    labels: Sequence[Coloring],
    roots: Sequence[str | None],
    pages: bool,
) -> dict[str, Any]:
    levels = range(pyramid.depth + 1)
    return {
        "format": FORMAT,
        "pictures": len(pyramid.cells),
        "feature": feature,
        "levels": len(levels),
        "cell_px": CELL_PX,
        "cells": CELLS,
        "per_points": PER_POINTS,
        "per_details": PER_DETAILS,
        "layouts": [{"name": BASE, "title": "Map"}, *(one.facts() for one in layouts)],
        "labels": [one.facts() for one in labels],
        "tiles": [packed_tiles(level, pyramid.tile_places(level)) for level in levels],
        "roots": list(roots),
        "pages": pages,
    }
