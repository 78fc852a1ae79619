"""A map of made pictures, and its page in Chromium."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from browser import console_errors
from map_folder import MadeMap, made_map, write_map_folder
from map_page import MapPage

if TYPE_CHECKING:
    from selenium.webdriver import Chrome

# A file name that tries to become markup, to turn the direction of writing, to break lines.
HOSTILE = "group 0/<img src=x onerror=alert(1)> \u202egpj.exe\n'\"&amp;.jpg"
# Bytes that are no UTF-8, as the catalog keeps them.
NO_TEXT = "group 0/caf\udce9 50%.jpg"


@pytest.fixture(scope="session")
def made() -> MadeMap:
    """Return a map of 3,000 pictures, of four levels."""
    return made_map(3000, groups=12, paths=(HOSTILE, NO_TEXT))


@pytest.fixture(scope="session")
def map_file(made: MadeMap, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write the map; return its page."""
    return write_map_folder(tmp_path_factory.mktemp("map"), made)


@pytest.fixture
def page(browser: "Chrome", map_file: Path) -> Iterator[MapPage]:
    """Open the map at 1,280 × 800; whatever was written to the console fails the test."""
    page = MapPage(browser)
    page.size(1280, 800)
    console_errors(browser)
    page.open(map_file)
    yield page
    errors = console_errors(browser)
    page.media()
    browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
    browser.get("about:blank")
    # The originals of the made pictures are not there.
    assert not [one for one in errors if "/pictures/group%20" not in one]
