"""The address, back and forward; what is said when the server refuses or is gone; looks."""

import os
import signal
from pathlib import Path

import pytest
from selenium import webdriver

from axe import violations
from browser import console_errors, requests
from live_page import Page
from live_server import live
from page_modules import IMPORT
from page_tools import change

_WIDTHS = ((390, 844), (1280, 800), (1920, 1080))
_OVERFLOW = "return document.documentElement.scrollWidth - innerWidth"
_SHIFTS = """
  const done = arguments[0];
  const node = s => [s.node?.id ?? String(s.node), s.previousRect.y, s.currentRect.y];
  const told = e => [e.value, ...e.sources.map(node)];
  new PerformanceObserver(list => done(list.getEntries().map(told)))
    .observe({type: "layout-shift", buffered: true});
  setTimeout(() => done([]), 300);
"""


def test_back_and_forward_find_the_pictures_and_the_place(page: Page) -> None:
    page.go("?like=3")
    ids = page.ids()[:8]
    page.js("scrollTo(0, 1500)")
    # An answer whose next part is still on its way is not kept.
    page.wait(f"return {IMPORT}('results.js').then(m => m.results.get().hits.length > 60)")
    deep = page.ids()
    page.click(".tile:nth-child(2) .more")
    page.wait("return location.search !== '?like=3'")
    page.settle()
    assert page.js("return scrollY") == 0
    requests(page.browser)
    page.back()
    page.wait("return location.search === '?like=3'")
    page.wait("return Math.abs(scrollY - 1500) < 5")
    there = "[...document.querySelectorAll('.tile')].some(t => t.dataset.id == id)"
    page.wait(f"return arguments[0].every(id => {there})", deep)
    # It was kept: nothing is asked again.
    assert not [one for one in requests(page.browser) if one.endswith("/api/search")]
    page.browser.forward()
    page.wait("return location.search !== '?like=3'")
    page.browser.refresh()
    page.settle()
    page.back()
    page.settle()
    page.wait_ids(ids)


def test_an_address_that_means_little_opens(page: Page) -> None:
    page.go("?like=abc,3,99999999999999999999,~&within=far&metric=&nonsense=1")
    assert page.js("return document.querySelectorAll('#chips .chip').length") == 1
    page.wait_ids([h["id"] for h in page.api("/api/search", {"pictures": [3]})["results"]])


def test_no_result_says_why(page: Page) -> None:
    page.go("?where=folder=copies")
    listed = page.api("/api/list", {"where": ["folder=copies"]})["pictures"]
    change(page, {"pictures": [{"id": one["id"]} for one in listed], "within": 2})
    page.wait("return document.querySelector('#count').textContent === 'No picture is that near.'")
    page.click(".filter-chip:last-child .chip-take")
    said = "No other picture passes the filters."
    page.wait("return document.querySelector('#count').textContent === arguments[0]", said)


def test_refusals_are_one_line_with_something_to_do(page: Page) -> None:
    page.go("?like=3&where=class=no-such-thing")
    assert "no-such-thing" in page.wait(
        "return document.querySelector('#trouble .error span')?.textContent"
    )
    buttons = page.js(
        "return [...document.querySelectorAll('#trouble button')].map(b => b.textContent)"
    )
    assert buttons == ["Without filters", "Clear"]
    page.click("#trouble button")
    page.wait("return location.search === '?like=3'")
    page.settle()
    assert not page.all("#trouble .error")
    page.go("?like=987654321")
    assert "987654321" in page.text("#trouble span")
    # To try again would not help.
    assert [one.text for one in page.all("#trouble button")] == ["Clear"]
    page.click("#trouble button")
    page.wait("return location.search === ''")
    page.settle()
    page.wait_ids([one["id"] for one in page.api("/api/list", {"k": 5})["pictures"]])
    assert not page.all("#trouble .error")
    assert all("/api/" in error for error in page.leave())


def test_the_key_is_gone(page: Page) -> None:
    page.browser.delete_all_cookies()
    page.browser.get("about:blank")
    page.browser.get(f"{page.server.origin}/?like=3")
    line = page.wait("return document.querySelector('#trouble .error span')?.textContent")
    assert "imgrec serve printed" in line
    assert not page.all("#trouble .error button")
    # What else it asked for was refused too.
    assert all("401" in error for error in page.leave())


def test_the_server_is_gone_and_back(browser: webdriver.Chrome, page_store: Path) -> None:
    with live(page_store) as server:
        page = Page(browser, server)
        page.enter()
        os.kill(server.process.pid, signal.SIGSTOP)
        # A stopped server is slow, not gone: the old pictures stay, and nothing is said.
        page.click(".tile .more")
        page.js("await new Promise(done => setTimeout(done, 400))")
        assert page.js("return document.querySelector('#grid.busy')") is not None
        assert not page.all("#trouble .error")
        os.kill(server.process.pid, signal.SIGCONT)
        page.settle()
        server.process.kill()
        server.process.wait()
        page.click(".tile:last-child .more")
        line = page.wait("return document.querySelector('#trouble .error span')?.textContent")
        assert "still running" in line
        assert page.all("#trouble .error button")
    console_errors(browser)


def test_a_part_that_does_not_come_is_told_in_sight_and_asked_again(page: Page) -> None:
    page.go("?like=3")
    page.browser.execute_cdp_cmd("Network.enable", {})
    try:
        page.browser.execute_cdp_cmd("Network.setBlockedURLs", {"urls": ["*/api/search"]})
        page.js("scrollTo(0, document.documentElement.scrollHeight)")
        page.wait("return document.querySelector('#trouble .error')")
    finally:
        page.browser.execute_cdp_cmd("Network.setBlockedURLs", {"urls": []})
    console_errors(page.browser)
    hits = f"return {IMPORT}('results.js').then(m => m.results.get().hits.length"
    assert page.js(f"{hits})") == 60
    assert page.one("#grid").value_of_css_property("opacity") == "1"
    far = page.js("return scrollY")
    assert far > 500
    top, bottom = page.js(
        "const {top, bottom} = document.querySelector('#trouble .error').getBoundingClientRect();"
        "return [top, bottom]"
    )
    header = page.js("return document.querySelector('#top').getBoundingClientRect().bottom")
    assert header <= top < bottom < 800
    page.js(
        "[...document.querySelectorAll('#trouble button')]"
        ".find((one) => one.textContent === 'Try again').click()"
    )
    page.wait(f"{hits} > 60)")
    assert not page.all("#trouble .error")
    # But for the line that is gone.
    assert abs(page.js("return scrollY") - far) < 120


def test_what_did_not_come_beside_the_pictures_comes_with_the_next_ones(page: Page) -> None:
    page.browser.execute_cdp_cmd("Network.enable", {})
    blocked = {"urls": ["*/api/distances", "*/api/facets"]}
    page.browser.execute_cdp_cmd("Network.setBlockedURLs", blocked)
    try:
        page.go("?like=3")
        page.js("await new Promise(done => setTimeout(done, 300))")
    finally:
        page.browser.execute_cdp_cmd("Network.setBlockedURLs", {"urls": []})
    console_errors(page.browser)
    page.js("scrollTo(0, document.documentElement.scrollHeight)")
    page.wait("return document.querySelector('#histogram input')")
    page.wait("return document.querySelector('.facet')")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_and_nothing_overflows(page: Page, scheme: str) -> None:
    page.colors(scheme)
    image_id = page.ids()[0]
    states = [
        ("", "", ""),
        ("?like=3,60,~120&words=cloth", "", ""),
        ("?like=3,60", f"#id={image_id}", "return document.querySelector('#large[open] dl dd')"),
    ]
    for query, fragment, ready in states:
        page.go(query, fragment)
        if ready:
            page.wait(ready)
        for width, height in _WIDTHS:
            page.size(width, height)
            page.js("await new Promise(done => setTimeout(done, 100))")
            assert page.js(_OVERFLOW) <= 0, (query, fragment, width)
            if width != 1920:
                assert violations(page.browser) == [], (query, fragment, width)
    page.size(1280, 800)
    page.go("?like=3")
    page.click("#compare summary")
    assert violations(page.browser) == []
    page.size(390, 844)
    box = page.js("return document.querySelector('.panel').getBoundingClientRect().toJSON()")
    assert box["left"] >= 0 and box["right"] <= 390
    page.size(1280, 800)
    page.press("?")
    page.wait("return document.querySelector('#help[open]')")
    assert violations(page.browser) == []
    page.escape()


def test_nothing_shifts_while_the_page_loads(page: Page) -> None:
    for query in ("", "?like=3"):
        page.go(query)
        page.js("await new Promise(done => setTimeout(done, 300))")
        shifts = page.browser.execute_async_script(_SHIFTS)
        assert sum(shift[0] for shift in shifts) < 0.05, shifts
