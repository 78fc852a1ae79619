"""The tab imgrec in Chromium: the page within the frame of TensorBoard."""

import time
from typing import Any
from urllib.request import urlopen

from selenium.webdriver import Chrome

from browser_page import PATIENCE_S
from live_page import Page
from live_server import LiveServer
from tab_server import TabServer

# The frame lies in shadow roots in some versions.
_FRAME = """
const find = (root) => {
  for (const element of root.querySelectorAll('*')) {
    const place = element.tagName === 'IFRAME' && element.src + element.contentWindow?.location;
    if (place && place.includes('imgrec')) return element;
    const found = element.shadowRoot && find(element.shadowRoot);
    if (found) return found;
  }
  return null;
};
return find(document);
"""


class TabPage(Page):
    """The live page in the tab; what it is asked, it is asked in the frame."""

    def __init__(self, browser: Chrome, server: TabServer) -> None:
        super().__init__(browser, LiveServer(server.origin, server.process))

    def enter(self, query: str = "", fragment: str = "#imgrec") -> None:
        """Open TensorBoard at a fragment, and go into the frame."""
        self.show(fragment)
        self.into_frame()
        self.wait("return document.querySelector('#grid')")
        self.settle()
        if query:
            self.js("location.search = arguments[0]", query)
            self.wait("return location.search === arguments[0]", query)
            self.settle()

    def show(self, fragment: str = "#imgrec") -> None:
        """Open TensorBoard at a fragment."""
        self.browser.switch_to.default_content()
        # Otherwise the same address would not be loaded again.
        self.browser.get("about:blank")
        self.browser.get(f"{self.server.origin}/{fragment}")

    def into_frame(self) -> None:
        """Wait until the frame of the tab has a page of its own, and go into it."""
        deadline = time.monotonic() + PATIENCE_S
        while True:
            self.browser.switch_to.default_content()
            frame = self.js(_FRAME)
            if frame is not None:
                self.browser.switch_to.frame(frame)
                # Before it has led on, the frame is empty.
                if self.js("return document.querySelector('#grid, #imgrec-trouble') !== null"):
                    return
            assert time.monotonic() < deadline, "the tab shows nothing"
            time.sleep(0.05)

    def trouble(self) -> str:
        """Open the tab; return the line that it shows in the place of the page."""
        self.show()
        self.into_frame()
        return self.text("#imgrec-trouble")

    def in_parent(self, script: str, *arguments: object) -> Any:
        """Return what a script gives in the page of TensorBoard."""
        self.browser.switch_to.default_content()
        found = self.js(script, *arguments)
        self.into_frame()
        return found


def is_alive(server: TabServer) -> bool:
    """Return True if TensorBoard answers with its page and its other plugins."""
    with urlopen(f"{server.origin}/data/plugins_listing", timeout=60) as found:
        return b"projector" in found.read()
