"""What the HTML of a page of a network site names: addresses, anchors, cells and its data."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import NamedTuple

_ADDRESSES = frozenset(
    {"href", "src", "srcset", "poster", "action", "formaction", "data", "background", "xlink:href"}
)
_FOLLOWED = frozenset({"a", "area", "form", "button", "input", "base"})  # the rest is loaded
_URL = re.compile(
    r"""url\(\s*(?:"([^"]*)"|'([^']*)'|([^)"']*))\s*\)|@import\s+["']([^"']*)""", re.I
)
_REFRESH = re.compile(r"^[^;,]*[;,]\s*(?:url\s*=\s*)?[\"']?(.*?)[\"']?\s*$", re.I | re.S)


class Address(NamedTuple):
    """An address as it stands in a page.

    Attributes:
        text: as it is written, references resolved.
        followed: by a click; what is not is loaded by the page itself.
        rel: of the link, "" where it has none.
    """

    text: str
    followed: bool = False
    rel: str = ""


@dataclass
class PageHtml:
    """What a page names.

    Attributes:
        addresses: in their order.
        anchors: names of elements that a fragment can lead to.
        cells: as written, of thumbnails on the page's own sheet.
        data: the JSON for its scripts, None where there is none.
    """

    addresses: list[Address] = field(default_factory=list)
    anchors: set[str] = field(default_factory=set)
    cells: list[str] = field(default_factory=list)
    data: str | None = None


def parse_html(text: str) -> PageHtml:
    """Return what the HTML of a page names.

    Raises:
        ValueError: it cannot be read as HTML.
    """
    parser = _Parser()
    try:
        parser.feed(text)
        parser.close()
    except (AssertionError, RecursionError) as error:  # of the parser, on some broken markup
        raise ValueError(str(error)) from error
    return parser.page


def css_addresses(css: str) -> Iterator[Address]:
    """Yield the addresses that a style sheet loads."""
    for found in _URL.finditer(css):
        yield Address(next((group for group in found.groups() if group is not None), "").strip())


class _Parser(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.page = PageHtml()
        self._inside = ""
        self._text: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in reversed(attrs)}  # the first one counts
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
