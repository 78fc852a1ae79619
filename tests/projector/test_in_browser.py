"""Tests of a logdir in the page of TensorBoard, in Chromium."""

import json
import shutil
import time
from collections.abc import Sequence
from pathlib import Path
from urllib.request import urlopen

import numpy as np
import pytest
from numpy.typing import NDArray
from selenium import webdriver

from browser import console_errors, requests
from imgrec.store.store import Store
from logdirs import names, runs
from projector import ProjectorOptions, write_logdir
from projector.choices import MAX_POINTS
from projector.files.sprite import grid_for
from projector_clicks import (
    choose_run,
    chosen_run,
    run_names,
    search_by,
)
from projector_page import (
    Server,
    card,
    click,
    first_neighbor,
    open_projector,
    picture_of_page,
    positions_px,
    served,
)
from projector_store import Color, colors, make_store, plain

PLAIN = ProjectorOptions(methods=())


def _spread(count: int) -> NDArray[np.float32]:
    """Return vectors (n, 2) on a lattice, wide enough that no two thumbnails overlap."""
    rows = 1 if count < 5 else 5
    along, across = np.divmod(np.arange(count), rows)
    return np.stack([3.0 * along, across], axis=1).astype(np.float32)


def _logdir(folder: Path, palette: Sequence[Color], vectors: NDArray[np.float32]) -> Path:
    path = make_store(folder / "store", [plain(color) for color in palette], vectors)
    with Store.open(path) as store:
        return write_logdir(store, folder / "log", options=PLAIN).logdir


def _mismatches(browser: webdriver.Chrome, palette: Sequence[Color]) -> list[int]:
    """Return the rows whose point on the screen shows a color other than their own."""
    positions = positions_px(browser)
    page = np.asarray(picture_of_page(browser))
    seen = [_color_around(page, round(x), round(y)) for x, y in positions]
    return [i for i, pair in enumerate(zip(seen, palette, strict=True)) if _differ(*pair)]


def _color_around(page: NDArray[np.uint8], x: int, y: int) -> NDArray[np.float64]:
    """Return the median color of a few pixels, robust to the thin axis lines of the page."""
    return np.asarray(np.median(page[y - 3 : y + 4, x - 3 : x + 4], axis=(0, 1)))


def _differ(pixel: object, color: Color) -> bool:
    return int(np.abs(np.subtract(pixel, color)).max()) > 12  # type: ignore[call-overload]


@pytest.mark.parametrize("count", [2, 3, 5, 10, 65])
def test_each_point_shows_its_own_picture(
    browser: webdriver.Chrome, tmp_path: Path, count: int
) -> None:
    palette = colors(count)
    with served(_logdir(tmp_path, palette, _spread(count))) as server:
        address = server.address if count > 3 else server.tab
        assert open_projector(browser, address) == count
        assert _mismatches(browser, palette) == []
        chosen = count - 2
        search_by(browser, "name")
        click(browser, positions_px(browser)[chosen])
        assert card(browser)["name"] == f"{chosen + 1:05d}.png"
        name, (left, top) = first_neighbor(browser)
        page = np.asarray(picture_of_page(browser))
        neighbor = _color_around(page, round(left) + 20, round(top) + 20)
        assert not _differ(neighbor, palette[int(name[:5]) - 1])


@pytest.mark.parametrize("count", [1_000, MAX_POINTS])
def test_pictures_among_many_show_themselves(
    browser: webdriver.Chrome, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, count: int
) -> None:
    side = grid_for(count).per_side
    chosen = np.array([0, 1, side - 1, side, side + 1, 2 * side, count // 2, count - side,
                       count - side - 1, count - 2, count - 1])  # fmt: skip
    palette = colors(24)
    images = [plain(color) for color in palette]
    vectors = np.zeros((count, 3), np.float32)
    # A crowd in the middle.
    vectors[:, :2] = np.random.default_rng(0).uniform(-1, 1, (count, 2))
    angles = 2 * np.pi * np.arange(len(chosen)) / len(chosen)
    vectors[chosen, :2] = 3 * np.stack([np.cos(angles), np.sin(angles)], axis=1)
    path = make_store(tmp_path / "store", [images[i * 7 % 24] for i in range(count)], vectors)
    monkeypatch.setattr("projector.export.update_colors", _no_colors)
    with Store.open(path) as store:
        options = ProjectorOptions(methods=(), page_size=count)
        logdir = write_logdir(store, tmp_path / "log", options=options).logdir
    with served(logdir) as server:
        assert open_projector(browser, server.tab, 180) == count
        positions = positions_px(browser)
        page = np.asarray(picture_of_page(browser))
        seen = [_color_around(page, *map(round, positions[row])) for row in chosen]
        wanted = [palette[row * 7 % 24] for row in chosen.tolist()]
        assert [
            row for row, *pair in zip(chosen, seen, wanted, strict=True) if _differ(*pair)
        ] == []
        click(browser, positions[count - side])
        assert card(browser)["name"] == f"{count - side + 1:05d}.png"


def test_the_overview_comes_first_and_every_run_opens(
    browser: webdriver.Chrome, tmp_path: Path
) -> None:
    palette = colors(60)
    path = make_store(tmp_path / "store", [plain(color) for color in palette], _spread(60))
    with Store.open(path) as store:
        options = ProjectorOptions(methods=(), page_size=25, overview=15)
        made = write_logdir(store, tmp_path / "log", options=options)
    with served(made.logdir) as server:
        assert open_projector(browser, server.address) == 15
        assert run_names(browser) == [run.name for run in made.runs]
        assert chosen_run(browser) == "overview 15 of 60"
        for run in made.runs[1:]:
            choose_run(browser, run.name)
            rows = [int(name[:5]) - 1 for name in names(made.logdir / run.name)]
            assert _mismatches(browser, [palette[row] for row in rows]) == []


def test_a_running_server_shows_what_replaced_it(browser: webdriver.Chrome, tmp_path: Path) -> None:
    palette = colors(12)
    path = make_store(tmp_path / "store", [plain(color) for color in palette], _spread(12))
    out = tmp_path / "log"
    with Store.create(path) as store, served(_exported(store, out)) as server:
        assert open_projector(browser, server.address) == 12
        store.catalog.db.execute("UPDATE images SET status = 'missing' WHERE id <= 3")
        _exported(store, out)
        (run,) = runs(out)
        assert run.name == "all 9 pictures (2)"
        # The page that is already open keeps showing the old data.
        assert _mismatches(browser, palette) == []
        _wait_until_listed(server, run.name)
        assert open_projector(browser, server.address) == 9
        assert _mismatches(browser, palette[3:]) == []


def _exported(store: Store, out: Path) -> Path:
    return write_logdir(store, out, options=PLAIN).logdir


def _wait_until_listed(server: Server, run: str, timeout_s: float = 30) -> None:
    address = server.address.replace("#projector", "data/plugin/projector/runs")
    end = time.monotonic() + timeout_s
    while json.load(urlopen(address)) != [run]:
        assert time.monotonic() < end
        time.sleep(0.2)


def _no_colors(store: Store, *, quiet: bool) -> dict[int, str]:
    return dict.fromkeys(store.catalog.ids("ok").tolist(), "red")


def test_equal_pictures_stand_in_one_place(browser: webdriver.Chrome, tmp_path: Path) -> None:
    palette = [(200, 0, 0)] * 60
    with served(_logdir(tmp_path, palette, np.ones((60, 64), np.float32))) as server:
        assert open_projector(browser, server.tab) == 60
        assert len(set(positions_px(browser))) == 1
        assert _mismatches(browser, palette) == []


def test_the_margins_of_a_thumbnail_hide_nothing(browser: webdriver.Chrome, tmp_path: Path) -> None:
    below, above = (0, 0, 200), (200, 0, 0)
    images = [plain(below, (96, 24)), plain(above, (24, 96))]
    path = make_store(tmp_path / "store", images, np.ones((2, 8), np.float32))
    with Store.open(path) as store:
        logdir = write_logdir(store, tmp_path / "log", options=PLAIN).logdir
    with served(logdir) as server:
        assert open_projector(browser, server.tab) == 2
        ((x, y),) = set(positions_px(browser))
        page = np.asarray(picture_of_page(browser))
    around = page[round(y) - 20 : round(y) + 20, round(x) - 20 : round(x) + 20].reshape(-1, 3)
    assert sum(not _differ(pixel, above) for pixel in around) > 20
    assert sum(not _differ(pixel, below) for pixel in around) > 20


def test_a_real_collection_opens_quietly_and_asks_nobody_else(
    browser: webdriver.Chrome, odd_store: tuple[Path, dict[str, str]], tmp_path: Path
) -> None:
    shutil.copytree(odd_store[0], tmp_path / "store")
    with Store.open(tmp_path / "store") as store:
        made = write_logdir(store, tmp_path / "log")
    requests(browser), console_errors(browser)
    with served(made.logdir) as server:
        assert open_projector(browser, server.address) == made.runs[0].points
        asked = [address for address in requests(browser) if address.startswith("http")]
    assert asked
    home = server.address.removesuffix("#projector")
    assert [address for address in asked if not address.startswith(home)] == []
    assert console_errors(browser) == []
