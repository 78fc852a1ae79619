"""The page of a large map in headless Chromium with software rendering, from `file://`."""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from selenium import webdriver

from browser import chromium
from machine import rows

_PATIENCE_S = 120
_STEPS = 30
# Where the map is densest, a level below the one whose cells hold 16 pictures or so.
_DEEP = """
  const { core } = imgrecMap.view;
  const { levels, positions } = core.pictures;
  const row = levels.indexOf(0);
  const scale = imgrecMap.scaleShowing(Math.max(core.pictures.deepest - 1, 1));
  const z = Math.log2(scale * imgrecMap.UNITS / 1024);
  return `#x=${positions[2 * row] / 65536}&y=${positions[2 * row + 1] / 65536}&z=${z}`;
"""
# When dots, and when thumbnails were drawn: read back, so that they are on the screen.
_WATCH = """
  (() => {
    const drawn = () => {
      const core = globalThis.imgrecMap?.view?.core;
      if (core?.scene?.places) {
        const { gl, shown, isMoving } = core.scene;
        const pixel = new Uint8Array(4);
        const finish = () => gl.readPixels(0, 0, 1, 1, gl.RGBA, gl.UNSIGNED_BYTE, pixel);
        if (!globalThis.dotsAt && core.root.classList.contains("ready")) {
          core.scene.draw(performance.now());
          finish();
          globalThis.dotsAt = performance.now();
        }
        if (!globalThis.thumbsAt && shown.rows.length >= 20) {
          finish();
          globalThis.thumbsAt = performance.now();
        }
        const isWhole = globalThis.dotsAt && !isMoving && shown.rows.length;
        if (isWhole) globalThis.allAt ??= performance.now();
      }
      requestAnimationFrame(drawn);
    };
    requestAnimationFrame(drawn);
  })();
"""
_LASSO = """
  const { core } = imgrecMap.view;
  core.camera.fly(core.home(), 0);
  const { width, height } = core.camera;
  const corners = [];
  for (let i = 0; i < 200; i += 1) {
    const angle = (i / 200) * 2 * Math.PI;
    corners.push([width / 2 + width * Math.cos(angle), height / 2 + width * Math.sin(angle)]);
  }
  const times = [];
  for (let i = 0; i < 5; i += 1) {
    const start = performance.now();
    core.selectInside(corners);
    times.push(performance.now() - start);
  }
  const { length } = core.state.selection.rows;
  core.select(null);
  return [times.sort((a, b) => a - b)[2], times[0], length];
"""
# Each frame is read back; what a frame takes is that, without what decodes beside it.
_PAN = """
  const done = arguments[1];
  const { core } = imgrecMap.view;
  const { gl } = core.scene;
  const work = [], between = [];
  let [left, last] = [arguments[0], null];
  const step = (now) => {
    if (last !== null) between.push(now - last);
    last = now;
    if (!left) return done([work, between]);
    left -= 1;
    core.camera.pan(-40, -12);
    const start = performance.now();
    core.scene.draw(now);
    gl.readPixels(0, 0, 1, 1, gl.RGBA, gl.UNSIGNED_BYTE, new Uint8Array(4));
    work.push(performance.now() - start);
    requestAnimationFrame(step);
  };
  requestAnimationFrame(step);
"""


def measured(page: Path, work: Path) -> str:
    """Return a table of what the page of a map takes, as Markdown.

    Args:
        page: `map/index.html` of a site with tiles.
        work: folder for profiles of Chromium.
    """
    with _watching(work / "dots") as browser:
        dots_ms = _opened(browser, page, "", "dotsAt")
        deep = browser.execute_script(_DEEP)  # type: ignore[no-untyped-call]
        lasso_ms, first_ms, count = browser.execute_script(_LASSO)  # type: ignore[no-untyped-call]
    with _watching(work / "thumbs") as browser:
        thumbs_ms = _opened(browser, page, deep, "thumbsAt")
        all_ms = waited(browser, "allAt")
        browser.set_script_timeout(_PATIENCE_S)
        drawn, frames = browser.execute_async_script(_PAN, _STEPS)
        tab_mb, graphics_mb = _memory_mb(browser)
    return rows(
        ["", "target", "reached"],
        [
            ["all dots, from `file://`", "2 s", f"{dots_ms / 1000:.2f} s"],
            ["first thumbnails, from `file://`", "3 s", f"{thumbs_ms / 1000:.2f} s"],
            ["all thumbnails of the view", "", f"{all_ms / 1000:.2f} s"],
            [f"lasso of {count:,}", "50 ms", f"{lasso_ms:.0f} ms (fastest {first_ms:.0f})"],
            [f"pan of {_STEPS} steps, drawing, longest frame", "100 ms", f"{max(drawn):.0f} ms"],
            ["the same, from frame to frame", "", f"{max(frames):.0f} ms"],
            ["memory of the tab", "600 MB", f"{tab_mb:,.0f} MB"],
            ["memory of the graphics process beside it", "", f"{graphics_mb:,.0f} MB"],
        ],
    )


def dots_ms(page: Path, work: Path) -> float:
    """Return the ms until all dots of a map are drawn."""
    with _watching(work / "many") as browser:
        return _opened(browser, page, "", "dotsAt")


@contextmanager
def _watching(profile: Path) -> Iterator[webdriver.Chrome]:
    with chromium(profile, width=1280, height=900) as browser:
        # So that no picture of the page before is still drawn.
        browser.get("about:blank")
        browser.execute_cdp_cmd("Page.addScriptToEvaluateOnNewDocument", {"source": _WATCH})
        yield browser


def _opened(browser: webdriver.Chrome, page: Path, fragment: str, what: str) -> float:
    browser.get(f"{page.as_uri()}{fragment}")
    return waited(browser, what)


def waited(browser: webdriver.Chrome, what: str) -> float:
    """Return when the page set a time, in ms since the navigation began; wait until it does."""
    deadline = time.monotonic() + _PATIENCE_S
    while True:
        found = browser.execute_script(f"return globalThis.{what}")  # type: ignore[no-untyped-call]
        if found:
            return float(found)
        if time.monotonic() > deadline:
            raise RuntimeError(f"the map never set {what}")
        time.sleep(0.1)


def _memory_mb(browser: webdriver.Chrome) -> tuple[float, float]:
    """Return the proportional memory of the largest page process, and of the graphics process."""
    sizes: dict[str, float] = {"renderer": 0, "gpu-process": 0}
    for pid in _descendants(browser.service.process.pid):
        kind = _kind(pid)
        if kind in sizes:
            sizes[kind] = max(sizes[kind], _pss_mb(pid))
    return sizes["renderer"], sizes["gpu-process"]


def _descendants(root: int) -> list[int]:
    parents: dict[int, int] = {}
    for name in os.listdir("/proc"):
        if name.isdigit():
            try:
                stat = Path(f"/proc/{name}/stat").read_text()
            except OSError:
                continue
            parents[int(name)] = int(stat.rpartition(")")[2].split()[1])
    found, new = [], [root]
    while new:
        found += new
        new = [pid for pid, parent in parents.items() if parent in new]
    return found


def _kind(pid: int) -> str:
    command = Path(f"/proc/{pid}/cmdline").read_bytes().decode("utf-8", "replace")
    _, _, kind = command.replace("\0", " ").partition("--type=")
    return kind.split(" ")[0]


def _pss_mb(pid: int) -> float:
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    values: dict[str, Any] = dict(line.split(":", 1) for line in lines[1:])
    return int(values["Pss"].split()[0]) / 1000
