"""The live page in Chromium: opened, asked, read."""

import json
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

from selenium import webdriver

from browser import console_errors
from browser_page import BrowserPage
from live_server import LiveServer

# The name of a file that tries to become markup, to turn the direction of writing, to break lines.
HOSTILE = "<img src=x onerror=alert(1)> \u202egpj.exe\n'\"&amp;.jpg"
# What fades has other colors on its way.
_QUIET = """
  return !document.querySelector("#grid.busy") && document.readyState === "complete"
    && document.getAnimations().every(({ playState }) => playState !== "running");
"""
# Drops a file of bytes on an element as a person does: enter, over, drop.
_DROP = """
  const [name, type, bytes, selector] = arguments;
  const transfer = new DataTransfer();
  transfer.items.add(new File([new Uint8Array(bytes)], name, { type }));
  const fire = (kind, target) => target.dispatchEvent(new DragEvent(kind, {
    bubbles: true, cancelable: true, dataTransfer: transfer }));
  fire("dragenter", document.body);
  const target = document.querySelector(selector);
  fire("dragover", target);
  fire("drop", target);
"""
_PASTE = """
  const [name, type, bytes] = arguments;
  const transfer = new DataTransfer();
  transfer.items.add(new File([new Uint8Array(bytes)], name, { type }));
  document.body.dispatchEvent(new ClipboardEvent("paste", {
    bubbles: true, cancelable: true, clipboardData: transfer }));
"""


class Page(BrowserPage):
    """The page of a server."""

    def __init__(self, browser: webdriver.Chrome, server: LiveServer) -> None:
        super().__init__(browser)
        self.server = server

    def enter(self, query: str = "", fragment: str = "") -> None:
        """Open the printed address, and the one with a query after it."""
        self.browser.get(self.server.address)
        # Chromium keeps 50 entries of a tab, and deletes first those that a page made without a
        # click or a key of a person: those that the tests go back to.
        self.browser.execute_cdp_cmd("Page.resetNavigationHistory", {})
        self.settle()
        if query or fragment:
            self.go(query, fragment)

    def go(self, query: str = "", fragment: str = "") -> None:
        """Open an address of the page anew."""
        self.browser.get("about:blank")
        self.browser.get(f"{self.server.origin}/{query}{fragment}")
        self.settle()

    def leave(self) -> list[str]:
        """Leave the page, so that it asks for nothing more; return the errors it printed."""
        self.browser.get("about:blank")
        return console_errors(self.browser)

    def back(self) -> None:
        """Go back as a page does: the driver's own command waits for a load that never comes."""
        # Not within the script, which a change of the document would break off.
        self.js("setTimeout(() => history.back())")

    def settle(self) -> None:
        """Wait until an answer or an error is shown, and the parts of the page are mounted."""
        self.wait("return document.querySelector('#compare label')")
        self.wait("return document.querySelector('#selection > *')")
        self.wait("return document.querySelector('.tile, #trouble .error')")
        self.wait(_QUIET)

    def ids(self) -> list[int]:
        """Return the ids of the tiles in the page, in their order."""
        found = self.js("return [...document.querySelectorAll('.tile')].map(t => t.dataset.id)")
        return [int(one) for one in found]

    def wait_ids(self, expected: list[int]) -> None:
        """Wait until the first tiles are those."""
        head = "[...document.querySelectorAll('.tile')].slice(0, arguments[1])"
        script = f"return {head}.map(t => t.dataset.id).join() === arguments[0]"
        self.wait(script, ",".join(map(str, expected)), len(expected))

    def query(self) -> str:
        """Return the part of the address behind the path."""
        found: str = self.js("return location.search + location.hash")
        return found

    def api(self, path: str, body: object | None = None) -> Any:
        """Ask the server directly."""
        headers = {"Content-Type": "application/json"}
        if self.server.token:
            headers["Authorization"] = f"Bearer {self.server.token}"
        data = None if body is None else json.dumps(body).encode()
        with urlopen(Request(f"{self.server.origin}{path}", data, headers)) as answer:
            return json.load(answer)

    def drop(self, file: Path, selector: str = "#drop .half", kind: str = "image/jpeg") -> None:
        self.js(_DROP, file.name, kind, list(file.read_bytes()), selector)

    def paste(self, file: Path, kind: str = "image/jpeg") -> None:
        self.js(_PASTE, file.name, kind, list(file.read_bytes()))

    def colors(self, scheme: str) -> None:
        """Prefer `light` or `dark`."""
        self.media(prefers_color_scheme=scheme)
