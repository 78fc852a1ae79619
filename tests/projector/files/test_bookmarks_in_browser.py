"""Tests of the bookmarks in the page of TensorBoard, in Chromium, clicked by the mouse."""

import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from selenium import webdriver

from browser import console_errors
from projector.files.bookmarks import STEPS, Bookmark, bookmarks_text
from projector.files.formats import (
    CONFIG_NAME,
    EVENTS,
    Embedding,
    config_text,
    event_bytes,
    tensor_bytes,
)
from projector_clicks import (
    bookmarks,
    bookmarks_open,
    choose_run,
    chosen_bookmark,
    chosen_run,
    chosen_tab,
    click_bookmark,
    click_bookmarks,
    click_tab,
    legend,
    run_names,
    shown_color,
    shown_label,
    world_positions,
)
from projector_page import (
    click,
    first_neighbor,
    open_projector,
    picture_of_page,
    positions_px,
    served,
)
from projector_store import colors

ROWS, PER_SIDE, CELL_PX = 30, 6, 48
GROUPS = ["red", "green", "blue"]
_RNG = np.random.default_rng(7)
AXES = _RNG.normal(size=(ROWS, 5)).astype(np.float32) * np.float32([9, 7, 5, 3, 1])
_LATTICE = np.stack(np.divmod(_RNG.permutation(ROWS), 5), axis=1).astype(np.float32)
FLAT = Bookmark("UMAP, 2-D", _LATTICE * np.float32([3, 1]) + np.float32([40, -2]))
PLANE = Bookmark("UMAP, 2-D, as a plane", FLAT.positions[:, ::-1], flat=True)
VIEWS = [
    FLAT,
    PLANE,
    Bookmark("PCA, 3-D", AXES[:, :3], tab="pca"),
    Bookmark("t-SNE, 3-D, größer · a name of two lines", _RNG.normal(size=(ROWS, 3))),
    Bookmark("PCA, 2-D", AXES[:, :2], tab="pca"),
    Bookmark("t-SNE, 2-D, colored", _RNG.normal(size=(ROWS, 2)), color="group"),
]
OTHER = "page 2 of 3 · cats, größer"


def _write_run(folder: Path, order: int, views: Sequence[Bookmark]) -> None:
    folder.mkdir()
    marks = "bookmarks.json" if views else None
    embedding = Embedding("mini", *AXES.shape, "t.bytes", "m.tsv", "s.png", CELL_PX, marks)
    lines = ["name\tgroup", *(f"{i:02d}.png\t{GROUPS[i % 3]}" for i in range(ROWS))]
    sheet = Image.new("RGB", (PER_SIDE * CELL_PX, PER_SIDE * CELL_PX), "white")
    for i, color in enumerate(colors(ROWS)):
        row, column = divmod(i, PER_SIDE)
        sheet.paste(Image.new("RGB", (CELL_PX, CELL_PX), color), (column * CELL_PX, row * CELL_PX))
    sheet.save(folder / "s.png")
    (folder / "t.bytes").write_bytes(tensor_bytes(AXES))
    (folder / "m.tsv").write_text("\n".join(lines) + "\n")
    (folder / "bookmarks.json").write_text(bookmarks_text(views, AXES[:, :3], 5, "name"), "utf-8")
    (folder / CONFIG_NAME).write_text(config_text([embedding]))
    (folder / EVENTS).write_bytes(event_bytes(order))


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Yield the URL of a projector with three runs: with all bookmarks, with one, with none."""
    logdir = tmp_path_factory.mktemp("bookmarks") / "log"
    logdir.mkdir()
    _write_run(logdir / "bare", 3, [])
    _write_run(logdir / OTHER, 2, [Bookmark("only one", FLAT.positions)])
    _write_run(logdir / "overview", 1, VIEWS)
    with served(logdir) as server:
        yield server.tab


@pytest.fixture
def page(browser: webdriver.Chrome, address: str) -> webdriver.Chrome:
    """Return the opened page, with its bookmarks loaded."""
    assert open_projector(browser, address) == ROWS
    assert bookmarks(browser) == [view.name for view in VIEWS]
    console_errors(browser)
    return browser


def _expected(positions: NDArray[np.floating]) -> NDArray[np.float64]:
    """Return positions scaled to -1 to 1 per axis; a missing third coordinate is 0."""
    low, high = positions.min(axis=0), positions.max(axis=0)
    spread = 2 * (positions.astype(np.float64) - low) / (high - low) - 1
    return np.pad(spread, ((0, 0), (0, 3 - positions.shape[1])))


def _check_stands(page: webdriver.Chrome, positions: NDArray[np.floating]) -> None:
    """Wait until the points are at these positions; check that they stay there."""
    end = time.monotonic() + 30
    while True:
        first = world_positions(page)
        near = np.allclose(first, _expected(positions), rtol=0, atol=1.1 / STEPS)
        if near or time.monotonic() > end:
            break
        time.sleep(0.1)
    np.testing.assert_allclose(first, _expected(positions), rtol=0, atol=1.1 / STEPS)
    for _ in range(3):
        time.sleep(0.4)
        np.testing.assert_array_equal(world_positions(page), first)


def test_the_list_is_closed_until_it_is_opened_and_neighbors_are_seen(
    page: webdriver.Chrome,
) -> None:
    assert not bookmarks_open(page)
    click(page, positions_px(page)[7])
    _, (left, top) = first_neighbor(page)
    assert _element_at(page, left + 5, top + 5) == "sprite-image"
    click_bookmarks(page)
    assert bookmarks_open(page)
    assert _element_at(page, left + 5, top + 5) != "sprite-image"
    click_bookmarks(page)
    assert not bookmarks_open(page)
    # Loading the bookmarks of another run does not open it either.
    choose_run(page, OTHER)
    assert bookmarks(page) == ["only one"]
    assert not bookmarks_open(page)
    assert console_errors(page) == []


def _element_at(page: webdriver.Chrome, x: float, y: float) -> str:
    """Return the class of the innermost element at a place of the screen, inside frames too."""
    script = """
    let [x, y] = arguments, root = document, found = null;
    for (let next = root.elementFromPoint(x, y); next && next !== found; ) {
      found = next;
      if (found.contentDocument) {
        const box = found.getBoundingClientRect();
        [x, y] = [x - box.left, y - box.top];
      }
      root = found.shadowRoot || found.contentDocument;
      next = root ? root.elementFromPoint(x, y) : null;
    }
    return found.className;"""
    return str(page.execute_script(script, x, y))


def test_a_click_shows_the_layout_and_it_stays(page: webdriver.Chrome) -> None:
    assert chosen_bookmark(page) is None
    for view in [*VIEWS, FLAT]:
        click_bookmark(page, view.name)
        _check_stands(page, view.positions)
        assert chosen_bookmark(page) == view.name
        assert chosen_tab(page) == view.tab
    assert console_errors(page) == []


@pytest.mark.parametrize("view", [FLAT, PLANE])
def test_each_point_still_shows_its_own_picture(page: webdriver.Chrome, view: Bookmark) -> None:
    click_bookmark(page, view.name)
    places = np.rint(positions_px(page)).astype(int)  # (n, 2)
    seen = np.asarray(picture_of_page(page))[places[:, 1], places[:, 0]]
    np.testing.assert_allclose(seen.astype(int), colors(ROWS), atol=12)


def test_a_plane_is_seen_from_the_front_and_small(page: webdriver.Chrome) -> None:
    click_bookmark(page, PLANE.name)
    places = np.array(positions_px(page))
    across, up = (np.corrcoef(places[:, k], PLANE.positions[:, k])[0, 1] for k in range(2))
    assert (round(across, 4), round(up, 4)) == (1, -1)
    seen = np.asarray(picture_of_page(page)).astype(int)
    x, y = np.rint(places[0]).astype(int)
    row = np.abs(seen[y, x - 60 : x + 60] - seen[y, x]).max(axis=1) < 12
    assert 8 < row.sum() < CELL_PX - 10


def test_colors_are_those_of_the_bookmark(page: webdriver.Chrome) -> None:
    click_bookmark(page, VIEWS[-1].name)
    assert (shown_color(page), legend(page)) == ("group", GROUPS)
    click_bookmark(page, FLAT.name)
    assert (shown_color(page), legend(page)) == ("No color map", [])
    assert shown_label(page) == "name"


def test_the_tab_of_the_principal_components_works_after_a_bookmark(
    page: webdriver.Chrome,
) -> None:
    click_bookmark(page, FLAT.name)
    click_tab(page, "pca")
    _check_stands(page, AXES[:, :3])
    assert chosen_tab(page) == "pca"


def test_each_run_has_its_own_bookmarks(page: webdriver.Chrome) -> None:
    assert run_names(page) == ["overview", OTHER, "bare"]
    assert chosen_run(page) == "overview"
    click_bookmark(page, VIEWS[3].name)
    choose_run(page, OTHER)
    assert chosen_run(page) == OTHER
    assert bookmarks(page) == ["only one"]
    click_bookmark(page, "only one")
    _check_stands(page, FLAT.positions)
    assert console_errors(page) == []
