"""What changes around a page that is open: its window, the network, the server at its address."""

from pathlib import Path

import pytest
from selenium import webdriver
from selenium.webdriver import Keys

from browser import console_errors
from live_page import Page
from live_server import free_port, live
from page_tools import mark

_LOWEST = """
  const tiles = [...document.querySelectorAll(".tile")];
  return Math.max(...tiles.map((tile) => tile.getBoundingClientRect().bottom));
"""
_COLUMNS = "return Number(document.querySelector('#grid').getAttribute('aria-colcount'))"
# The place of the first picture whose row is in sight.
_FIRST = """
  const seen = [...document.querySelectorAll(".tile")].filter((tile) => (
    tile.getBoundingClientRect().bottom > document.querySelector("#top").offsetHeight));
  return Math.min(...seen.map((tile) => tile.index));
"""
_MARKS = "return document.querySelectorAll('.is-marked').length"


def test_a_window_that_becomes_higher_shows_more_rows(page: Page) -> None:
    page.size(1280, 400)
    page.go()
    few = page.js(_LOWEST)
    assert few < 2400
    page.size(1280, 2400)
    page.wait(_LOWEST.replace("return ", "return 2400 <= "))


def test_a_phone_that_turns_under_the_large_view_has_its_columns(page: Page) -> None:
    page.size(390, 844)
    page.go()
    upright = page.js(_COLUMNS)
    page.size(844, 390)
    page.go()
    across = page.js(_COLUMNS)
    page.click(".tile .picture")
    page.wait("return document.querySelector('#large[open]')")
    page.size(390, 844)
    page.wait("return innerWidth === 390")
    page.click("#large .close-large")
    page.wait("return !document.querySelector('#large[open]')")
    page.wait(f"return {upright} === (() => {{ {_COLUMNS} }})()")
    assert upright < across
    assert page.js("return document.activeElement.matches('.tile')")


@pytest.mark.parametrize("width", [640, 1900])
def test_what_is_in_sight_stays_there_in_another_width(page: Page, width: int) -> None:
    page.size(1280, 800)
    page.go()
    page.js("scrollTo(0, 1300)")
    page.js("await new Promise(done => requestAnimationFrame(() => setTimeout(done, 50)))")
    before, columns = page.js(_FIRST), page.js(_COLUMNS)
    assert before > 2 * columns
    page.size(width, 800)
    page.wait(f"return {columns} !== (() => {{ {_COLUMNS} }})()")
    page.js("await new Promise(done => requestAnimationFrame(() => setTimeout(done, 50)))")
    after, columns = page.js(_FIRST), page.js(_COLUMNS)
    assert after <= before < after + columns


@pytest.mark.parametrize("width", [390, 700, 1280])
def test_no_bar_covers_the_tile_that_keys_lead_to(page: Page, width: int) -> None:
    page.size(width, 800)
    page.go()
    mark(page, page.ids()[0])
    page.wait("return document.documentElement.style.getPropertyValue('--foot') !== '0px'")
    page.press("g")
    for key in (Keys.ARROW_DOWN,) * 5 + (Keys.ARROW_UP,) * 5:
        page.press(key)
        top, bottom = page.js(
            "const {top, bottom} = document.activeElement.getBoundingClientRect();"
            "return [top, bottom]"
        )
        head, foot = page.js(
            "return [document.querySelector('#top').getBoundingClientRect().bottom,"
            " document.querySelector('#selection').getBoundingClientRect().top]"
        )
        assert head < top < bottom < foot


_FORBIDDEN = """
  for (const name of ["localStorage", "sessionStorage"]) {
    Object.defineProperty(window, name, {get() { throw new DOMException("no", "SecurityError"); }});
  }
"""


def test_a_browser_that_keeps_nothing_shows_the_page(page: Page) -> None:
    script = page.browser.execute_cdp_cmd(
        "Page.addScriptToEvaluateOnNewDocument", {"source": _FORBIDDEN}
    )
    try:
        page.go()
        first = page.ids()[0]
        mark(page, first)
        assert page.js(_MARKS) == 1
        page.click("#folds input")
        page.wait("return !document.querySelector('#folds input').checked")
    finally:
        page.browser.execute_cdp_cmd("Page.removeScriptToEvaluateOnNewDocument", script)
        page.go()


def test_thumbnails_that_come_later_are_shown_where_one_is(page: Page) -> None:
    page.browser.execute_cdp_cmd("Network.enable", {})
    page.browser.execute_cdp_cmd("Network.setBlockedURLs", {"urls": ["*/api/thumbs/*"]})
    try:
        page.go("?like=3")
        page.wait("return document.querySelectorAll('.tile.broken').length > 10")
    finally:
        page.browser.execute_cdp_cmd("Network.setBlockedURLs", {"urls": []})
    console_errors(page.browser)
    page.js("scrollTo(0, 20)")
    page.wait(
        "return !document.querySelector('.tile.broken')"
        " && [...document.querySelectorAll('.tile img')].every((i) => i.naturalWidth)"
    )


@pytest.mark.parametrize("name", ["constructor", "__proto__", "toString"])
def test_a_name_of_an_address_may_be_any(page: Page, name: str) -> None:
    page.go(f"?like=3&metric={name}")
    assert name in page.text("#trouble .error span")
    assert page.text("#metric-line") == ""
    page.go(f"?where={name}=x")
    assert "function" not in page.text("#filter-chips") + page.text("#facets")
    # The server refused both.
    assert all("/api/" in one for one in page.leave())


def test_a_page_of_another_start_of_the_server_mixes_nothing(
    browser: webdriver.Chrome, page_store: Path, photo_store: Path
) -> None:
    port = free_port()
    with live(page_store, port=port) as first:
        page = Page(browser, first)
        page.size(1280, 800)
        page.enter()
        ids = page.ids()
        mark(page, *ids[:2])
        page.wait(_MARKS.replace("return ", "return 2 === "))
        # The same store keeps its marks.
        page.go()
        page.wait(_MARKS.replace("return ", "return 2 === "))
    with live(photo_store, port=port) as second:
        assert second.origin == first.origin
        page.click(".tile .more")
        line = page.wait("return document.querySelector('#trouble .error span')?.textContent")
        assert "imgrec serve printed" in line
        # As where its address is opened in another tab.
        cookie = {"name": f"imgrec-{port}", "value": second.token, "url": second.origin}
        browser.execute_cdp_cmd("Network.setCookie", cookie)
        page.click(".tile:nth-child(2) .more")
        # The line before is gone while the page asks.
        told = "document.querySelector('#trouble .error span')?.textContent"
        page.wait(f"return {told}?.includes('anew')")
        assert page.ids()[:3] == ids[:3]
        assert not page.all("#trouble button")
        # Its marks are of other pictures.
        page.server = second
        page.enter()
        page.wait(_MARKS.replace("return ", "return 0 === "))
        assert page.js("return sessionStorage.getItem('imgrec-marked')") == "[]"
        page.leave()
    browser.delete_all_cookies()
