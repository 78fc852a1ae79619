"""Tests of colors and labels in the page of TensorBoard, in Chromium: dots, legend, labels."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

import numpy as np
import pytest
from numpy.typing import NDArray
from selenium import webdriver

from browser import console_errors
from imgrec.store.store import Store
from logdirs import only_run, table
from projector import ProjectorOptions, write_logdir
from projector_clicks import (
    bookmarks,
    choose_tensor,
    chosen_tensor,
    click_bookmark,
    click_bookmarks,
    color_options,
    label_by,
    label_share,
    legend,
    legend_colors,
    numeric_columns,
    searched_column,
    shown_color,
    shown_label,
    tensor_names,
)
from projector_page import (
    card,
    click,
    first_neighbor,
    open_projector,
    picture_of_page,
    positions_px,
    served,
)
from projector_store import colors, make_store, plain

COUNT = 144
_FOLDERS = ["cat", "dog", "owl", "fox", "bee", "elk"]
_DOTS = "flat as colored dots"


@dataclass(frozen=True)
class Shown:
    """A served store: pictures of 24 colors with hashes as names, in six folders.

    Class 59 has 36 pictures, 01 to 08 have six each, the others one.
    """

    tab: str
    folders: dict[str, str]
    classes: dict[str, str]


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shown]:
    """Yield a served logdir of `COUNT` pictures on a lattice."""
    folder = tmp_path_factory.mktemp("dots")
    rng = np.random.default_rng(5)
    names = [f"{UUID(bytes=rng.bytes(16))}.png" for _ in range(COUNT)]
    folders = [_FOLDERS[i // 24] for i in range(COUNT)]
    paths = [f"{of}/{name}" for of, name in zip(folders, names, strict=True)]
    classes = [f"class {number:02d}" for number in (*[59] * 36, *([*range(1, 9)] * 6))]
    classes += [f"class {100 + i}" for i in range(COUNT - len(classes))]
    labels = {
        "class": dict(enumerate(classes, start=1)),
        "confidence": {i: f"{i % 100 / 100:.2f}" for i in range(1, COUNT + 1)},
    }
    palette = colors(24)
    images = [plain(palette[i % 24]) for i in range(COUNT)]
    path = make_store(folder / "store", images, _lattice(), paths, labels)
    with Store.open(path) as store:
        made = write_logdir(store, folder / "log", options=ProjectorOptions(methods=()))
    (run,) = made.runs
    assert run.colors == ("folder", "class", "cluster")
    with served(made.logdir) as server:
        yield Shown(
            server.tab,
            dict(zip(names, folders, strict=True)),
            dict(zip(names, classes, strict=True)),
        )


def _lattice() -> NDArray[np.float32]:
    along, across = np.divmod(np.arange(COUNT), 9)
    return np.stack([2.0 * along, across], axis=1).astype(np.float32)


@pytest.fixture
def page(browser: webdriver.Chrome, shown: Shown) -> webdriver.Chrome:
    """Return the opened page of the pictures."""
    assert open_projector(browser, shown.tab) == COUNT
    console_errors(browser)
    return browser


def _rgb(color: str) -> tuple[int, ...]:
    return tuple(bytes.fromhex(color.removeprefix("#")))


def test_the_page_opens_with_thumbnails_and_has_dots_for_colors(page: webdriver.Chrome) -> None:
    assert tensor_names(page) == ["flat", _DOTS]
    assert chosen_tensor(page) == "flat"
    assert not [name for name in bookmarks(page) if "colors" in name]
    choose_tensor(page, _DOTS)
    assert bookmarks(page) == [
        "PCA, 2-D, colors: folder",
        "PCA, 2-D, colors: class",
        "PCA, 2-D, colors: cluster",
    ]


def test_dots_have_the_colors_of_the_legend_and_it_counts_them(
    page: webdriver.Chrome, shown: Shown
) -> None:
    choose_tensor(page, _DOTS)
    click_bookmark(page, "PCA, 2-D, colors: folder")
    click_bookmarks(page)
    assert shown_color(page) == "main folder"
    found = legend_colors(page)
    assert {name: count for name, (_, count) in found.items()} == Counter(shown.folders.values())
    assert len({color for color, _ in found.values()}) == len(_FOLDERS)
    places = np.rint(positions_px(page)).astype(int)
    screen = np.asarray(picture_of_page(page))
    seen = screen[places[:, 1], places[:, 0]].astype(int)
    wanted = [_rgb(found[folder][0]) for folder in shown.folders.values()]
    assert np.flatnonzero(np.abs(seen - wanted).max(axis=1) > 6).tolist() == []
    assert console_errors(page) == []


def test_of_many_classes_the_largest_have_a_color_and_the_rest_is_other(
    page: webdriver.Chrome, shown: Shown
) -> None:
    choose_tensor(page, _DOTS)
    click_bookmark(page, "PCA, 2-D, colors: class")
    kept = dict(Counter(shown.classes.values()).most_common(9))
    rest = COUNT - sum(kept.values())
    assert {n: count for n, (_, count) in legend_colors(page).items()} == kept | {"other": rest}
    assert numeric_columns(page) == ["megapixels", "confidence"]
    groups = {name: n for name, n in color_options(page).items() if name.startswith("main ")}
    assert set(groups) == {"main folder", "main class", "main cluster", "main color"}
    assert max(groups.values()) == 10


def test_thumbnails_have_their_own_colors_after_a_look_at_the_dots(page: webdriver.Chrome) -> None:
    choose_tensor(page, _DOTS)
    click_bookmark(page, "PCA, 2-D, colors: folder")
    choose_tensor(page, "flat")
    assert (shown_color(page), legend(page)) == ("No color map", [])
    click_bookmarks(page)
    places = np.rint(positions_px(page)).astype(int)
    screen = np.asarray(picture_of_page(page))
    seen = screen[places[:, 1], places[:, 0]].astype(int)
    # In two dimensions thumbnails overlap; whichever is seen has a color of the pictures.
    off = np.abs(seen[:, None] - np.array(colors(24))).max(axis=2).min(axis=1)
    assert np.flatnonzero(off > 12).tolist() == []


@pytest.mark.parametrize("tensor", ["flat", _DOTS])
def test_labels_and_search_are_by_folder_where_names_are_hashes(
    page: webdriver.Chrome, shown: Shown, tensor: str
) -> None:
    if tensor != "flat":
        choose_tensor(page, tensor)
    assert (shown_label(page), searched_column(page)) == ("label", "label")
    click(page, positions_px(page)[30])
    found = card(page)
    assert found["label"] == shown.folders[found["name"]]


def test_a_selection_of_101_points_does_not_cover_the_map(page: webdriver.Chrome) -> None:
    assert label_share(page) == 0
    click(page, positions_px(page)[70])
    label, _ = first_neighbor(page)
    assert label in _FOLDERS
    share = label_share(page)
    assert 0 < share < 0.1
    # Names cover more, although the page leaves out what would overlap.
    label_by(page, "name")
    assert label_share(page) > 2 * share


def test_the_tables_say_the_same_of_each_picture(tmp_path: Path) -> None:
    paths = [f"{_FOLDERS[i % 6]}/{i:03d}.png" for i in range(30)]
    path = make_store(tmp_path / "store", [plain(c) for c in colors(30)], names=paths)
    with Store.open(path) as store:
        options = ProjectorOptions(methods=(), clusters=12)
        run = only_run(write_logdir(store, tmp_path / "log", options=options).logdir)
    pictures, dots = table(run), table(run, "dots_metadata.tsv")
    for own, dot in zip(pictures, dots, strict=True):
        for column in ("label", "name", "path", "megapixels"):
            assert own[column] == dot[column]
        assert dot["main folder"] == own["folder"] == own["label"]
        assert dot["main cluster"] in (own["cluster"], "other")
    assert len({dot["main cluster"] for dot in dots}) == 10
