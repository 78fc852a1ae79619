"""TensorBoard's projector page in a real browser: serving, opening, clicking on points."""

import io
import json
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PIL import Image
from selenium import webdriver
from selenium.webdriver.common.action_chains import ActionChains

from paths import ROOT

# The projector is in the shadow DOM of a page in two nested frames.
_FIND = """
const find = (root, selector) => {
  const found = root.querySelector(selector);
  if (found) return found;
  for (const element of root.querySelectorAll('*')) {
    const inner = element.shadowRoot || element.contentDocument;
    const deeper = inner && find(inner, selector);
    if (deeper) return deeper;
  }
  return null;
};
const projector = find(document, 'vz-projector');
const plot = projector && projector.projectorScatterPlotAdapter.scatterPlot;
"""
_STATE = """
const finite = (plot && plot.worldSpacePointPositions || []).every(Number.isFinite);
const message = projector && find(projector.ownerDocument, '#notification-dialog');
return {
  points: projector && projector.dataSet ? projector.dataSet.points.length : 0,
  stand: Boolean(projector && projector.projection && plot.worldSpacePointPositions) && finite,
  thumbnails: Boolean(projector && projector.dataSet && projector.dataSet.spriteAndMetadataInfo
    && projector.dataSet.spriteAndMetadataInfo.spriteImage),
  message: message ? message.textContent.trim().replace(/\\s+/g, ' ') : '',
};
"""
_OFFSET = """
const offset = element => {
  const box = element.getBoundingClientRect();
  let {left, top} = box;
  for (let w = element.ownerDocument.defaultView; w.frameElement; w = w.parent) {
    const frame = w.frameElement.getBoundingClientRect();
    left += frame.left;
    top += frame.top;
  }
  return [left, top, box.width, box.height];
};
"""
_POSITIONS = """
plot.stopOrbitAnimation();
// The page measures the plot once, when points arrive, which may be before its layout.
const {offsetWidth, offsetHeight} = plot.container;
if (plot.width !== offsetWidth || plot.height !== offsetHeight) plot.resize();
plot.render();
const multiply = (m, v) => [0, 1, 2, 3].map(
  row => m[row] * v[0] + m[row + 4] * v[1] + m[row + 8] * v[2] + m[row + 12] * v[3]);
const [left, top, width, height] = offset(plot.renderer.domElement);
if (width < 100 || height < 100) return null;
const camera = plot.camera, world = plot.worldSpacePointPositions, positions = [];
camera.updateMatrixWorld();
for (let i = 0; i < world.length; i += 3) {
  const seen = multiply(camera.matrixWorldInverse.elements, [...world.slice(i, i + 3), 1]);
  const clip = multiply(camera.projectionMatrix.elements, seen);
  positions.push([left + (1 + clip[0] / clip[3]) / 2 * width,
                  top + (1 - clip[1] / clip[3]) / 2 * height]);
}
return positions;
"""


@dataclass(frozen=True)
class Server:
    """A running `imgrec tensorboard` process, and the address it printed."""

    process: subprocess.Popen[str]
    address: str

    @property
    def tab(self) -> str:
        """The address of the projector without the surrounding page, which loads faster."""
        return self.address.replace("#projector", "data/plugin/projector/projector_binary.html")

    def errors(self) -> str:
        """Return what the process wrote to stderr; requires `stderr=subprocess.PIPE`."""
        assert self.process.stderr is not None
        with self.process.stderr as stream:
            return stream.read()


@contextmanager
def served(logdir: Path, port: int = 0, stderr: int | None = None) -> Iterator[Server]:
    """Serve a logdir until the block ends, then stop the server by SIGINT."""
    command = [sys.executable, "-m", "projector.serve", "--logdir", str(logdir)]
    process = subprocess.Popen(
        [*command, "--port", str(port)],
        stdout=subprocess.PIPE, stderr=stderr, text=True, cwd=ROOT,
    )  # fmt: skip
    assert process.stdout is not None
    with process.stdout as stdout:
        try:
            yield Server(process, stdout.readline().strip())
        finally:
            process.send_signal(signal.SIGINT)
            code = process.wait(timeout=10)
    assert code == 0


def open_projector(browser: webdriver.Chrome, address: str, timeout_s: float = 60) -> int:
    """Open the page, wait until all thumbnails are drawn; return the number of points."""
    # Otherwise the same address would not be loaded again.
    browser.get("about:blank")
    browser.get(address)
    end = time.monotonic() + timeout_s
    while True:
        state: dict[str, Any] = browser.execute_script(_FIND + _STATE)
        if state["stand"] and state["thumbnails"]:
            return int(state["points"])
        if time.monotonic() > end:
            raise TimeoutError(f"no points after {timeout_s:.0f} s: {json.dumps(state)}")
        time.sleep(0.1)


def positions_px(browser: webdriver.Chrome, timeout_s: float = 60) -> list[tuple[float, float]]:
    """Stop the rotation and return the screen position of each point, in row order."""
    before: list[list[float]] | None = None
    end = time.monotonic() + timeout_s
    while True:
        found: list[list[float]] | None
        found = browser.execute_script(_FIND + _OFFSET + _POSITIONS)
        if found is not None and found == before:
            return [(x, y) for x, y in found]
        if time.monotonic() > end:
            raise TimeoutError(f"the points do not rest after {timeout_s:.0f} s: {found}")
        before = found
        # Wait until the last frame is shown.
        time.sleep(0.3)


def click(browser: webdriver.Chrome, position: tuple[float, float]) -> None:
    """Move the mouse to a screen position and click there."""
    actions = ActionChains(browser)
    pointer = actions.w3c_actions.pointer_action
    pointer.move_to_location(*map(round, position))  # type: ignore[no-untyped-call]
    actions.perform()
    actions.click().perform()


def card(browser: webdriver.Chrome) -> dict[str, str]:
    """Return the metadata the page shows for the selected point, by column."""
    found: dict[str, str] = browser.execute_script(
        _FIND + "return Object.fromEntries((projector.metadataCard.metadata || [])"
        ".map(entry => [entry.key, String(entry.value)]))"
    )
    return found


def first_neighbor(browser: webdriver.Chrome) -> tuple[str, tuple[float, float]]:
    """Return the label of the first listed neighbor, and the sprite position of its thumbnail."""
    label, box = browser.execute_script(
        _FIND + _OFFSET + "const first = find(projector.root, '.neighbor');"
        "return [find(first, '.neighbor-link').title, offset(find(first, '.sprite-image'))];"
    )
    return label, (box[0], box[1])


def picture_of_page(browser: webdriver.Chrome) -> Image.Image:
    """Return a screenshot of the page in RGB."""
    return Image.open(io.BytesIO(browser.get_screenshot_as_png())).convert("RGB")
