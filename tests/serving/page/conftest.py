"""A server over a generated collection, and its page in Chromium."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from selenium import webdriver

from browser import console_errors
from imgrec import Options, index_folders
from live_page import HOSTILE, Page
from live_server import LiveServer, live
from mapped_stores import write_mapped
from pictures import picture, write_pictures

# The page asks for 60 at a time: three parts, more tiles than the page keeps.
EACH = 50


@pytest.fixture(scope="session")
def collection(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write 150 pictures, one of them in three places, and one with a hostile name."""
    folder = tmp_path_factory.mktemp("collection")
    write_pictures(folder, EACH)
    data = (folder / "discs" / "003.jpg").read_bytes()
    for place in ("copies/first.jpg", "copies/second.jpg"):
        (folder / place).parent.mkdir(exist_ok=True)
        (folder / place).write_bytes(data)
    picture("discs", 400).save(folder / "copies" / HOSTILE, "JPEG")
    return folder


@pytest.fixture(scope="session")
def page_store(collection: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Index the collection with features that know words, and colors."""
    path = tmp_path_factory.mktemp("page-store") / "store"
    index_folders([collection], path, Options(encoders=("lite0", "rgb"), workers=0))
    return path


@pytest.fixture(scope="module")
def mapped(page_store: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Make a store with a site that has a map, and return both."""
    return write_mapped(page_store, tmp_path_factory.mktemp("mapped"))


@pytest.fixture(scope="session")
def server(page_store: Path) -> Iterator[LiveServer]:
    """Serve the collection for the whole run."""
    with live(page_store) as running:
        yield running


@pytest.fixture
def page(server: LiveServer, browser: webdriver.Chrome) -> Iterator[Page]:
    """Open the page; afterwards nothing may have been printed to its console."""
    browser.get("about:blank")
    console_errors(browser)
    opened = Page(browser, server)
    opened.size(1280, 800)
    opened.colors("light")
    opened.enter()
    yield opened
    assert opened.leave() == []
    # Marks and uploads of one test are not those of the next, nor is what the browser keeps of it.
    browser.get(f"{server.origin}/page/any/icon.svg")
    browser.execute_script("sessionStorage.clear(); localStorage.clear()")


@pytest.fixture
def downloads(browser: webdriver.Chrome, tmp_path: Path) -> Path:
    allow = {"behavior": "allow", "downloadPath": str(tmp_path)}
    browser.execute_cdp_cmd("Browser.setDownloadBehavior", allow)
    return tmp_path
