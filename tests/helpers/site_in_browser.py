"""Pages of a network site in a real browser: hostile names, opening, waiting."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from selenium import webdriver
from selenium.webdriver import ActionChains

from browser import console_errors, requests

EVIL = "</script><img src=x onerror=alert(1)>"


HOSTILE = [
    b"a b.jpg",
    "ümläut ß.jpg".encode(),
    b"quo\"te's.jpg",
    b"tab\there.jpg",
    b"new\nline.jpg",
    b"not\xffutf\xfe8.jpg",
    f"{EVIL}.jpg".encode(),
    b"<img src=x onerror=alert(2)>/in folder.jpg",
    b"<!--<script>.jpg",
    b"javascript:alert(3).jpg",
    b"&lt;b&gt; %41 #7 ?q.jpg",
    b"{{ 7*7 }}{% raw %}.jpg",
    "line\u2028and\u202eright.jpg".encode(),
    b"\\u003cb\\.jpg",
]


DRAWN_WITHIN_S = 10


def until(browser: webdriver.Chrome, script: str) -> Any:
    """Run a script until its result is true; return the result."""
    stop = time.monotonic() + DRAWN_WITHIN_S
    while time.monotonic() < stop:
        if found := browser.execute_script(script):
            return found
        time.sleep(0.02)
    raise AssertionError(f"never true: {script}")


def opened(browser: webdriver.Chrome, page: Path, fragment: str = "") -> float:
    """Load a page; return the milliseconds until it was drawn."""
    browser.get("about:blank")
    requests(browser)
    console_errors(browser)
    browser.get(page.as_uri() + fragment)
    return float(until(browser, "return window.imgrecDrawn"))


def spot_of(browser: webdriver.Chrome, node: int) -> tuple[int, int]:
    """Return the position of a node in the window, in CSS pixels."""
    x, y = browser.execute_script(
        "const node = positioned(nodesById.get(arguments[0]));"
        "const spot = network.canvasToDOM(node), frame = box.getBoundingClientRect();"
        "return [spot.x + frame.left, spot.y + frame.top];",
        node,
    )
    return round(x), round(y)


def click_at(browser: webdriver.Chrome, spot: tuple[int, int]) -> None:
    actions = ActionChains(browser)
    actions.w3c_actions.pointer_action.move_to_location(*spot).click()  # type: ignore[no-untyped-call]
    actions.perform()


def press(browser: webdriver.Chrome, *keys: str) -> None:
    ActionChains(browser).send_keys(*keys).perform()


@pytest.fixture
def sized(browser: webdriver.Chrome) -> Iterator[Callable[[int, int], None]]:
    """Return a function that sets the window size in CSS pixels, also to those of phones."""

    def to_size(width: int, height: int) -> None:
        is_phone = width < 500
        size = {"width": width, "height": height, "mobile": is_phone}
        size["deviceScaleFactor"] = 2 if is_phone else 1
        browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)

    yield to_size
    browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
