"""The doctor on maps: a sound map has no findings, each fault is reported, its close cousin not."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from handmade_maps import (
    DEPTH,
    PICTURES,
    facts,
    pyramid,
    values,
    webp,
    write_data,
    write_manifest,
    write_site,
)
from imgrec.checks import check_site
from imgrec.maps import format as files


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_site(tmp_path_factory.mktemp("maps") / "site")


@pytest.fixture
def site(sound: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(sound, tmp_path / "site"))


def _problems(site: Path) -> list[str]:
    write_manifest(site)
    return [f"{one.severity} {one.place}: {one.problem}" for one in check_site(site).findings]


def test_a_sound_map_has_no_findings(sound: Path) -> None:
    report = check_site(sound)
    assert report.findings == ()
    assert report.holdings[0][1] == f"{PICTURES} pictures, a map"


@pytest.mark.parametrize(
    "file", ["1/0_0.js", "0/0_0.js", "labels.js", "points-00.js", "density.png"]
)
def test_an_absent_file_is_reported(site: Path, file: str) -> None:
    (site / "map" / file).unlink()
    assert any(f'error map: it lacks "{file}"' in problem for problem in _problems(site))


@pytest.mark.parametrize("file", ["1/9_9.js", "points-01.js", "x.txt"])
def test_a_foreign_file_is_reported(site: Path, file: str) -> None:
    (site / "map" / file).write_text("x")
    assert _problems(site) == [f'error map: it holds "{file}", which its facts do not name']


def test_a_map_without_facts_is_reported(site: Path) -> None:
    (site / "map" / "map.json").unlink()
    assert "map.json of the site cannot be used" in _problems(site)[0]


def test_a_site_without_pages_and_map_is_reported(site: Path) -> None:
    shutil.rmtree(site / "map")
    assert "map.json of the site cannot be used" in _problems(site)[0]


def test_another_number_of_pictures_than_the_site_has_is_reported(site: Path) -> None:
    write_manifest(site)
    text = (site / "site.json").read_text().replace(f'"pictures": {PICTURES}', '"pictures": 31')
    (site / "site.json").write_text(text)
    assert [one.problem for one in check_site(site).findings] == [
        "it has 30 pictures, and the site 31"
    ]


def test_a_page_with_other_facts_is_reported(site: Path) -> None:
    page = site / "map" / "index.html"
    page.write_text(page.read_text().replace('"mini"', '"maxi"'))
    assert _problems(site) == ["error map/index.html: its facts are not those of map/map.json"]


@pytest.mark.parametrize(
    ("html", "problem"),
    [
        ('<script src="https://evil.example/x.js"></script>', "leads to the internet"),
        ('<script src="../assets/map-x.js"></script>', "which is absent"),
        ('<a href="../../x.html">x</a>', "leads out of the folder"),
        ('<a href="javascript:x()">x</a>', "runs a script"),
    ],
)
def test_a_wrong_address_of_the_page_is_reported(site: Path, html: str, problem: str) -> None:
    page = site / "map" / "index.html"
    page.write_text(page.read_text() + html)
    found = _problems(site)
    assert len(found) == 1
    assert problem in found[0]


@pytest.mark.parametrize("data", [b"", b"\x89PNG\r\n\x1a\n", b"<svg>"])
def test_a_damaged_density_is_reported(site: Path, data: bytes) -> None:
    (site / "map" / "density.png").write_bytes(data)
    assert _problems(site) == ["error map/density.png: it is not a picture, or is damaged"]


@pytest.mark.parametrize("name", sorted(values(pyramid())))
def test_each_damaged_data_file_is_reported(site: Path, name: str) -> None:
    path = site / "map" / files.file_of(name)
    path.write_bytes(path.read_bytes()[:-1])
    found = _problems(site)
    assert len(found) == 1
    assert f"map/{files.file_of(name)} of the site cannot be used" in found[0]


def _tile(level: int, x: int, y: int, slots: np.ndarray, rows: np.ndarray) -> tuple[str, Any]:
    height = (int(slots[-1]) // 16 + 1) * 64
    value = {
        "slots": files.packed(slots.astype(np.uint8)),
        "rows": files.packed(rows.astype(np.uint32)),
        "image": files.base64_text(webp(1024, height)),
    }
    return files.tile_name(level, x, y), value


def _deepest_without_one(site: Path) -> None:
    tile = next(pyramid().tiles(DEPTH))
    write_data(site, *_tile(DEPTH, tile.x, tile.y, tile.slots[1:], tile.rows[1:]))


def _deepest_with_one_twice(site: Path) -> None:
    tile = next(pyramid().tiles(DEPTH))
    rows = tile.rows.copy()
    rows[1] = rows[0]
    write_data(site, *_tile(DEPTH, tile.x, tile.y, tile.slots, rows))


def _in_another_cell(site: Path) -> None:
    tile = next(pyramid().tiles(DEPTH))
    write_data(site, *_tile(DEPTH, tile.x, tile.y, tile.slots, tile.rows[::-1]))


def _first_level_without_one(site: Path) -> None:
    tile = next(pyramid().tiles(0))
    write_data(site, *_tile(0, 0, 0, tile.slots[1:], tile.rows[1:]))


def _same_cell(site: Path) -> None:
    of = pyramid()
    cells = of.cells.copy()
    cells[4] = cells[3]
    whole = values(of)["points-00"]
    write_data(site, "points-00", whole | {"cells": files.packed(cells)})


def _other_levels(site: Path) -> None:
    of = pyramid()
    levels = of.first_levels()
    levels[0] = 1 - levels[0]
    whole = values(of)["points-00"]
    write_data(site, "points-00", whole | {"levels": files.packed(levels)})


@pytest.mark.parametrize(
    ("damage", "problem"),
    [
        (_other_levels, "error map/0: it shows others than the points say"),
        (_deepest_without_one, "the deepest level does not show 1 of the pictures"),
        (_deepest_with_one_twice, "it shows a picture twice"),
        (_in_another_cell, "it shows pictures in cells that are not theirs"),
        (_first_level_without_one, "it lacks a picture for some cells"),
        (_same_cell, "two pictures have the same cell"),
    ],
)
def test_what_the_levels_show_wrong_is_reported(
    site: Path, damage: Callable[[Path], None], problem: str
) -> None:
    damage(site)
    assert any(problem in found for found in _problems(site))


def test_a_picture_that_the_level_below_does_not_show_is_reported(site: Path) -> None:
    """With three levels, the second shows another picture of a cell than the first."""
    from imgrec.maps.pyramid import Pyramid

    of = pyramid()
    # The pictures 0 and 1 share a cell of the first two levels.
    deep = Pyramid((of.cells // 2 * 4 + of.cells % 2).astype(np.uint16), of.ranks, 2)
    swapped = Pyramid(deep.cells, of.ranks.max() - of.ranks, 2)
    shutil.rmtree(site / "map" / "1")
    shutil.rmtree(site / "map" / "0")
    found = facts(of) | {
        "levels": 3,
        "tiles": [files.packed_tiles(z, deep.tile_places(z)) for z in range(3)],
    }
    text = files.json_of(found)
    (site / "map" / "map.json").write_text(text)
    (site / "map" / "index.html").write_text(f'<script id="facts">{text}</script>')
    for pyramids in ([deep] * 3, [deep, swapped, deep]):
        levels = deep.first_levels()
        for level, one in enumerate(pyramids):
            for tile in one.tiles(level):
                write_data(site, *_tile(level, tile.x, tile.y, tile.slots, tile.rows))
        point = {"cells": files.packed(deep.cells), "levels": files.packed(levels)}
        write_data(site, "points-00", values(of)["points-00"] | point)
        pops = "error map/0: it shows pictures that the level below does not show"
        assert (pops in _problems(site)) == (pyramids[1] is swapped)
        assert pyramids[1] is swapped or _problems(site) == []
