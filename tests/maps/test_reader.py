"""The reader of maps: a sound map gives its values, any damage one line of error."""

import copy
import os
import random
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from handmade_maps import DEPTH, PICTURES, facts, pyramid, values, webp, write_data, write_site
from imgrec.maps import format as files
from imgrec.maps.reader import MapError, SiteMap


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_site(tmp_path_factory.mktemp("maps") / "site")


@pytest.fixture
def site(sound: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(sound, tmp_path / "site"))


def _read_all(site: Path) -> None:
    """Read everything that a map has."""
    found = SiteMap.open(site)
    found.points(0)
    for name in found.layouts:
        found.layout(name, 0)
    for kind in range(len(found.facts["labels"])):
        found.label(kind, 0)
    found.names()
    found.details(0)
    found.near(0)
    for level, tiles in enumerate(found.tiles):
        for x, y in tiles.tolist():
            found.tile(level, x, y)


def _error(site: Path) -> str:
    with pytest.raises(MapError) as caught:
        _read_all(site)
    text = str(caught.value)
    assert "\n" not in text
    return text


def test_a_sound_map_gives_what_was_written(sound: Path) -> None:
    of, wanted = pyramid(), values(pyramid())
    found = SiteMap.open(sound)
    assert found.facts == facts(of)
    points = found.points(0)
    assert points.ids.tolist() == [3 * i + 1 for i in range(PICTURES)]
    assert np.array_equal(points.cells, of.cells)
    assert points.levels.tolist() == of.first_levels().tolist()
    assert points.sides.tolist() == [[64, 48]] * PICTURES
    assert found.layout("pca", 0)[:2].tolist() == [[0, 65_535], [1, 65_534]]
    assert found.label(0, 0)[:4].tolist() == [0, 1, 2, 65_535]
    assert found.names() == wanted["labels"]["names"]
    assert found.details(0) == wanted["details-0000"]
    near = found.near(0)
    assert near.rows[:2].tolist() == [[1, 2], [2, 3]]
    assert near.similarity[0].tolist() == [200, 100]
    for level in range(DEPTH + 1):
        for tile in of.tiles(level):
            read = found.tile(level, tile.x, tile.y)
            assert read.slots.tolist() == tile.slots.tolist()
            assert read.rows.tolist() == tile.rows.tolist()
            height = (int(tile.slots[-1]) // 16 + 1) * 64
            assert read.image == webp(1024, height)
    assert {files.file_of(name) for name in found.names_of_files()} == {
        p.relative_to(sound / "map").as_posix() for p in (sound / "map").rglob("*.js")
    }


@pytest.mark.parametrize("asked", [(2, 0, 0), (0, 1, 0), (1, -1, 0), (-1, 0, 0), (1, 0, 2)])
def test_a_tile_that_the_facts_do_not_name_is_refused(
    sound: Path, asked: tuple[int, int, int]
) -> None:
    assert not SiteMap.open(sound).has_tile(*asked)
    with pytest.raises(MapError, match="no tile"):
        SiteMap.open(sound).tile(*asked)


@pytest.mark.parametrize("number", [-1, 1, 10**9])
def test_a_file_beyond_the_pictures_is_refused(sound: Path, number: int) -> None:
    found = SiteMap.open(sound)
    for read in (found.points, found.details, found.near):
        with pytest.raises(MapError, match="no file number"):
            read(number)
    with pytest.raises(MapError, match="no layout"):
        found.layout("../x", 0)
    with pytest.raises(MapError, match="no label"):
        found.label(1, 0)


_DATA_FILES = sorted(values(pyramid()))


@pytest.mark.parametrize("name", _DATA_FILES)
@pytest.mark.parametrize("attack", ["absent", "link", "folder", "pipe", "empty", "other", "long"])
def test_a_file_that_is_not_what_it_should_be_is_named(site: Path, name: str, attack: str) -> None:
    path = site / "map" / files.file_of(name)
    data = path.read_bytes()
    path.unlink()
    if attack == "link":
        path.with_suffix(".x").write_bytes(data)
        path.symlink_to(path.with_suffix(".x"))
    elif attack == "folder":
        path.mkdir()
    elif attack == "pipe":
        os.mkfifo(path)
    elif attack == "empty":
        path.write_bytes(b"")
    elif attack == "other":
        path.write_bytes(data.replace(f'"{name}"'.encode(), b'"labels"') + b"//")
    elif attack == "long":
        path.write_bytes(data)
        os.truncate(path, 1 << 30)
    assert f"map/{files.file_of(name)} of the site cannot be used" in _error(site)


def test_a_folder_that_is_a_link_is_not_followed(site: Path) -> None:
    (site / "map" / "1").rename(site / "elsewhere")
    (site / "map" / "1").symlink_to(site / "elsewhere")
    assert "through a link" in _error(site)


def test_a_map_that_is_a_link_is_not_followed(site: Path) -> None:
    (site / "map").rename(site / "other")
    (site / "map").symlink_to(site / "other")
    assert "through a link" in _error(site)


def test_a_site_may_be_reached_through_a_link(site: Path, tmp_path: Path) -> None:
    (tmp_path / "way").symlink_to(site)
    _read_all(tmp_path / "way")


def test_a_site_without_a_map_is_told(tmp_path: Path) -> None:
    assert "map/map.json" in _error(tmp_path)


def _packed(values_of: list[int], kind: str) -> str:
    return files.packed(np.array(values_of, kind))


_N = PICTURES
_WRONG: list[tuple[str, str, Any]] = [
    ("points-00", "ids", _packed([1] * _N, "u4")),
    ("points-00", "ids", _packed([*range(1, _N)], "u4")),
    ("points-00", "cells", _packed([32] * 2 * _N, "u2")),
    ("points-00", "levels", _packed([2] * _N, "u1")),
    ("points-00", "sides", _packed([65] * 2 * _N, "u1")),
    ("points-00", "sides", _packed([0] * 2 * _N, "u1")),
    ("points-00", "sides", None),
    ("layout-pca-00", "positions", _packed([0] * _N, "u2")),
    ("label-0-00", "codes", _packed([3] * _N, "u2")),
    ("label-0-00", "codes", [1] * _N),
    ("labels", "names", [{"text": "x"}]),
    ("labels", "names", {}),
    ("details-0000", "paths", ["a.jpg"] * (_N - 1)),
    ("details-0000", "paths", ["../a.jpg"] * _N),
    ("details-0000", "paths", ["/etc/passwd"] * _N),
    ("details-0000", "roots", [2] * _N),
    ("details-0000", "roots", [-1] * _N),
    ("details-0000", "pages", ["", "../x"]),
    ("details-0000", "page", [2] * _N),
    ("details-0000", "taken", ["\n"] * _N),
    ("details-0000", "sizes", [[1]] * _N),
    ("near-0000", "k", 9),
    ("near-0000", "k", -1),
    ("near-0000", "rows", _packed([_N] * 2 * _N, "u4")),
    ("near-0000", "similarity", _packed([0] * _N, "u1")),
    ("0/0_0", "slots", _packed([1, 1], "u1")),
    ("0/0_0", "slots", ""),
    ("0/0_0", "rows", ""),
    ("0/0_0", "image", files.base64_text(webp(1024, 1088))),
    ("0/0_0", "image", files.base64_text(b"<svg onload=alert(1)>")),
    ("0/0_0", "image", "é"),
]


@pytest.mark.parametrize(("name", "key", "value"), _WRONG)
def test_a_wrong_value_is_refused(site: Path, name: str, key: str, value: Any) -> None:
    whole = values(pyramid())[name]
    write_data(site, name, whole | {key: value})
    assert f"map/{files.file_of(name)} of the site" in _error(site)


def test_a_tile_of_a_row_that_is_no_picture_is_refused(site: Path) -> None:
    whole = values(pyramid())["0/0_0"]
    slots = len(files.base64_bytes(whole["slots"]))
    write_data(site, "0/0_0", whole | {"rows": _packed([_N] * slots, "u4")})
    assert "no picture" in _error(site)


@pytest.mark.parametrize(
    "change",
    [
        {"format": 2},
        {"pictures": 0},
        {"pictures": 10**12},
        {"pictures": True},
        {"levels": 1},
        {"levels": 11},
        {"levels": 3},
        {"cell_px": 32},
        {"per_points": 1},
        {"layouts": []},
        {"layouts": [{"name": "pca", "title": "PCA"}]},
        {"layouts": [{"name": "map", "title": "Map"}, {"name": "../x", "title": "X"}]},
        {"layouts": [{"name": "map", "title": "Map"}] * 2},
        {"labels": [{"kind": "a", "title": "A", "values": ["x"], "counts": []}]},
        {"labels": [{"kind": "a\n", "title": "A", "values": [], "counts": []}]},
        {"labels": [{"kind": "a", "title": "A", "values": [], "counts": []}] * 13},
        {"tiles": ["AQ=="]},
        {"tiles": ["AA==", "AA=="]},
        {"tiles": ["AQ==", "AQ"]},
        {"roots": ["javascript:alert(1)//"]},
        {"roots": ["//evil.example/"]},
        {"roots": ["https://evil.example/"]},
        {"roots": ["../photos"]},
        {"pages": 1},
    ],
)
def test_wrong_facts_are_refused(site: Path, change: dict[str, Any]) -> None:
    text = files.json_of(facts(pyramid()) | change)
    (site / "map" / "map.json").write_text(text, "ascii")
    assert "map/map.json of the site cannot be used" in _error(site)


def _flipped(data: bytes, chance: random.Random) -> bytes:
    at = chance.randrange(len(data))
    return data[:at] + bytes([data[at] ^ 1 << chance.randrange(8)]) + data[at + 1 :]


def _cut(data: bytes, chance: random.Random) -> bytes:
    return data[: chance.randrange(len(data))]


def _doubled(data: bytes, chance: random.Random) -> bytes:
    at = chance.randrange(len(data))
    return data[:at] + data[max(0, at - chance.randrange(9)) :]


def _other_json(data: bytes, chance: random.Random) -> bytes:
    start, end = data.find(b"{"), data.rfind(b"}") + 1
    value = chance.choice([b"[]", b"{}", b"null", b'{"a":1e999}', b"[" * 5000, b"-0", b'"\\ud800"'])
    return data[:start] + value + data[end:]


_DAMAGES: list[Callable[[bytes, random.Random], bytes]] = [_flipped, _cut, _doubled, _other_json]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=80)
@given(st.sampled_from(["map", *_DATA_FILES]), st.sampled_from(_DAMAGES), st.integers(0, 2**32))
def test_no_damage_raises_anything_but_one_line(
    sound: Path, tmp_path: Path, name: str, damage: Callable[..., bytes], seed: int
) -> None:
    shutil.rmtree(tmp_path / "site", ignore_errors=True)
    site = Path(shutil.copytree(sound, tmp_path / "site"))
    path = site / "map" / ("map.json" if name == "map" else files.file_of(name))
    path.write_bytes(damage(path.read_bytes(), random.Random(seed)))
    try:
        _read_all(site)
    except MapError as error:
        assert "\n" not in str(error)


@settings(max_examples=80)
@given(st.sampled_from(_DATA_FILES), st.data())
def test_no_other_json_raises_anything_but_one_line(
    tmp_path_factory: pytest.TempPathFactory, sound: Path, name: str, data: st.DataObject
) -> None:
    whole = copy.deepcopy(values(pyramid())[name])
    key = data.draw(st.sampled_from(sorted(whole)))
    scalar = st.none() | st.booleans() | st.integers(-(2**40), 2**40) | st.text(max_size=5)
    whole[key] = data.draw(
        scalar
        | st.lists(scalar, max_size=3)
        | st.dictionaries(st.text(max_size=2), scalar, max_size=2)
    )
    site = Path(shutil.copytree(sound, tmp_path_factory.mktemp("damaged") / "site"))
    write_data(site, name, whole)
    try:
        _read_all(site)
    except MapError as error:
        assert "\n" not in str(error)
    finally:
        shutil.rmtree(site)
