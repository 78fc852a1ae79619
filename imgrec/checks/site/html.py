"""Parse a page of a network site: its URLs, element ids, thumbnail cells and embedded data.

Every attribute and style that makes a browser load something or leave the page is read, so that
`links` can prove that a site works offline and from any folder.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import NamedTuple

# Attributes that hold URLs.
_ADDRESSES = frozenset(
    {"href", "src", "srcset", "poster", "action", "formaction", "data", "background", "xlink:href"}
)
# Elements whose URLs are opened by a click; those of all others are loaded with the page.
_FOLLOWED = frozenset({"a", "area", "form", "button", "input", "base"})
_URL = re.compile(
    r"""url\(\s*(?:"([^"]*)"|'([^']*)'|([^)"']*))\s*\)|@import\s+["']([^"']*)""", re.I
)
_REFRESH = re.compile(r"^[^;,]*[;,]\s*(?:url\s*=\s*)?[\"']?(.*?)[\"']?\s*$", re.I | re.S)


class Address(NamedTuple):
    """A URL in a page.

    Attributes:
        text: as written, with character references resolved.
        followed: True if a click opens it, False if the page itself loads it.
        rel: `rel` of the link, "" if absent.
    """

    text: str
    followed: bool = False
    rel: str = ""


@dataclass
class PageHtml:
    """What a page refers to.

    Attributes:
        addresses: URLs in document order.
        anchors: ids and names of elements, to which fragments can lead.
        cells: thumbnail cells on the page's own sheet, as written.
        data: JSON text for the scripts; None if there is none.
    """

    addresses: list[Address] = field(default_factory=list)
    anchors: set[str] = field(default_factory=set)
    cells: list[str] = field(default_factory=list)
    data: str | None = None


def parse_html(text: str) -> PageHtml:
    """Return what the HTML text of a page refers to.

    Raises:
        ValueError: the parser fails on broken markup.
    """
    parser = _Parser()
    try:
        parser.feed(text)
        parser.close()
    # html.parser raises these for some broken markup.
    except (AssertionError, RecursionError) as error:
        raise ValueError(str(error)) from error
    return parser.page


def css_addresses(css: str) -> Iterator[Address]:
    """Yield the URLs that a style sheet loads."""
    for found in _URL.finditer(css):
        yield Address(next((group for group in found.groups() if group is not None), "").strip())


class _Parser(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.page = PageHtml()
        self._inside = ""
        self._text: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        # Of a repeated attribute the first counts, as in browsers.
        values = {name: value or "" for name, value in reversed(attrs)}
        page = self.page
        page.anchors.update(values[name] for name in ("id", "name") if values.get(name))
        page.addresses += _addresses(tag, values)
        if "data-cell" in values and "data-sheet" not in values:
            page.cells.append(values["data-cell"])
        self._inside = "style" if tag == "style" else ""
        if tag == "script" and values.get("id") == "page":
            self._inside = "data"
        self._text = []

    def handle_data(self, data: str) -> None:
        if self._inside:
            self._text.append(data)

    def handle_endtag(self, tag: str) -> None:
        text = "".join(self._text)
        if self._inside == "data" and tag == "script":
            self.page.data = text
        elif self._inside == "style" and tag == "style":
            self.page.addresses += css_addresses(text)
        self._inside = ""


def _addresses(tag: str, values: dict[str, str]) -> Iterator[Address]:
    followed, rel = tag in _FOLLOWED, values.get("rel", "").lower()
    for name in _ADDRESSES & values.keys():
        if name == "srcset":
            parts = (part.split() for part in values[name].split(","))
            yield from (Address(words[0]) for words in parts if words)
        else:
            yield Address(values[name], followed, rel)
    yield from css_addresses(values.get("style", ""))
    if tag == "meta" and values.get("http-equiv", "").lower() == "refresh":
        found = _REFRESH.match(values.get("content", ""))
        if found and found[1]:
            yield Address(found[1], followed=True)
