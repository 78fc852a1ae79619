"""Tests of an overview in Chromium: it fills a window of any size, and every name can be read."""

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from selenium import webdriver
from selenium.webdriver import ActionChains
from selenium.webdriver.common.by import By

from browser import console_errors
from imgrec.store.store import Store
from site_in_browser import opened, sized, spot_of, until
from site_stores import clusters, data_of, make_store, site_of

__all__ = ["sized"]
SIZES = [(390, 844), (500, 800), (1280, 800), (1920, 1080)]
GAP_PX = 10
# The last change of the window's size was followed.
FITTED = "return box.offsetWidth === fitted[0] && box.clientHeight === fitted[1]"
TILES = """
const view = box.getBoundingClientRect();
return [...document.querySelectorAll(".tile")].map((tile) => {
  const { left, top, width, height } = tile.getBoundingClientRect();
  const text = tile.querySelector(".text");
  const canvas = tile.querySelector("canvas");
  const range = document.createRange();
  range.selectNodeContents(text);
  const seen = range.getBoundingClientRect();
  return {
    id: Number(tile.id.slice(5)), left: left - view.left, top: top - view.top + box.scrollTop,
    width, height, picture: canvas.getBoundingClientRect().height, text: text.innerText,
    cut: [seen.left - left, left + width - seen.right, top + height - seen.bottom],
    clipped: [...text.children].some(({ scrollWidth, clientWidth }) => (
      clientWidth && scrollWidth > clientWidth + 1)),
  };
});
"""


def name_of(i: int) -> bytes:
    kinds = ("ceremonial evening dress", "hat", "running shoes for winter", "t-shirt")
    return f"{kinds[i % 4]}/{i:03d}.jpg".encode()


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("overview")
    path = make_store(folder, [name_of(i) for i in range(60)], clusters(60))
    return site_of(path, folder / "site", page_size=12).index.parent


def screen(browser: webdriver.Chrome) -> np.ndarray:
    """Return the pixels of the window, (height, width, 3), of type int."""
    picture = Image.open(io.BytesIO(browser.get_screenshot_as_png())).convert("RGB")
    return np.asarray(picture).astype(int)


def tiles(browser: webdriver.Chrome) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = browser.execute_script(TILES)
    return found


def assert_divided(found: list[dict[str, Any]], width: float, height: float) -> None:
    """Check that rectangles fill an area, gaps aside, and do not overlap."""
    for i, one in enumerate(found):
        assert one["left"] >= GAP_PX - 1 and one["left"] + one["width"] <= width - GAP_PX + 1
        assert one["top"] >= GAP_PX - 1 and one["top"] + one["height"] <= height - GAP_PX + 1
        for other in found[:i]:
            apart = max(
                abs(2 * (one[a] - other[a]) + one[b] - other[b]) - one[b] - other[b]
                for a, b in (("left", "width"), ("top", "height"))
            )
            assert apart >= 2 * GAP_PX - 2
    grown = sum((one["width"] + GAP_PX) * (one["height"] + GAP_PX) for one in found)
    assert grown == pytest.approx((width - GAP_PX) * (height - GAP_PX), rel=0.01)


def move_to(browser: webdriver.Chrome, x: int, y: int) -> None:
    actions = ActionChains(browser)
    actions.w3c_actions.pointer_action.move_to_location(x, y)
    actions.perform()


@pytest.mark.parametrize(("width", "height"), SIZES)
def test_the_window_is_filled_and_no_name_is_cut(
    browser: webdriver.Chrome,
    site: Path,
    sized: Callable[[int, int], None],
    width: int,
    height: int,
) -> None:
    sized(width, height)
    opened(browser, site / "index.html")
    until(browser, FITTED)
    found = tiles(browser)
    inner = browser.execute_script("return [box.clientWidth, box.clientHeight, box.scrollHeight]")
    assert_divided(found, inner[0], max(inner[1], inner[2]))
    # Nothing is scrolled sideways, nor at all where the window is large enough.
    assert browser.execute_script("return document.documentElement.scrollWidth") == width
    assert width < 1280 or inner[2] <= inner[1]
    with Store.open(site.parent / "store") as store:
        labels = list(store.catalog.labels.of_kind("community").values())
    assert len(found) == len(set(labels)) == 8
    for one in found:
        assert min(one["cut"]) >= 4 and not one["clipped"]
        assert one["picture"] >= 60
        assert any(kind in one["text"] for kind in ("dress", "hat", "running shoes", "t-shirt"))
        assert "pictures" in one["text"]
    assert console_errors(browser) == []


def test_a_window_that_changes_its_size_shows_what_a_new_one_of_that_size_does(
    browser: webdriver.Chrome, site: Path, sized: Callable[[int, int], None]
) -> None:
    places: dict[int, list[list[float]]] = {}
    for width, height in SIZES:
        sized(width, height)
        opened(browser, site / "index.html")
        until(browser, FITTED)
        places[width] = browser.execute_script("return [...places.values()]")
    for width, height in (*SIZES[::-1], SIZES[2]):
        sized(width, height)
        told = "return JSON.stringify([...places.values()]) === JSON.stringify(arguments[0])"
        until(browser, told.replace("arguments[0]", str(places[width])))


@pytest.mark.parametrize("count", [1, 2, 3, 7, 30, 80])
@pytest.mark.parametrize(("width", "height"), [(390, 700), (800, 300), (1280, 750), (2560, 1300)])
def test_any_number_of_communities_divides_any_area(
    browser: webdriver.Chrome, site: Path, count: int, width: int, height: int
) -> None:
    if "index.html" not in browser.current_url:
        opened(browser, site / "index.html")
    rng = np.random.default_rng(count)
    nodes = [
        {"id": i, "weight": round(float(weight), 3), "place": rng.random(2).tolist()}
        for i, weight in enumerate(rng.uniform(0.3, 1, count))
    ]
    found, taken = browser.execute_script(
        "const kept = page.nodes;"
        "page.nodes = arguments[0];"
        "const { found, taken } = division(arguments[1], arguments[2]);"
        "page.nodes = kept;"
        "return [[...found], taken];",
        nodes, width, height,
    )  # fmt: skip
    sides = [
        dict(zip(("left", "top", "width", "height"), place, strict=True)) for _, place in found
    ]
    assert len({i for i, _ in found}) == count
    assert_divided(sides, width, taken)
    assert min(one["width"] for one in sides) >= 139
    assert min(one["height"] for one in sides) >= 175
    assert taken >= height


def test_a_mosaic_shows_pictures_of_its_community(browser: webdriver.Chrome, site: Path) -> None:
    opened(browser, site / "index.html")
    sheet = np.asarray(Image.open(site / "sheets" / "index.jpg")).astype(int)
    seen = np.asarray(Image.open(io.BytesIO(browser.get_screenshot_as_png())).convert("RGB"))
    for node in data_of(site / "index.html")["nodes"]:
        shown = browser.execute_script("return nodesById.get(arguments[0]).shown", node["id"])
        assert 4 <= shown <= 9
        left, top, width, height = browser.execute_script(
            "const side = tileOf(arguments[0]).querySelector('canvas').getBoundingClientRect();"
            "return [side.left, side.top, side.width, side.height]",
            node["id"],
        )
        # The first picture is in the upper left corner.
        there = seen[round(top + height / 8), round(left + width / 12)].astype(int)
        x, y, w, h = node["cell"]
        assert np.abs(there - sheet[y + h // 2, x + w // 2]).max() < 16


def test_edges_are_drawn_near_the_pointer_only(browser: webdriver.Chrome, site: Path) -> None:
    opened(browser, site / "index.html")
    data = data_of(site / "index.html")
    move_to(browser, 20, 20)
    lines = "return document.querySelectorAll('#edges line:not(.casing)').length"
    assert browser.execute_script(lines) == 0
    for node in data["nodes"][:3]:
        move_to(browser, *spot_of(browser, node["id"]))
        until(browser, f"return hovered === {node['id']}")
        own = [edge for edge in data["edges"] if node["id"] in (edge["from"], edge["to"])]
        assert own and browser.execute_script(lines) == len(own)
        others = {edge["from"] + edge["to"] - node["id"] for edge in own}
        joined = browser.find_elements(By.CSS_SELECTOR, ".tile.joined")
        assert {int((tile.get_attribute("id") or "")[5:]) for tile in joined} == others
    move_to(browser, 20, 20)
    until(browser, "return hovered === null")
    assert browser.execute_script(lines) == 0


def test_lines_cross_no_tile(browser: webdriver.Chrome, site: Path) -> None:
    opened(browser, site / "index.html")
    nodes = data_of(site / "index.html")["nodes"]
    move_to(browser, 20, 20)
    until(browser, "return hovered === null && sheetImage !== null")
    before = screen(browser)
    move_to(browser, *spot_of(browser, nodes[0]["id"]))
    until(browser, f"return hovered === {nodes[0]['id']}")
    after = screen(browser)
    assert (before != after).any()
    for node in nodes:
        left, top, right, bottom = browser.execute_script(
            "const tile = tileOf(arguments[0]);"
            "const part = arguments[0] === hovered ? tile.querySelector('canvas') : tile;"
            "const { left, top, right, bottom } = part.getBoundingClientRect();"
            "return [left, top, right, bottom].map(Math.round)",
            node["id"],
        )
        # Rounded corners show the ground; the name below the pointer has another color.
        inside = np.s_[top + 8 : bottom - 8, left + 8 : right - 8]
        assert np.abs(before[inside] - after[inside]).max() < 16


def test_without_scripts_every_community_is_a_link(site: Path) -> None:
    text = (site / "index.html").read_text("utf-8")
    for target in data_of(site / "index.html")["data"]["targets"].values():
        assert f'href="{target}"><canvas' in text
