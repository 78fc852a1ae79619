"""The page of a map in Chromium: opened from `file://`, asked, looked at."""

import io
import time
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from browser_page import PATIENCE_S, BrowserPage

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


class MapPage(BrowserPage):
    """The page of a map."""

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
        deadline = time.monotonic() + PATIENCE_S
        self.browser.set_script_timeout(PATIENCE_S)
        while not self.browser.execute_async_script(_CALM):
            assert time.monotonic() < deadline, "the map never came to rest"

    def do(self, expression: str, *arguments: object) -> Any:
        """Return what an expression over `core`, the view, gives; the map is at rest then."""
        self.browser.set_script_timeout(PATIENCE_S)
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
