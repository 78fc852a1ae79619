"""Tests of the print style in Chromium: the sheet of pictures with names, without controls."""

import base64
import io
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from selenium import webdriver
from selenium.webdriver.common.by import By

from browser import console_errors
from site_in_browser import HOSTILE, opened, sized
from site_stores import all_pages, clusters, data_of, make_store, pages_of, site_of

__all__ = ["sized"]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("print")
    path = make_store(folder, HOSTILE, clusters(len(HOSTILE), 2))
    return site_of(path, folder / "site").index.parent


@pytest.fixture
def to_paper(browser: webdriver.Chrome) -> Iterator[Callable[[], object]]:
    """Return a function that shows the open page as it is printed, where dark colors are wanted."""
    dark = {"name": "prefers-color-scheme", "value": "dark"}
    paper = {"media": "print", "features": [dark]}
    yield lambda: browser.execute_cdp_cmd("Emulation.setEmulatedMedia", paper)
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "", "features": []})


@pytest.fixture
def screen(browser: webdriver.Chrome) -> Callable[[], object]:
    screen = {"media": "", "features": []}
    return lambda: browser.execute_cdp_cmd("Emulation.setEmulatedMedia", screen)


def pixels(browser: webdriver.Chrome) -> np.ndarray:
    seen = Image.open(io.BytesIO(browser.get_screenshot_as_png())).convert("RGB")
    return np.asarray(seen).astype(int)


def test_paper_has_every_picture_of_the_page_with_its_name(
    browser: webdriver.Chrome,
    site: Path,
    screen: Callable[[], object],
    to_paper: Callable[[], object],
) -> None:
    for page in pages_of(site):
        screen()
        opened(browser, page)
        to_paper()
        browser.execute_script("window.dispatchEvent(new Event('beforeprint'))")
        data = data_of(page)
        told = [figure.text for figure in browser.find_elements(By.CSS_SELECTOR, "#paper figure")]
        names = [link.get_attribute("textContent") for link in
                 browser.find_elements(By.CSS_SELECTOR, ".listing a .text")]  # fmt: skip
        assert len(told) == len(data["nodes"]) == len(names)
        shown = browser.execute_script(
            "return [...document.querySelectorAll('#paper figcaption')].map("
            "(caption) => caption.firstChild.textContent)"
        )
        assert sorted(shown) == sorted(node["name"] for node in data["nodes"])
        sheet = np.asarray(Image.open(site / "sheets" / f"{page.stem}.jpg")).astype(int)
        seen = pixels(browser)
        # Dark colors are for screens.
        assert (seen[2, 2] == 255).all()
        spots = browser.execute_script(
            "return [...document.querySelectorAll('#paper canvas')].map((canvas) => {"
            "  const { left, top, width, height } = canvas.getBoundingClientRect();"
            "  return [Math.round(left + width / 2), Math.round(top + height / 2)]; })"
        )
        ids = browser.execute_script("return listedIds()")
        cells = {node["id"]: node["cell"] for node in data["nodes"]}
        for (x, y), node in zip(spots, ids, strict=True):
            left, top, width, height = cells[node]
            there = sheet[top + height // 2, left + width // 2]
            assert np.abs(seen[y, x] - there).max() < 16
        assert console_errors(browser) == []


def test_no_control_is_printed(
    browser: webdriver.Chrome,
    site: Path,
    screen: Callable[[], object],
    to_paper: Callable[[], object],
) -> None:
    controls = ".search, .steps, .zoom, button, input, dialog, footer, .pictures #network"
    for page in all_pages(site):
        screen()
        opened(browser, page)
        to_paper()
        assert not any(
            element.is_displayed() for element in browser.find_elements(By.CSS_SELECTOR, controls)
        )
        assert browser.find_element(By.TAG_NAME, "h1").is_displayed()
        # The height of a window would cut the pages after the first.
        assert browser.execute_script("return getComputedStyle(document.body).overflow") == (
            "visible"
        )


def test_a_page_is_as_before_when_it_was_printed(browser: webdriver.Chrome, site: Path) -> None:
    page = pages_of(site)[0]
    opened(browser, page)
    before = pixels(browser)
    printed = browser.execute_cdp_cmd("Page.printToPDF", {})
    pdf = base64.b64decode(printed["data"])
    assert len(re.findall(rb"/Type\s*/Page\b", pdf)) == 1
    assert browser.find_elements(By.ID, "paper") == []
    assert (pixels(browser) == before).all()
    assert console_errors(browser) == []
