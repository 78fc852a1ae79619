"""The logdir in TensorBoard's own page, in a real browser."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from browser import console_errors, requests
from numpy.typing import NDArray
from projector_page import (
    card,
    click,
    first_neighbour,
    open_projector,
    picture_of_page,
    positions_px,
    served,
)
from projector_store import Colour, colours, make_store, plain
from selenium import webdriver

from imgrec.store import Store
from projector import write_logdir


def _spread(count: int) -> NDArray[np.float32]:
    """Vectors (n, 2) of a flat lattice, wide enough that no two thumbnails overlap."""
    rows = 1 if count < 5 else 5
    along, across = np.divmod(np.arange(count), rows)
    return np.stack([3.0 * along, across], axis=1).astype(np.float32)


def _logdir(folder: Path, palette: Sequence[Colour], vectors: NDArray[np.float32]) -> Path:
    path = make_store(folder / "store", [plain(colour) for colour in palette], vectors)
    with Store.open(path) as store:
        return write_logdir(store, folder / "log").logdir


def _mismatches(browser: webdriver.Chrome, palette: Sequence[Colour]) -> list[int]:
    """Return the rows at whose place on the screen another colour than theirs is seen."""
    positions = positions_px(browser)
    page = picture_of_page(browser)
    seen = [page.getpixel((round(x), round(y))) for x, y in positions]
    return [i for i, pair in enumerate(zip(seen, palette, strict=True)) if _differ(*pair)]


def _differ(pixel: object, colour: Colour) -> bool:
    return int(np.abs(np.subtract(pixel, colour)).max()) > 12  # type: ignore[call-overload]


@pytest.mark.parametrize("count", [2, 3, 5, 65])
def test_each_point_shows_its_own_picture(
    browser: webdriver.Chrome, tmp_path: Path, count: int
) -> None:
    palette = colours(count)
    with served(_logdir(tmp_path, palette, _spread(count))) as server:
        assert open_projector(browser, server.address) == count
        assert _mismatches(browser, palette) == []
        chosen = count - 2
        click(browser, positions_px(browser)[chosen])
        assert card(browser)["name"] == f"{chosen + 1:05d}.png"
        name, (left, top) = first_neighbour(browser)
        neighbour = picture_of_page(browser).getpixel((round(left) + 20, round(top) + 20))
        assert not _differ(neighbour, palette[int(name[:5]) - 1])


@pytest.mark.parametrize("count", [2, 60])
def test_equal_pictures_stand_in_one_place(
    browser: webdriver.Chrome, tmp_path: Path, count: int
) -> None:
    vectors = np.ones((count, 64), np.float32)
    with served(_logdir(tmp_path, [(200, 0, 0)] * count, vectors)) as server:
        assert open_projector(browser, server.address) == count
        assert _mismatches(browser, [(200, 0, 0)] * count) == []
        assert len(set(positions_px(browser))) == 1


def test_a_real_collection_opens_quietly_and_asks_nobody_else(
    browser: webdriver.Chrome, odd_store: tuple[Path, dict[str, str]], tmp_path: Path
) -> None:
    with Store.open(odd_store[0]) as store:
        made = write_logdir(store, tmp_path / "log")
    requests(browser), console_errors(browser)
    with served(made.logdir) as server:
        assert open_projector(browser, server.address) == made.points
        asked = [address for address in requests(browser) if address.startswith("http")]
    assert asked
    home = server.address.removesuffix("#projector")
    assert [address for address in asked if not address.startswith(home)] == []
    assert console_errors(browser) == []
