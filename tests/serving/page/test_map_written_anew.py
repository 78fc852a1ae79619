"""A map that is written anew while the page is open."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from selenium import webdriver

from browser import console_errors
from live_page import Page
from live_server import live
from mapped_stores import rewrite
from page_map import atlas, painted, rest
from page_modules import call, until
from page_tools import mark


@pytest.fixture
def open_page(browser: webdriver.Chrome, mapped: tuple[Path, Path]) -> Iterator[Page]:
    """Open the page of a server of its own, whose site may be written anew."""
    with live(mapped[0]) as running:
        opened = Page(browser, running)
        opened.size(1280, 800)
        opened.enter()
        yield opened
        browser.get(f"{running.origin}/page/any/icon.svg")
        browser.execute_script("sessionStorage.clear()")
        browser.get("about:blank")


def test_a_map_that_is_written_anew_is_mounted_anew(
    open_page: Page, mapped: tuple[Path, Path]
) -> None:
    page = open_page
    page.go("?view=map")
    rest(page)
    before = atlas(page, "atlas.token")
    rewrite(*mapped)
    console_errors(page.browser)
    call(page.browser, "state.js", "m.state.change({pictures: [{id: 7}]})")
    until(lambda: atlas(page, "atlas.token") != before)
    rest(page)
    until(lambda: painted(page))
    assert atlas(page, "atlas.token") == page.api("/api/map")["map"]
    # The browser tells of the request that was refused; nothing else went wrong.
    assert [one for one in console_errors(page.browser) if "410" not in one] == []


# Points of the map come when the test says, or fail.
_HELD_BACK = """
  const real = window.fetch;
  window.fetch = async (address, ...more) => {
    if (String(address).includes("/data/points-")) await new Promise((go, fail) => {
      Object.assign(window, { letGo: go, letFail: () => fail(new TypeError("no connection")) });
    });
    return real(address, ...more);
  };
"""


def test_a_map_that_is_written_anew_while_it_is_loaded_is_mounted(
    open_page: Page, mapped: tuple[Path, Path]
) -> None:
    page = open_page
    page.js(_HELD_BACK)
    page.click("#views [data-view=map]")
    page.wait("return Boolean(window.letGo)")
    rewrite(*mapped)
    page.js("const go = window.letGo; window.letGo = null; go()")
    page.wait("return Boolean(window.letGo)")
    page.js("letGo()")
    rest(page)
    assert atlas(page, "atlas.token") == page.api("/api/map")["map"]
    # One map listens, not two.
    mark(page, page.ids()[0])
    assert len(atlas(page, "view.selected()")) == 1
    assert [one for one in console_errors(page.browser) if "410" not in one] == []


def test_a_map_that_could_not_be_mounted_anew_is_tried_again(
    open_page: Page, mapped: tuple[Path, Path]
) -> None:
    page = open_page
    page.go("?view=map")
    rest(page)
    rewrite(*mapped)
    page.js(_HELD_BACK)
    call(page.browser, "state.js", "m.state.change({pictures: [{id: 7}]})")
    page.wait("return Boolean(window.letFail)")
    page.js("const fail = letFail; window.letGo = null; fail()")
    told = page.wait("return document.querySelector('.map-error')?.textContent")
    assert "does not answer" in told
    page.click(".map-error button")
    page.wait("return Boolean(window.letGo)")
    page.js("letGo()")
    rest(page)
    assert atlas(page, "atlas.token") == page.api("/api/map")["map"]
    console_errors(page.browser)
