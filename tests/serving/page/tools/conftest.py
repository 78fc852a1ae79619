"""A server over pictures with dates, communities, classes and near-copies, and its page."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from selenium import webdriver

from browser import console_errors
from imgrec import Store, index_folders
from live_page import Page
from live_server import LiveServer, live
from page_tools import label, write_dated
from stores import HERE


@pytest.fixture(scope="module")
def tool_store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tools")
    write_dated(folder / "photos")
    index_folders([folder / "photos"], folder / "store", HERE)
    label(folder / "store")
    return folder / "store"


@pytest.fixture(scope="module")
def exports(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("exports")


@pytest.fixture(scope="module")
def tool_server(tool_store: Path, exports: Path) -> Iterator[LiveServer]:
    with live(tool_store, "--exports", str(exports)) as running:
        yield running


@pytest.fixture
def page(tool_server: LiveServer, browser: webdriver.Chrome) -> Iterator[Page]:
    """Open the page, folded nowhere; afterwards its console is empty, and so are collections."""
    browser.get("about:blank")
    console_errors(browser)
    opened = Page(browser, tool_server)
    opened.size(1280, 900)
    opened.colors("light")
    opened.enter()
    opened.js("sessionStorage.clear(); localStorage.setItem('imgrec-folds', 'off')")
    opened.go()
    opened.wait("return document.querySelector('.facet')")
    yield opened
    assert console_errors(browser) == []
    browser.execute_script("sessionStorage.clear(); localStorage.clear()")


@pytest.fixture
def emptied(tool_store: Path) -> Iterator[None]:
    yield
    with Store.create(tool_store) as opened:
        opened.catalog.labels.replace("collection", {})
