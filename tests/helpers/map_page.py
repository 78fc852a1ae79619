"""The page of a map in Chromium: opened from `file://`, asked, looked at."""

import io
import time
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from selenium import webdriver
from selenium.webdriver import ActionChains, Keys
from selenium.webdriver.common.by import By
from selenium.webdriver.remote.webelement import WebElement

_PATIENCE_S = 60
_READY = """
  const root = document.querySelector(".imgrec-map");
  return root?.classList.contains("ready") || Boolean(root?.querySelector(".fallback"));
"""
# Nothing moves, and what the view wants is there.
_CALM = """
  const { core } = imgrecMap.view;
  const { scene, camera } = core;
  const done = arguments[0];
  const look = (left) => requestAnimationFrame(() => {
    if (!scene.isMoving) return left ? look(left - 1) : done(true);
    done(false);
  });
  look(3);
"""


class MapPage:
    """The page of a map; keeps nothing that the browser does not have."""

    def __init__(self, browser: webdriver.Chrome) -> None:
        self.browser = browser

    def open(self, page: Path, fragment: str = "") -> None:
        """Open the page anew, and wait until all is drawn."""
        self.browser.get("about:blank")
        # Away from the map, wherever a test before left it.
        self.mouse("mouseMoved", 1, 1)
        self.browser.get(f"{page.as_uri()}{fragment}")
        self.wait(_READY)
        if self.js("return Boolean(imgrecMap.view.core.scene)"):
            self.settle()

    def settle(self) -> None:
        """Wait until nothing moves and all tiles that are wanted are drawn."""
        deadline = time.monotonic() + _PATIENCE_S
        self.browser.set_script_timeout(_PATIENCE_S)
        while not self.browser.execute_async_script(_CALM):
            assert time.monotonic() < deadline, "the map never came to rest"

    def wait(self, script: str, *arguments: object) -> Any:
        """Wait until a script returns what is true; return it."""
        deadline = time.monotonic() + _PATIENCE_S
        while True:
            found = self.js(script, *arguments)
            if found:
                return found
            assert time.monotonic() < deadline, f"never true: {script}"
            time.sleep(0.03)

    def js(self, script: str, *arguments: object) -> Any:
        return self.browser.execute_script(script, *arguments)

    def do(self, expression: str, *arguments: object) -> Any:
        """Return what an expression over `core`, the view, gives; the map is at rest then."""
        self.browser.set_script_timeout(_PATIENCE_S)
        found = self.browser.execute_async_script(
            "const done = arguments[arguments.length - 1]; const { core } = imgrecMap.view;"
            "const map = imgrecMap; const given = arguments;"
            f"(async () => ({expression}))().then((value) => done({{ value }}),"
            " (error) => done({ error: String(error.stack ?? error) }));",
            *arguments,
        )
        assert "error" not in found, found["error"]
        self.settle()
        return found.get("value")

    def look_at(self, row: int, level: int) -> None:
        """Look at a picture where a level is shown."""
        self.do(
            "core.camera.fly({x: core.places.positions[2 * given[0]],"
            " y: core.places.positions[2 * given[0] + 1], scale: map.scaleShowing(given[1])}, 0)",
            int(row), level,
        )  # fmt: skip

    def one(self, selector: str) -> WebElement:
        return self.browser.find_element(By.CSS_SELECTOR, selector)

    def all(self, selector: str) -> list[WebElement]:
        return self.browser.find_elements(By.CSS_SELECTOR, selector)

    def text(self, selector: str) -> str:
        """Return the text of an element, hidden or not."""
        found: str = self.js("return document.querySelector(arguments[0]).textContent", selector)
        return found

    def click(self, selector: str) -> None:
        """Click an element by script, whatever lies over it."""
        self.js("document.querySelector(arguments[0]).click()", selector)

    def press(self, *keys: str) -> None:
        """Press keys where the focus is."""
        for key in keys:
            ActionChains(self.browser).send_keys(key).perform()

    def escape(self) -> None:
        self.press(Keys.ESCAPE)

    def mouse(self, kind: str, x: float, y: float) -> None:
        """Send an event of the mouse, at a place in the window."""
        event = {"type": kind, "x": round(x), "y": round(y)}
        if kind != "mouseMoved":
            event |= {"button": "left", "clickCount": 1}
        self.browser.execute_cdp_cmd("Input.dispatchMouseEvent", event)

    def focus(self) -> None:
        """Give the map the focus."""
        self.js("document.querySelector('.imgrec-map .canvas').focus()")

    def hash(self) -> str:
        found: str = self.js("return location.hash")
        return found

    def shown(self) -> list[int]:
        """Return the rows of the thumbnails that are drawn, those around the view too."""
        found: list[int] = self.js("return imgrecMap.view.core.scene.shown.rows")
        return found

    def box(self, row: int) -> tuple[float, float, float, float]:
        """Return the place of a picture in the window: x, y of its middle, half sides."""
        x, y, w, h = self.js(
            "const { x, y, w, h } = imgrecMap.view.core.scene.boxOf(arguments[0]);"
            "const r = document.querySelector('.imgrec-map').getBoundingClientRect();"
            "return [x + r.left, y + r.top, w, h]",
            int(row),
        )
        return float(x), float(y), float(w), float(h)

    def pixels(self) -> NDArray[np.uint8]:
        """Return what the window shows (h, w, 3)."""
        png = self.browser.get_screenshot_as_png()
        return np.asarray(Image.open(io.BytesIO(png)).convert("RGB"))

    def size(self, width: int, height: int, density: float = 1) -> None:
        """Set the size of the window, in CSS pixels."""
        metrics = {"width": width, "height": height, "deviceScaleFactor": density, "mobile": False}
        self.browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)

    def media(self, **features: str) -> None:
        """Prefer, such as `prefers_color_scheme="dark"`."""
        wanted = [{"name": n.replace("_", "-"), "value": v} for n, v in features.items()]
        self.browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": wanted})
