"""A part of a picture, drawn in the large view and asked for."""

import pytest
from selenium.webdriver import ActionChains, Keys

from live_page import Page
from page_modules import IMPORT
from page_tools import key


def test_a_part_is_drawn_by_pointer_and_searched(page: Page) -> None:
    page.go("?like=3", "#id=10")
    page.wait("return document.querySelector('#large .frame.fitted')")
    page.click("#box button")
    area = page.wait("return document.querySelector('.box-area')")
    width, height = area.size["width"], area.size["height"]
    drag = ActionChains(page.browser).move_to_element_with_offset(
        area, -width // 2 + 10, -height // 2 + 10
    )
    drag.click_and_hold().move_by_offset(width // 2, height // 2).release().perform()
    label = page.js("return document.querySelector('.box-drawn').ariaLabel")
    assert "50% wide, 50% high" in label
    page.click("#box .main")
    page.wait("return !document.querySelector('#large').open")
    asked = page.wait("return location.search.includes(':') && location.search")
    page.wait("return document.querySelector('#chips canvas.crop')")
    state = page.browser.execute_async_script(
        f"const done = arguments[0];{IMPORT}('state.js').then((m) => done(m.state.get().pictures))"
    )
    assert state[0]["id"] == 10 and state[0]["box"]["width"] == pytest.approx(0.5, abs=0.02), asked
    expected = page.api("/api/search", {"pictures": state, "k": 10})["results"]
    page.wait_ids([hit["id"] for hit in expected])
    whole = page.api("/api/search", {"pictures": [10], "k": 10})["results"]
    assert [h["distance"] for h in whole] != [h["distance"] for h in expected]


def test_a_part_by_keys(page: Page) -> None:
    page.go("", "#id=10")
    page.wait("return document.querySelector('#large .frame.fitted')")
    page.one("#box button").send_keys(Keys.ENTER)
    page.wait("return document.activeElement.className === 'box-drawn'")
    key(page, Keys.ARROW_LEFT)
    key(page, Keys.ARROW_DOWN, Keys.SHIFT)
    assert page.js("return document.activeElement.ariaLabel") == (
        "Box: 23% from the left, 25% from the top, 50% wide, 52% high"
    )
    key(page, Keys.ESCAPE)
    assert page.js("return document.querySelector('#large').open") is True
    assert not page.all(".box-area")
    page.one("#box button").send_keys(Keys.ENTER)
    key(page, Keys.ENTER)
    page.wait("return location.search.includes('0.25')")
    page.wait("return document.querySelector('#chips canvas.crop')")
    # The key does not press the tile that has the focus then.
    assert page.query().endswith(":0.25:0.25:0.5:0.5")
    assert page.js("return document.querySelector('#large').open") is False
