"""The animation of the README: a visit to the pages of the sample, as an animated WebP.

A headless browser opens the overview of the network, a community and one of its pictures, uses
the search box, and scrolls through the report. Frames are screenshots; the mouse pointer and a
caption are drawn on them, because a headless browser shows neither.
"""

import io
import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from matplotlib import get_data_path
from PIL import Image, ImageDraw, ImageFont
from selenium import webdriver
from selenium.webdriver.common.action_chains import ActionChains

WIDTH, HEIGHT = 960, 600
_CAPTION_PX = 34
# Frames of one mouse movement.
_STEPS = 7
_STEP_MS = 50
_QUALITY = 72
_POINTER = [(0, 0), (0, 17), (4, 13), (7, 20), (10, 19), (7, 12), (13, 12)]
_SPOT = """
const spot = network.canvasToDOM(positioned(nodesById.get(arguments[0])));
const frame = box.getBoundingClientRect();
return [spot.x + frame.left, spot.y + frame.top];
"""
# The scroll positions of figures whose headings contain given words, below the fixed navigation
# bar.
_STOPS = """
const headings = [...document.querySelectorAll('h2, h3')];
return arguments[0].map(words => headings.find(h => h.textContent.includes(words)))
  .filter(Boolean).map(h => h.getBoundingClientRect().top + scrollY - 70);
"""
_FIGURES = ["Pictures of each cluster", "by UMAP", "Outliers", "Precision"]
_PAGE = "return document.getElementById('page').textContent"

# A screenshot, and its duration in milliseconds.
Frame = tuple[Image.Image, int]


def write_tour(browser: webdriver.Chrome, site: Path, report: Path, target: Path) -> float:
    """Write the animated WebP; return its duration in seconds."""
    size = {"width": WIDTH, "height": HEIGHT, "mobile": False, "deviceScaleFactor": 1}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    frames = list(_merged(_Visit(browser).frames(site, report)))
    browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
    images, durations_ms = zip(*frames, strict=True)
    images[0].save(
        target, "WEBP", save_all=True, append_images=images[1:], duration=list(durations_ms),
        loop=0, quality=_QUALITY, method=4, minimize_size=False,
    )  # fmt: skip
    length_ms: int = sum(durations_ms)
    return length_ms / 1000


def _merged(frames: Iterator[Frame]) -> Iterator[Frame]:
    """Yield frames, with consecutive equal ones merged."""
    shown: Frame | None = None
    for image, duration_ms in frames:
        if shown and shown[0].tobytes() == image.tobytes():
            shown = shown[0], shown[1] + duration_ms
            continue
        if shown:
            yield shown
        shown = image, duration_ms
    if shown:
        yield shown


class _Visit:
    """A browser with a drawn mouse pointer and caption, and the actions of the tour."""

    def __init__(self, browser: webdriver.Chrome) -> None:
        self._browser = browser
        self._pointer = (WIDTH // 2, HEIGHT - 90)
        self._caption = ""
        fonts = Path(get_data_path(), "fonts", "ttf")
        self._font = ImageFont.truetype(fonts / "DejaVuSans.ttf", 16)

    def frames(self, site: Path, report: Path) -> Iterator[Frame]:
        """Yield all frames."""
        yield from self._network(site)
        yield from self._search()
        yield from self._report(report)

    def _network(self, site: Path) -> Iterator[Frame]:
        self._open(site / "index.html")
        self._caption = "Communities of similar pictures: one click opens one"
        yield self._frame(1300)
        community = _most_telling(self._data())
        yield from self._move_to(community)
        yield self._frame(500)
        self._click()
        self._wait_until_drawn()
        self._caption = "Its pictures, similar ones beside each other"
        yield self._frame(1100)
        yield from self._move_to(_nearest_to_the_middle(self._data()))
        self._click()
        time.sleep(0.6)
        self._caption = "A picture, its facts, and its nearest neighbors"
        yield self._frame(1700)

    def _search(self) -> Iterator[Frame]:
        actions = ActionChains(self._browser)
        self._caption = "Search names, folders, classes, offline"
        # Escape closes the panel.
        actions.send_keys("\ue00c").perform()
        actions.send_keys("/").perform()
        yield self._frame(300)
        for letter in "clock":
            actions.send_keys(letter).perform()
            time.sleep(0.4)
            yield self._frame(120)
        yield self._frame(900)
        # Arrow down selects the first result.
        actions.send_keys("\ue015").perform()
        yield self._frame(300)
        # Enter opens the selected result.
        actions.send_keys("\ue007").perform()
        time.sleep(0.5)
        self._wait_until_drawn()
        time.sleep(0.6)
        yield self._frame(1200)

    def _report(self, report: Path) -> Iterator[Frame]:
        self._pointer = (WIDTH + 50, HEIGHT)
        self._browser.get((report / "index.html").resolve().as_uri())
        self._caption = "The report: clusters, maps, health, likely wrong labels"
        yield self._frame(900)
        place = 0
        for stop in self._browser.execute_script(_STOPS, _FIGURES):
            for step in range(1, _STEPS + 1):
                self._browser.execute_script("scrollTo(0, arguments[0])", _eased(place, stop, step))
                yield self._frame(_STEP_MS)
            place = stop
            yield self._frame(750)

    def _open(self, page: Path) -> None:
        self._browser.get(page.resolve().as_uri())
        self._wait_until_drawn()

    def _wait_until_drawn(self) -> None:
        while not self._browser.execute_script("return window.imgrecDrawn"):
            time.sleep(0.05)
        time.sleep(0.3)

    def _data(self) -> dict[str, Any]:
        data: dict[str, Any] = json.loads(self._browser.execute_script(_PAGE))
        return data

    def _move_to(self, node: int) -> Iterator[Frame]:
        x, y = self._browser.execute_script(_SPOT, node)
        left, top = self._pointer
        for step in range(1, _STEPS + 1):
            self._pointer = _eased(left, x, step), _eased(top, y, step)
            actions = ActionChains(self._browser)
            pointer = actions.w3c_actions.pointer_action
            pointer.move_to_location(*self._pointer)  # type: ignore[no-untyped-call]
            actions.perform()
            yield self._frame(_STEP_MS)

    def _click(self) -> None:
        ActionChains(self._browser).click().perform()
        time.sleep(0.4)

    def _frame(self, duration_ms: int) -> Frame:
        seen = Image.open(io.BytesIO(self._browser.get_screenshot_as_png())).convert("RGB")
        frame = Image.new("RGB", (WIDTH, HEIGHT + _CAPTION_PX), (38, 50, 56))
        frame.paste(seen, (0, 0))
        draw = ImageDraw.Draw(frame)
        x, y = self._pointer
        draw.polygon([(x + a, y + b) for a, b in _POINTER], fill="black", outline="white")
        middle = HEIGHT + _CAPTION_PX // 2
        draw.text((WIDTH // 2, middle), self._caption, "white", self._font, anchor="mm")
        return frame, duration_ms


def _eased(start: float, end: float, step: int) -> int:
    """Return the position of a movement at one of its steps, decelerating to its end."""
    return round(start + (end - start) * (1 - (1 - step / _STEPS) ** 2))


def _most_telling(page: dict[str, Any]) -> int:
    """Return the node of the largest community that has a name, not only a number."""
    nodes = page["nodes"]
    named = [node for node in nodes if not str(node["name"]).startswith("Community")]
    largest = max(named or nodes, key=lambda node: node["weight"])
    return int(largest["id"])


def _nearest_to_the_middle(page: dict[str, Any]) -> int:
    nodes = page["nodes"]
    return int(min(nodes, key=lambda node: node["x"] ** 2 + node["y"] ** 2)["id"])
