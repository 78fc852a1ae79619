"""The browser that all tests of a worker share is given back as it was."""

from typing import TYPE_CHECKING

from browser import restore

if TYPE_CHECKING:
    from selenium.webdriver import Chrome

_SEEN = """
const is = (query) => matchMedia(query).matches;
return [innerWidth, innerHeight, devicePixelRatio, is("(prefers-color-scheme: dark)"),
        is("(pointer: coarse)")];
"""


def test_what_a_test_sets_of_the_window_is_taken_back(browser: "Chrome") -> None:
    browser.get("about:blank")
    before = browser.execute_script(_SEEN)
    size = {"width": 390, "height": 900, "deviceScaleFactor": 2, "mobile": True}
    dark = [{"name": "prefers-color-scheme", "value": "dark"}]
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": dark})
    browser.execute_cdp_cmd("Emulation.setTouchEmulationEnabled", {"enabled": True})
    browser.get("about:blank")
    changed = browser.execute_script(_SEEN)
    assert all(now != then for now, then in zip(changed[:4], before[:4], strict=True))
    restore(browser)
    browser.get("about:blank")
    assert browser.execute_script(_SEEN) == before
