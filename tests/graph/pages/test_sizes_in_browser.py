"""Tests of the pages at any width, when loaded and when it changes: nothing is cut."""

from collections.abc import Callable
from pathlib import Path

import pytest
from selenium import webdriver
from selenium.webdriver import Keys

from browser import console_errors
from site_in_browser import opened, press, sized, until
from site_stores import clusters, make_store, pages_of, site_of

__all__ = ["sized"]
WIDTHS = (390, 500, 760, 900, 1000, 1280, 1920)
KINDS = ("ceremonial evening dress", "hat", "running shoes for winter", "t-shirt")
# Of the bar: what is cut, and what covers something else.
CUT = """
const parts = [...document.querySelectorAll("h1, .counts b")];
return parts.filter((part) => part.scrollWidth > part.clientWidth + 1)
  .map((part) => part.outerHTML);
"""
COVERED = """
const parts = [...document.querySelectorAll(".crumbs, .counts, .search, .steps, .orders")]
  .map((part) => part.getBoundingClientRect());
return parts.flatMap((one, i) => parts.slice(i + 1).filter((other) => (
  one.left < other.right - 1 && other.left < one.right - 1
  && one.top < other.bottom - 1 && other.top < one.bottom - 1))).length;
"""
OUTSIDE = """
return page.nodes.filter((node) => {
  const { x, y } = positioned(node);
  const [first, last] = [-0.5, 0.5].map((side) => (
    network.canvasToDOM({ x: x + side * node.width, y: y + side * node.height })));
  return first.x < 0 || first.y < 0 || last.x > box.clientWidth || last.y > box.clientHeight;
}).length;
"""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sizes")
    path = make_store(folder, [f"{KINDS[i % 4]}/{i:03d}.jpg".encode() for i in range(90)],
                      clusters(90))  # fmt: skip
    return site_of(path, folder / "site", page_size=8).index.parent


@pytest.mark.parametrize("width", WIDTHS)
def test_no_name_and_no_count_of_the_bar_is_cut(
    browser: webdriver.Chrome, site: Path, sized: Callable[[int, int], None], width: int
) -> None:
    sized(width, 800)
    deep = max(pages_of(site), key=lambda page: page.name.count("."))
    assert deep.name.count(".") >= 2
    upper = deep.name.rpartition(".html")[0].rpartition(".")[0] + ".html"
    for page in (f"pages/{deep.name}", f"pages/{upper}", f"contact/{deep.name}", "index.html"):
        opened(browser, site / page)
        assert browser.execute_script(CUT) == [], page
        assert browser.execute_script(COVERED) == 0, page
        assert browser.execute_script("return document.documentElement.scrollWidth") == width
        assert browser.execute_script("return document.querySelector('h1').clientWidth") > 80


@pytest.mark.parametrize("width", WIDTHS)
def test_the_way_to_the_overview_is_whole(
    browser: webdriver.Chrome, site: Path, sized: Callable[[int, int], None], width: int
) -> None:
    sized(width, 800)
    deep = max(pages_of(site), key=lambda page: page.name.count("."))
    opened(browser, deep)
    # Width of each name of the way, and of what of it is shown.
    ways = browser.execute_script(
        "return [...document.querySelectorAll('.crumbs a')]"
        ".map((way) => [way.scrollWidth, way.clientWidth])"
    )
    assert len(ways) >= 2
    assert ways[0][0] == ways[0][1]
    if width >= 1280:
        assert all(shown >= min(whole, 80) for whole, shown in ways)


def test_all_pictures_are_in_view_after_the_window_changed(
    browser: webdriver.Chrome, site: Path, sized: Callable[[int, int], None]
) -> None:
    sized(1280, 800)
    opened(browser, pages_of(site)[0])
    for width, height in ((500, 800), (900, 500), (1900, 400), (390, 844), (1280, 800)):
        sized(width, height)
        until(browser, f"return innerWidth === {width} && box.clientWidth === {width}")
        until(browser, "return Math.abs(network.getScale() - fitScale()) < 1e-6")
        until(browser, OUTSIDE.replace("length", "length === 0"))


def test_the_picture_of_the_keyboard_and_its_name_stay_where_they_are_on_zoom(
    browser: webdriver.Chrome, site: Path, sized: Callable[[int, int], None]
) -> None:
    sized(1280, 800)
    opened(browser, pages_of(site)[0])
    press(browser, Keys.ARROW_RIGHT, Keys.ARROW_DOWN)
    spot = "return network.canvasToDOM(positioned(nodesById.get(focused)))"
    before = browser.execute_script(spot)
    for key in ("+", "+", "+", "-"):
        scale = browser.execute_script("return network.getScale()")
        press(browser, key)
        until(browser, f"return network.getScale() !== {scale}")
        after = browser.execute_script(spot)
        assert [after["x"], after["y"]] == pytest.approx([before["x"], before["y"]], abs=1)
        top = browser.execute_script(
            "const node = nodesById.get(focused), { x, y } = positioned(node);"
            "const below = network.canvasToDOM({ x, y: y + node.height / 2 }).y;"
            "return hint.getBoundingClientRect().top - box.getBoundingClientRect().top - below"
        )
        assert top == pytest.approx(8, abs=1)
    # Moved by the pointer, the name would be elsewhere than its picture.
    browser.execute_script("network.body.emitter.emit('dragStart', { pointer: {}, event: {} })")
    until(browser, "return hint.hidden")
    assert console_errors(browser) == []


def test_screen_readers_are_told_what_the_arrows_lead_to(
    browser: webdriver.Chrome, site: Path
) -> None:
    for page in (site / "index.html", pages_of(site)[0]):
        opened(browser, page)
        assert browser.execute_script("return said.getAttribute('role')") == "status"
        for key in (Keys.ARROW_RIGHT, Keys.ARROW_DOWN):
            press(browser, key)
            name = browser.execute_script("return nodesById.get(focused).name")
            assert browser.execute_script("return said.textContent").startswith(name)
