"""Test that the doctor's findings are what TensorBoard's page shows in a real browser."""

import json
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import numpy as np
import pytest
from PIL import Image
from selenium import webdriver
from selenium.common.exceptions import JavascriptException

from handmade_logdirs import COLORS, CONFIG, encoded, entry, make_logdir, sheet, table, tensor
from imgrec.checks import check_logdir
from projector_page import _FIND, _STATE, open_projector, picture_of_page, positions_px


@contextmanager
def _tensorboard(logdir: Path) -> Iterator[str]:
    """Serve a logdir, sound or broken, by TensorBoard; yield the URL."""
    command = [sys.executable, "-m", "tensorboard.main", "--logdir", str(logdir)]
    command += ["--host", "127.0.0.1", "--port", "0", "--load_fast", "false"]
    process = subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    )
    assert process.stderr is not None
    with process.stderr as stderr:
        try:
            found = (re.search(r"http://\S+", line) for line in stderr)
            yield next(match.group() for match in found if match)
        finally:
            process.terminate()
            process.wait(timeout=10)


def _choose(browser: webdriver.Chrome, name: str) -> None:
    browser.execute_script(_FIND + f"projector.dataPanel.selectedTensor = {json.dumps(name)}")


def _until(browser: webdriver.Chrome, script: str, *given: str, timeout_s: float = 30) -> Any:
    end = time.monotonic() + timeout_s
    while not (value := browser.execute_script(_FIND + script, *given)):
        assert time.monotonic() < end, script
        time.sleep(0.1)
    return value


def _wait_for_message(browser: webdriver.Chrome, said: str) -> None:
    """Wait until the page's dialog says something; it may say first what it fetches."""
    script = _STATE.replace("return {", "const state = {") + (
        "return message && message.opened && state.message.includes(arguments[0]);"
    )
    _until(browser, script, said)


def _errors(logdir: Path) -> dict[str, str]:
    """Return the doctor's last finding of each tensor."""
    found = check_logdir(logdir).findings
    return {f.place.removeprefix(". / "): f"{f.severity} {f.problem}; {f.effect}" for f in found}


def _seen_colors(browser: webdriver.Chrome) -> list[int]:
    """Return, for each point, the index in `COLORS` of the color seen at its place."""
    positions = positions_px(browser)
    page = np.asarray(picture_of_page(browser)).astype(int)
    height, width = page.shape[:2]
    assert all(2 < x < width - 3 and 2 < y < height - 3 for x, y in positions), positions
    seen = [page[round(y) - 2 : round(y) + 3, round(x) - 2 : round(x) + 3] for x, y in positions]
    medians = [np.median(pixels, axis=(0, 1)) for pixels in seen]
    return [int(np.abs(np.subtract(COLORS, color)).max(axis=1).argmin()) for color in medians]


def test_what_it_calls_broken_is_broken_and_what_it_calls_sound_opens(
    browser: webdriver.Chrome, tmp_path: Path
) -> None:
    logdir = make_logdir(tmp_path / "log")
    (logdir / "gap.tsv").write_text(table().replace("n3\t", "\t"))
    (logdir / "bare.tsv").write_text(table().partition("\n")[2])
    (logdir / "wide.png").write_bytes(encoded(sheet(4, 3)))
    (logdir / "large.png").write_bytes(encoded(Image.new("RGB", (8256, 8256))))
    (logdir / "two.bytes").write_bytes(tensor(9, 2))
    entries = [
        # The page opens the first by name.
        entry("a sound one"),
        entry("gap", metadata="gap.tsv"),
        entry("bare", metadata="bare.tsv"),
        entry("lost", sprite="lost.png"),
        entry("wide", sprite="wide.png"),
        entry("large", sprite="large.png"),
        entry("two", shape=(9, 2), tensor="two.bytes"),
    ]
    (logdir / CONFIG).write_text("".join(entries))
    found = _errors(logdir)
    assert "a sound one" not in found
    with _tensorboard(logdir) as address:
        page = f"{address}data/plugin/projector/projector_binary.html"
        assert open_projector(browser, page) == 9
        assert _seen_colors(browser) == list(range(9))
        assert _query(browser) == 9

        _choose(browser, "wide")
        assert "thumbnails from the second row on" in found["wide"]
        assert _open_again(browser) == 9
        colors = _seen_colors(browser)
        assert colors[:3] == [0, 1, 2]
        assert colors != list(range(9))

        _choose(browser, "gap")
        assert "search box finds nothing in these columns" in found["gap"]
        assert _open_again(browser) == 9
        with pytest.raises(JavascriptException):
            _query(browser)

        _choose(browser, "two")
        assert "no points are shown" in found["two"]
        _until(browser, "return projector.dataSet && projector.dataSet.dim[1] === 2")
        time.sleep(1)
        assert not browser.execute_script(_FIND + _STATE)["stand"]

        for name, said in [
            ("bare", "Multi-column metadata should have a header"),
            ("large", "8256px x 8256px exceeds maximum dimensions"),
            ("lost", "Fetching sprite image..."),
        ]:
            browser.get("about:blank")
            assert open_projector(browser, page) == 9
            _choose(browser, name)
            assert found[name].startswith("error")
            _wait_for_message(browser, said)
            assert browser.execute_script(_FIND + _STATE)["points"] == 0


def test_one_tensor_taken_for_text_hides_the_projector(
    browser: webdriver.Chrome, tmp_path: Path
) -> None:
    logdir = make_logdir(tmp_path / "log")
    (logdir / "zeros.bytes").write_bytes(bytes(180))
    (logdir / CONFIG).write_text(entry("zeros", tensor="zeros.bytes") + entry("t"))
    assert "missing among the tabs, for all runs" in _errors(logdir)["zeros"]
    with _tensorboard(logdir) as address:
        for _ in range(20):
            with urlopen(f"{address}data/plugins_listing") as answer:
                assert not json.load(answer)["projector"]["enabled"]
            time.sleep(0.05)
        page = f"{address}data/plugin/projector/projector_binary.html"
        # Its own URL still opens it, with the sound tensor.
        assert open_projector(browser, page) == 9
        _choose(browser, "zeros")
        _wait_for_message(browser, "Internal Server Error")


def _open_again(browser: webdriver.Chrome) -> int:
    """Wait until the tensor just chosen is shown; return the number of its points."""
    script = _STATE.replace("return {", "const state = {")
    script += "return state.stand && state.thumbnails && state.points"
    # The points of the previous tensor disappear first.
    time.sleep(0.3)
    return int(_until(browser, script))


def _query(browser: webdriver.Chrome) -> int:
    """Search as the search box does; return the number of points found."""
    script = "return projector.dataSet.query('n', false, 'name').length"
    return int(browser.execute_script(_FIND + script))
