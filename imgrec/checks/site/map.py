"""Check the map of a site: its files by themselves, then what they say of each other.

Invariants that are checked: the deepest level shows each picture once, in its cell; a cell of any
other level shows a picture of one of the four cells below it, and is empty only if these are; every
tile that the facts name is there, and nothing else; files of points, labels, layouts, details and
neighbors have a row for each picture; the page has the facts of `map.json`.
"""

import io
import warnings
from collections import defaultdict
from collections.abc import Callable, Set
from pathlib import Path
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from imgrec.checks.findings import Check, Place, file_problem, shortened, unreadable
from imgrec.checks.logdir.sprites import STUMBLES
from imgrec.checks.site.html import parse_html
from imgrec.checks.site.links import Stray, check_target, resolved, stray_lines
from imgrec.maps.format import CELLS, DENSITY, FACTS, FOLDER, PAGE, file_of, json_of
from imgrec.maps.pyramid import side_of
from imgrec.maps.reader import MapError, SiteMap

_PAGE = f"{FOLDER}/{PAGE}"
_PAGE_BYTES = 1 << 25
_DENSITY_BYTES = 1 << 22
_NOT_SHOWN = "the map does not open"
_INCOMPLETE = "a part of the map is missing or wrong"
_POPS = "pictures disappear while one goes deeper into the map"
_T = TypeVar("_T")
Rows = NDArray[np.int64]


def check_map(site: Path, files: Set[str], pictures: int | None) -> Check[None]:
    """Check the map of a site, which has one.

    Args:
        site: absolute path of the site.
        files: paths of all files of the site, relative to it.
        pictures: number of pictures that the manifest states; None for none.
    """
    place = Place(FOLDER)
    try:
        found = SiteMap.open(site)
    except MapError as error:
        yield place.error(str(error), _NOT_SHOWN)
        return
    if pictures is not None and pictures != found.pictures:
        what = f"it has {found.pictures:,} pictures, and the site {pictures:,}"
        yield place.error(what, _INCOMPLETE)
    yield from _check_files(place, found, files)
    yield from _check_page(site, files, found)
    yield from _check_density(site)
    points = yield from _check_points(place, found)
    yield from _check_rows(found)
    if points is not None:
        yield from _check_levels(place, found, *points)


def _check_files(place: Place, found: SiteMap, files: Set[str]) -> Check[None]:
    wanted = {file_of(name) for name in found.names_of_files()} | {PAGE, FACTS, DENSITY}
    own = {file.removeprefix(f"{FOLDER}/") for file in files if file.startswith(f"{FOLDER}/")}
    if absent := sorted(wanted - own):
        yield place.error(f"it lacks {shortened(absent)}", _INCOMPLETE)
    if foreign := sorted(own - wanted):
        yield place.error(
            f"it holds {shortened(foreign)}, which its facts do not name", "these are of no use"
        )


def _check_page(site: Path, files: Set[str], found: SiteMap) -> Check[None]:
    """Check the addresses of the page, and that its facts are those of the map."""
    place, path = Place(_PAGE), site / _PAGE
    problem = file_problem(path, "the page")
    if problem is None and path.stat().st_size > _PAGE_BYTES:
        problem = f"the page has {path.stat().st_size / 1e6:,.0f} MB"
    if problem:
        yield place.error(problem, _NOT_SHOWN)
        return
    try:
        text = path.read_text("utf-8")
        html = parse_html(text)
    except OSError as error:
        yield place.error(unreadable("the page", error), _NOT_SHOWN)
        return
    except ValueError as error:
        yield place.error(f"it is not valid HTML in UTF-8 ({str(error)[:80]})", _NOT_SHOWN)
        return
    strays: dict[Stray, list[str]] = defaultdict(list)
    for address in dict.fromkeys(html.addresses):
        target = resolved(address, _PAGE)
        if isinstance(target, Stray):
            strays[target].append(address.text)
        elif target:
            yield from check_target(place, address, target, files)
    yield from stray_lines(place, strays)
    if f">{json_of(found.facts)}<" not in text:
        yield place.error(f"its facts are not those of {FOLDER}/{FACTS}", _NOT_SHOWN)


def _check_density(site: Path) -> Check[None]:
    place, path = Place(f"{FOLDER}/{DENSITY}"), site / FOLDER / DENSITY
    problem = file_problem(path, "the picture of the density")
    if problem is None and path.stat().st_size > _DENSITY_BYTES:
        problem = f"the picture of the density has {path.stat().st_size / 1e6:,.0f} MB"
    if problem is None:
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                with Image.open(io.BytesIO(path.read_bytes()), formats=["PNG"]) as image:
                    image.verify()
        except (Image.DecompressionBombError, *STUMBLES):
            problem = "it is not a picture, or is damaged"
    if problem:
        yield place.error(problem, "browsers that cannot draw the map show nothing")


def _tried(read: Callable[..., _T], *where: int | str) -> Check[_T | None]:
    """Return what a method of the reader returns; None, with a finding, if it cannot."""
    try:
        return read(*where)
    except MapError as error:
        yield Place(FOLDER).error(str(error), _INCOMPLETE)
        return None


def _check_points(place: Place, found: SiteMap) -> Check[tuple[Rows, Rows] | None]:
    """Return the cell (n,) of each picture, y · side + x, and the first level that shows it.

    None if not all are known.
    """
    ids, cells, levels, lacking = [], [], [], False
    for number in found.points_files():
        points = yield from _tried(found.points, number)
        if points is None:
            lacking = True
            continue
        x, y = points.cells.T.astype(np.int64)
        ids.append(points.ids.astype(np.int64))
        cells.append(y * found.side + x)
        levels.append(points.levels.astype(np.int64))
    if lacking:
        return None
    if (np.diff(np.concatenate(ids)) <= 0).any():
        yield place.error("the ids of its points do not ascend", "pictures are not found by id")
    every = np.concatenate(cells)
    if len(np.unique(every)) < len(every):
        yield place.error("two pictures have the same cell", "one hides the other")
    return every, np.concatenate(levels)


def _check_rows(found: SiteMap) -> Check[None]:
    """Read all files that have a row for each picture."""
    yield from _tried(found.names)
    for number in found.points_files():
        for name in found.layouts:
            yield from _tried(found.layout, name, number)
        for kind in range(len(found.facts["labels"])):
            yield from _tried(found.label, kind, number)
    for number in found.details_files():
        yield from _tried(found.details, number)
        yield from _tried(found.near, number)


def _check_levels(place: Place, found: SiteMap, cells: Rows, levels: Rows) -> Check[None]:
    """Check what the cells of all levels show, from the deepest to the first.

    Args:
        place: the map.
        found: the map.
        cells: (n,) of the pictures at the deepest level.
        levels: (n,) the first level that shows each, as the points say.
    """
    y, x = np.divmod(cells, found.side)
    below: NDArray[np.bool_] | None = None
    for level in range(found.depth, -1, -1):
        up = found.depth - level
        wanted = (y >> up) * side_of(level) + (x >> up)
        shown = yield from _shown(found, level)
        if shown is None:
            below = None
            continue
        at, rows = shown
        where = Place(f"{FOLDER}/{level}")
        if not np.array_equal(wanted[rows], at):
            yield where.error("it shows pictures in cells that are not theirs", _INCOMPLETE)
        if not np.array_equal(np.unique(at), np.unique(wanted)):
            yield where.error("it lacks a picture for some cells", _INCOMPLETE)
        if len(np.unique(at)) < len(at) or len(np.unique(rows)) < len(rows):
            yield where.error("it shows a picture twice", _INCOMPLETE)
        here = np.zeros(found.pictures, bool)
        here[rows] = True
        if level == found.depth and not here.all():
            what = f"the deepest level does not show {int((~here).sum()):,} of the pictures"
            yield place.error(what, "they are nowhere on the map")
        if not np.array_equal(here, levels <= level):
            yield where.error("it shows others than the points say", _INCOMPLETE)
        if below is not None and (here & ~below).any():
            yield where.error("it shows pictures that the level below does not show", _POPS)
        below = here


def _shown(found: SiteMap, level: int) -> Check[tuple[Rows, Rows] | None]:
    """Return the cells (m,) of a level that show a picture, and the rows (m,) of these.

    None, with findings, if a tile cannot be read.
    """
    cells, rows, lacking = [], [], False
    for tx, ty in found.tiles[level].tolist():
        tile = yield from _tried(found.tile, level, tx, ty)
        if tile is None:
            lacking = True
            continue
        down, right = np.divmod(tile.slots.astype(np.int64), CELLS)
        cells.append((ty * CELLS + down) * side_of(level) + tx * CELLS + right)
        rows.append(tile.rows.astype(np.int64))
    return None if lacking else (np.concatenate(cells), np.concatenate(rows))
