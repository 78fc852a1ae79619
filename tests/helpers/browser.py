"""Headless Chromium for tests of pages, and its console and network logs."""

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from selenium import webdriver
from selenium.webdriver.chrome.options import Options
from selenium.webdriver.chrome.service import Service

_ARGUMENTS = (
    "--headless=new",
    # CI runs as root.
    "--no-sandbox",
    "--disable-dev-shm-usage",
    "--disable-quic",
    "--no-first-run",
    # No requests but those of the page.
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
)
# WebGL without a graphics card. Then all else is drawn by it too, and a frame takes several times
# as long as by Chromium's own software renderer.
_WEBGL = ("--enable-unsafe-swiftshader", "--use-angle=swiftshader")


@contextmanager
def chromium(
    profile: Path, width: int = 1280, height: int = 800, *, webgl: bool = True
) -> Iterator[webdriver.Chrome]:
    """Start Chromium with console and network logs; skip the test if it is not installed.

    Args:
        profile: folder of its profile.
        width: of the window, in pixels.
        height: of the window, in pixels.
        webgl: draw WebGL, and with it everything, by a renderer that needs no graphics card; else
            pages are drawn as on any machine without one.
    """
    program = shutil.which("chromium") or shutil.which("chromium-browser")
    program = program or shutil.which("google-chrome")
    driver = shutil.which("chromedriver")
    if not program or not driver:
        pytest.skip("no Chromium and chromedriver on this machine (apt: chromium chromium-driver)")
    options = Options()
    options.binary_location = program
    drawn = _WEBGL if webgl else ()
    own = f"--user-data-dir={profile}", f"--window-size={width},{height}"
    for argument in (*_ARGUMENTS, *drawn, *own):
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    browser = webdriver.Chrome(options=options, service=Service(driver))
    try:
        yield browser
    finally:
        browser.quit()


def restore(browser: webdriver.Chrome) -> None:
    """Take back what tests have set of the window: its size, preferred colors, touch."""
    browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": []})
    browser.execute_cdp_cmd("Emulation.setTouchEmulationEnabled", {"enabled": False})


def console_errors(browser: webdriver.Chrome) -> list[str]:
    """Return the errors printed to the console since the last call.

    Without that of `/favicon.ico`: the browser asks for it by itself, at any time, where a test has
    opened something that is no page. Pages name an icon of theirs.
    """
    entries: list[dict[str, Any]] = browser.get_log("browser")  # type: ignore[no-untyped-call]
    errors = [entry["message"] for entry in entries if entry["level"] == "SEVERE"]
    return [message for message in errors if "/favicon.ico - " not in message]


def requests(browser: webdriver.Chrome) -> list[str]:
    """Return the URLs requested since the last call, without `data:` URLs."""
    entries: list[dict[str, Any]] = browser.get_log("performance")  # type: ignore[no-untyped-call]
    messages = [json.loads(entry["message"])["message"] for entry in entries]
    addresses = [
        str(message["params"]["request"]["url"])
        for message in messages
        if message["method"] == "Network.requestWillBeSent"
    ]
    return [address for address in addresses if not address.startswith(("data:", "blob:"))]
