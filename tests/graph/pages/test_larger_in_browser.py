"""Tests of larger pictures in Chromium: zoom, previews, originals, the large view."""

import io
import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from selenium import webdriver
from selenium.webdriver import Keys
from selenium.webdriver.common.by import By

from browser import console_errors, requests
from site_in_browser import opened, press, sized, spot_of, until
from site_stores import clusters, data_of, make_store, pages_of, plain_names, site_of

__all__ = ["sized"]
# Of no thumbnail; see `site_stores.color_of`.
PREVIEW, ORIGINAL = (250, 10, 10), (10, 250, 10)
_DATA = re.compile(r'(<script type="application/json" id="page">)(.*?)(</script>)', re.DOTALL)


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with `site`, whose pictures have larger files in another color."""
    folder = tmp_path_factory.mktemp("larger")
    path = make_store(folder, plain_names(48), clusters(48))
    site_of(path, folder / "site", page_size=10)
    for file in (folder / "pictures").rglob("*.jpg"):
        Image.new("RGB", (640, 480), ORIGINAL).save(file)
    return folder


@pytest.fixture
def site(written: Path, tmp_path: Path) -> Path:
    """Return a copy of the site, in the same place relative to the pictures."""
    shutil.copytree(written / "pictures", tmp_path / "pictures")
    return Path(shutil.copytree(written / "site", tmp_path / "site"))


def add_previews(site: Path, without: int | None = None) -> None:
    """Write previews as imgrec graph does: SITE/previews/NN/ID.webp, NN is ID // 1000."""
    for page in pages_of(site):
        text = page.read_text("utf-8")
        data = data_of(page)
        data["data"]["previews"] = True
        whole = json.dumps(data).replace("<", "\\u003c")
        found = _DATA.search(text)
        assert found
        page.write_text(text[: found.start(2)] + whole + text[found.end(2) :], "utf-8")
        for picture in map(int, data["data"]["pictures"]):
            file = site / "previews" / str(picture // 1000) / f"{picture}.webp"
            file.parent.mkdir(parents=True, exist_ok=True)
            if picture != without:
                Image.new("RGB", (512, 384), PREVIEW).save(file, lossless=True)


def color_at(browser: webdriver.Chrome, node: int) -> tuple[int, ...]:
    x, y = spot_of(browser, node)
    seen = Image.open(io.BytesIO(browser.get_screenshot_as_png())).convert("RGB")
    return tuple(np.asarray(seen)[y, x].tolist())


def is_near(one: tuple[int, ...], other: tuple[int, ...]) -> bool:
    return int(np.abs(np.subtract(one, other)).max()) < 16


def zoomed(browser: webdriver.Chrome, node: int, enlarged: float) -> None:
    """Center a node and enlarge its thumbnail so many times, as whoever zooms does."""
    browser.execute_script(
        # Until then, a late resize fits the view again.
        "untouched = false;"
        "const node = nodesById.get(arguments[0]), { x, y } = positioned(node);"
        "network.moveTo({ position: { x, y }, scale: arguments[1] * node.cell[2] / node.width })",
        node,
        enlarged,
    )


def previews_asked(browser: webdriver.Chrome, site: Path) -> set[str]:
    prefix = f"{site.as_uri()}/"
    asked = (address.removeprefix(prefix) for address in requests(browser))
    return {address for address in asked if address.startswith("previews/")}


def test_previews_are_shown_from_one_and_a_half_times_on(
    browser: webdriver.Chrome, site: Path
) -> None:
    add_previews(site)
    page = pages_of(site)[0]
    node = data_of(page)["nodes"][0]["id"]
    opened(browser, page)
    before = color_at(browser, node)
    zoomed(browser, node, 1.45)
    # Longer than the delay before pictures are loaded.
    browser.execute_async_script("setTimeout(arguments[0], 400)")
    assert previews_asked(browser, site) == set()
    assert is_near(color_at(browser, node), before)
    zoomed(browser, node, 6.0)
    until(browser, f"return Boolean(kept.get({node}))")
    assert is_near(color_at(browser, node), PREVIEW)
    shown = previews_asked(browser, site)
    assert f"previews/0/{node}.webp" in shown
    # Only those in view are loaded.
    assert len(shown) < len(data_of(page)["nodes"])
    zoomed(browser, node, 1.0)
    assert is_near(color_at(browser, node), before)
    assert console_errors(browser) == []


def test_the_original_stands_in_for_a_preview_and_the_thumbnail_for_both(
    browser: webdriver.Chrome, site: Path
) -> None:
    page = pages_of(site)[0]
    one, other = (node["id"] for node in data_of(page)["nodes"][:2])
    add_previews(site, without=one)
    file = site / "pages" / data_of(page)["data"]["pictures"][str(other)]["href"]
    file.resolve().unlink()
    (site / "previews" / "0" / f"{other}.webp").unlink()
    opened(browser, page)
    before = color_at(browser, other)
    zoomed(browser, one, 6.0)
    until(browser, f"return Boolean(kept.get({one}))")
    assert is_near(color_at(browser, one), ORIGINAL)
    zoomed(browser, other, 6.0)
    until(browser, f"return kept.get({other}) === null")
    browser.execute_async_script("setTimeout(arguments[0], 200)")
    assert is_near(color_at(browser, other), before)
    # Absent files are messages of the browser, no exceptions of a script.
    assert all("ERR_FILE_NOT_FOUND" in message for message in console_errors(browser))


def test_a_site_without_previews_asks_for_none(browser: webdriver.Chrome, site: Path) -> None:
    page = pages_of(site)[0]
    node = data_of(page)["nodes"][0]["id"]
    opened(browser, page)
    zoomed(browser, node, 6.0)
    until(browser, f"return Boolean(kept.get({node}))")
    assert is_near(color_at(browser, node), ORIGINAL)
    assert previews_asked(browser, site) == set()
    assert console_errors(browser) == []


def test_only_some_large_pictures_are_kept(browser: webdriver.Chrome, site: Path) -> None:
    page = pages_of(site)[0]
    opened(browser, page)
    left = browser.execute_script(
        "for (let id = 1; id <= 60; id += 1) kept.set(-id, document.createElement('canvas'));"
        "kept.set(-99, null); dropUnused(); return [...kept.keys()]"
    )
    assert left == [*range(-13, -61, -1), -99]


def in_view(browser: webdriver.Chrome, side: str, part: str) -> str:
    return browser.find_element(By.CSS_SELECTOR, f"#view .{side} .{part}").text


def test_the_large_view_shows_a_picture_its_facts_and_a_neighbor_beside_it(
    browser: webdriver.Chrome, site: Path
) -> None:
    page = pages_of(site)[0]
    data = data_of(page)
    opened(browser, page)
    node = browser.execute_script("return focused")
    told = data["data"]["pictures"][str(node)]
    press(browser, "l")
    until(browser, "return view.open")
    until(browser, "return view.querySelector('.chosen img')?.naturalWidth === 640")
    name = next(one["name"] for one in data["nodes"] if one["id"] == node)
    assert in_view(browser, "chosen", "name") == name
    assert in_view(browser, "chosen", "folder") == told["folder"]
    assert told["facts"] in in_view(browser, "chosen", "facts")
    strip = browser.find_elements(By.CSS_SELECTOR, "#strip button")
    assert len(strip) == len(told["near"]) == 12
    assert not browser.find_element(By.CSS_SELECTOR, "#view .beside").is_displayed()
    for place, row in enumerate(told["near"]):
        press(browser, Keys.ARROW_RIGHT)
        until(browser, f"return compared === {place}")
        assert in_view(browser, "beside", "name") == row[2]
        assert f"similarity {row[1]:.2f}" in in_view(browser, "beside", "facts")
        facts = data["data"]["pictures"].get(str(row[0])) or data["data"]["others"][str(row[0])]
        assert in_view(browser, "beside", "folder") == facts["folder"]
        assert strip[place].get_attribute("aria-pressed") == "true"
        until(browser, "return view.querySelector('.beside img')?.naturalWidth === 640")
    press(browser, Keys.ARROW_RIGHT)
    assert browser.execute_script("return compared") == -1
    strip[3].click()
    assert browser.execute_script("return compared") == 3
    press(browser, Keys.ESCAPE)
    until(browser, f"return !view.open && document.activeElement === box && focused === {node}")
    assert browser.current_url.startswith(page.as_uri())
    assert console_errors(browser) == []


def test_every_neighbor_on_another_page_has_its_facts(written: Path) -> None:
    for page in pages_of(written / "site"):
        data = data_of(page)["data"]
        away = {row[0] for told in data["pictures"].values() for row in told["near"] if row[3:]}
        assert set(map(int, data["others"])) == away
        for told in data["others"].values():
            assert (page.parent / told["href"]).resolve().is_file()
            assert told["folder"].startswith("kind")


def test_pictures_of_the_two_sides_have_the_same_height(
    browser: webdriver.Chrome, site: Path, sized: Callable[[int, int], None]
) -> None:
    page = pages_of(site)[0]
    for width, height in ((1280, 800), (390, 800)):
        sized(width, height)
        opened(browser, page)
        browser.execute_script("openView(firstNode()); step(1)")
        frames = browser.execute_script(
            "return [...view.querySelectorAll('.frame')].map((frame) => {"
            "  const { left, right, top, bottom } = frame.getBoundingClientRect();"
            "  return [left, right, top, bottom]; })"
        )
        (left, right), heights = [frame[:2] for frame in frames], [frame[2:] for frame in frames]
        assert heights[0] == heights[1]
        assert heights[0][1] - heights[0][0] > height / 4
        assert left[1] <= right[0]
        assert right[1] <= width
        assert browser.execute_script("return document.documentElement.scrollWidth") == width
        lowest = "return document.getElementById('strip').getBoundingClientRect().bottom"
        assert browser.execute_script(lowest) <= height


def test_enter_in_the_large_view_goes_on_to_the_neighbor(
    browser: webdriver.Chrome, site: Path
) -> None:
    page, node, here, there = next(
        (page, int(picture), here, there)
        for page in pages_of(site)
        for picture, told in data_of(page)["data"]["pictures"].items()
        for here in [i for i, near in enumerate(told["near"]) if len(near) == 3][:1]
        for there in [i for i, near in enumerate(told["near"]) if len(near) > 3][:1]
    )
    rows = data_of(page)["data"]["pictures"][str(node)]["near"]
    opened(browser, page, f"#{node}")
    browser.find_element(By.ID, "enlarge").click()
    until(browser, f"return view.open && viewed === {node}")
    browser.execute_script("compare(arguments[0])", here)
    press(browser, Keys.ENTER)
    until(browser, f"return viewed === {rows[here][0]} && compared === -1")
    press(browser, " ")
    # The panel follows the picture that was viewed last.
    until(browser, f"return !view.open && selected === {rows[here][0]}")
    browser.execute_script("openView(arguments[0]); compare(arguments[1])", node, there)
    press(browser, Keys.ENTER)
    until(browser, f"return window.imgrecDrawn && selected === {rows[there][0]} && !panel.hidden")
    assert f"/{rows[there][3]}.html#{rows[there][0]}" in browser.current_url
    assert console_errors(browser) == []


def test_escape_closes_what_lies_on_top_and_the_hint_names_the_ring(
    browser: webdriver.Chrome, site: Path
) -> None:
    page, node, here = next(
        (page, int(picture), here)
        for page in pages_of(site)
        for picture, told in data_of(page)["data"]["pictures"].items()
        for here in [i for i, near in enumerate(told["near"]) if len(near) == 3][:1]
    )
    opened(browser, page)
    browser.execute_script("focusOn(arguments[0])", node)
    press(browser, Keys.ENTER)
    until(browser, f"return !panel.hidden && selected === {node}")
    press(browser, "?")
    until(browser, "return help.open")
    press(browser, Keys.ESCAPE)
    until(browser, "return !help.open")
    assert browser.execute_script("return !panel.hidden")
    press(browser, "l")
    until(browser, "return view.open")
    browser.execute_script("compare(arguments[0])", here)
    press(browser, Keys.ENTER)
    other = until(browser, f"return viewed !== {node} && viewed")
    browser.execute_script("document.activeElement.blur()")
    press(browser, Keys.ESCAPE)
    until(browser, f"return !view.open && !panel.hidden && selected === {other}")
    press(browser, Keys.ESCAPE)
    until(browser, "return panel.hidden && selected === null")
    # Without a panel to follow, the ring goes to the picture that was viewed last.
    browser.execute_script("focusOn(arguments[0])", node)
    press(browser, "l")
    until(browser, "return view.open")
    browser.execute_script("compare(arguments[0])", here)
    press(browser, Keys.ENTER, Keys.ESCAPE)
    until(browser, f"return !view.open && focused === {other}")
    name = next(one["name"] for one in data_of(page)["nodes"] if one["id"] == other)
    assert browser.execute_script("return !hint.hidden && hint.textContent").startswith(name)
    # Last of all the page itself is left.
    press(browser, Keys.ESCAPE)
    until(browser, "return document.body.className === 'overview' && window.imgrecDrawn")
    assert console_errors(browser) == []
