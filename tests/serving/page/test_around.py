"""What changes around a page that is open: its window, the network, the server at its address."""

from pathlib import Path

import pytest
from selenium import webdriver

from browser import console_errors
from live_page import Page
from live_server import free_port, live
from page_tools import mark

_LOWEST = """
  const tiles = [...document.querySelectorAll(".tile")];
  return Math.max(...tiles.map((tile) => tile.getBoundingClientRect().bottom));
"""
_COLUMNS = "return Number(document.querySelector('#grid').getAttribute('aria-colcount'))"
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
