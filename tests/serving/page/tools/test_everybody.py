"""The tools for everybody: axe-core with everything open, the drawer of a phone."""

import pytest
from selenium.webdriver import Keys

from axe import violations
from live_page import Page
from page_modules import until
from page_tools import add_to, change, listed, mark, tick


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.usefixtures("emptied")
def test_axe_finds_nothing_with_everything_open(page: Page, scheme: str, width: int) -> None:
    page.size(width, 900)
    page.colors(scheme)
    page.go("?like=3,60&where=taken=2019")
    page.wait("return document.querySelector('#histogram input')")
    page.one("#folds input").click()
    change(page, {"fuse": "min"})
    page.wait("return document.querySelector('#moves button')")
    mark(page, *page.ids()[:2])
    add_to(page, "best")
    page.wait("return document.querySelector('#notice button')")
    until(lambda: listed(page) == {"best": 2})
    page.click("#saving .menu-button")
    assert violations(page.browser) == []
    page.escape()
    assert page.js("return document.documentElement.scrollWidth") <= width
    if width < 600:
        page.click("#side-toggle")
        assert page.js("return document.querySelector('#side').contains(document.activeElement)")
    page.js("document.querySelectorAll('.facet').forEach((one) => { one.open = true; })")
    page.click("#collections .menu-button")
    assert violations(page.browser) == []
    page.click("#collections .choice.danger")
    page.wait("return document.querySelector('dialog.ask')")
    assert violations(page.browser) == []
    page.escape()
    if width < 600:
        page.one("#side .drawer-head .close").click()
        assert page.js("return document.activeElement.id") == "side-toggle"
    page.click(".tile .picture")
    page.wait("return document.querySelector('#large .frame.fitted')")
    page.click("#box button")
    assert violations(page.browser) == []


def test_the_drawer_of_a_phone(page: Page) -> None:
    page.size(390, 844)
    toggle = page.one("#side-toggle")
    assert page.js("return document.querySelector('#side').checkVisibility()") is False
    toggle.send_keys(Keys.ENTER)
    assert page.js("return document.querySelector('#results').inert") is True
    tick(page, "community=1")
    until(lambda: "(1)" in toggle.text or "(1)" in page.text("#side-toggle"))
    until(lambda: page.text(".drawer-foot") == "Show 24 pictures")
    page.escape()
    assert page.js("return document.querySelector('#side').checkVisibility()") is False
    assert page.js("return document.activeElement.id") == "side-toggle"
    assert page.js("return document.documentElement.scrollWidth") <= 390
