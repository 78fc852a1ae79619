"""Two pictures compared on the page in Chromium: difference, boxes, crops, in every turn."""

import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from selenium import webdriver
from selenium.webdriver import Keys

from review_in_browser import click, find
from site_in_browser import press, until


def _stage(browser: webdriver.Chrome) -> np.ndarray[Any, np.dtype[np.uint8]]:
    """Return the pixels of the stage of the comparison."""
    until(browser, "return document.querySelector('#stage canvas')")
    browser.execute_script(
        "for (const mark of document.querySelectorAll('#stage .mark')) mark.remove()"
    )
    canvas = browser.find_element("css selector", "#stage canvas")
    return np.asarray(Image.open(io.BytesIO(canvas.screenshot_as_png)).convert("RGB"))


@pytest.mark.parametrize("turn", range(8))
def test_the_difference_is_bright_where_a_part_differs_and_black_elsewhere(
    turn: int, page: webdriver.Chrome
) -> None:
    name = f"turned{turn} part.png" if turn else "stamped part.png"
    find(page, name)
    click(page, name, ".picture")
    press(page, "3")
    pixels = _stage(page)
    height, width = pixels.shape[:2]
    assert abs(width / height - 4 / 3) < 0.03
    inside = pixels[int(0.13 * height) : int(0.27 * height), int(0.63 * width) : int(0.87 * width)]
    assert inside.min() > 200
    outside = pixels.copy()
    outside[int(0.06 * height) : int(0.34 * height), int(0.56 * width) : int(0.94 * width)] = 0
    assert np.mean(outside) < 12
    press(page, "2")
    assert page.execute_script("return !document.getElementById('slide').hidden")
    press(page, "1")
    assert page.execute_script("return document.querySelectorAll('#stage img').length") == 2
    press(page, Keys.ESCAPE)


@pytest.mark.parametrize("turn", range(8))
def test_the_box_is_where_it_is_in_the_turned_picture(turn: int, page: webdriver.Chrome) -> None:
    name = f"turned{turn} part.png" if turn else "stamped part.png"
    find(page, name)
    script = """
      const frame = [...document.querySelectorAll('.file')].find(
        file => file.querySelector('.name').textContent === arguments[0]).querySelector('.frame');
      const [a, b] = [frame, frame.querySelector('.mark')].map(e => e.getBoundingClientRect());
      return [(b.left - a.left) / a.width, (b.top - a.top) / a.height,
              (b.right - a.left) / a.width, (b.bottom - a.top) / a.height];
    """
    left, top, right, bottom = page.execute_script(script, name)
    source = page.execute_script(
        "return [...document.querySelectorAll('.file')].find(f => f.querySelector('.name')"
        ".textContent === arguments[0]).querySelector('img').src", name
    )  # fmt: skip
    file = Path(made_path(source))
    white = np.asarray(Image.open(file).convert("L")) > 240
    height, width = white.shape
    rows, columns = np.flatnonzero(white.any(axis=1)), np.flatnonzero(white.any(axis=0))
    found = columns[0] / width, rows[0] / height, (columns[-1] + 1) / width, (rows[-1] + 1) / height
    assert np.allclose((left, top, right, bottom), found, atol=0.02)


@pytest.mark.parametrize("name", ["cropped within.png", "cropped beyond.png"])
def test_a_crop_is_laid_over_the_part_that_it_shows(name: str, page: webdriver.Chrome) -> None:
    find(page, name)
    click(page, name, ".picture")
    press(page, "1")
    script = """
      return [...document.querySelectorAll('#stage .frame')].map(frame => {
        const mark = frame.querySelector('.mark'), a = frame.getBoundingClientRect();
        const b = mark && mark.getBoundingClientRect();
        return b && [(b.left - a.left) / a.width, (b.top - a.top) / a.height,
                     (b.right - a.left) / a.width, (b.bottom - a.top) / a.height];
      });
    """
    of_kept, of_file = page.execute_script(script)
    if "within" in name:
        assert np.allclose(of_kept, (0.1, 0.1, 0.9, 0.9), atol=0.015)
        assert of_file is None
    else:
        assert of_kept is None
        borders = 40 / 480, 40 / 380, 440 / 480, 340 / 380
        assert np.allclose(of_file, borders, atol=0.015)
    press(page, "3")
    pixels = _stage(page)
    height, width = pixels.shape[:2]
    assert pixels[height // 5 : height * 4 // 5, width // 5 : width * 4 // 5].mean() < 30
    press(page, Keys.ESCAPE)


def made_path(address: str) -> str:
    from urllib.parse import unquote, urlsplit

    return unquote(urlsplit(address).path)
