"""A page in Chromium: found, clicked, waited for; keeps nothing that the browser does not have."""

import time
from typing import Any

from selenium import webdriver
from selenium.webdriver import ActionChains, Keys
from selenium.webdriver.common.by import By
from selenium.webdriver.remote.webelement import WebElement

PATIENCE_S = 60


class BrowserPage:
    """What the pages of all tests are asked in the same way."""

    def __init__(self, browser: webdriver.Chrome) -> None:
        self.browser = browser

    def wait(self, script: str, *arguments: object) -> Any:
        """Wait until a script returns what is true; return it."""
        deadline = time.monotonic() + PATIENCE_S
        while True:
            found = self.js(script, *arguments)
            if found:
                return found
            assert time.monotonic() < deadline, f"never true: {script}"
            time.sleep(0.03)

    def js(self, script: str, *arguments: object) -> Any:
        return self.browser.execute_script(script, *arguments)

    def one(self, selector: str) -> WebElement:
        return self.browser.find_element(By.CSS_SELECTOR, selector)

    def all(self, selector: str) -> list[WebElement]:
        return self.browser.find_elements(By.CSS_SELECTOR, selector)

    def text(self, selector: str) -> str:
        """Return the text of an element, hidden or not."""
        text: str = self.js("return document.querySelector(arguments[0]).textContent", selector)
        return text

    def click(self, selector: str) -> None:
        """Click an element by script, whatever lies over it."""
        self.js("document.querySelector(arguments[0]).click()", selector)

    def press(self, *keys: str) -> None:
        """Press keys where the focus is."""
        for key in keys:
            ActionChains(self.browser).send_keys(key).perform()

    def escape(self) -> None:
        self.press(Keys.ESCAPE)

    def size(self, width: int, height: int, density: float = 1) -> None:
        """Set the size of the window, in CSS pixels."""
        metrics = {"width": width, "height": height, "deviceScaleFactor": density, "mobile": False}
        self.browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)

    def media(self, **features: str) -> None:
        """Prefer, such as `prefers_color_scheme="dark"`."""
        wanted = [{"name": n.replace("_", "-"), "value": v} for n, v in features.items()]
        self.browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": wanted})
