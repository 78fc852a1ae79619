"""Render one HTML page: pyvis with an own template, all assets local.

A page loads nothing from the network, and its content security policy forbids it. All text is plain
and escaped by the template (autoescape), so that no file name can become markup.
"""

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import jinja2
import pyvis.network

from graph.addresses import Cell
from graph.pages.network import OPTIONS, Drawing

TEMPLATES = Path(__file__).parent.parent / "templates"
ASSETS = (
    *("page.css", "thumbs.js", "network.js", "panel.js", "keys.js"),
    *("larger.js", "view.css", "view.js", "print.css", "print.js"),
    *("overview.css", "overview.js", "contact-sheet.css", "contact-sheet.js"),
    *("nouns.js", "terms.js", "lookup.js", "search.css", "search.js"),
)
_VIS = "templates/lib/vis-9.1.2/vis-network.min.js"


@dataclass(frozen=True)
class Link:
    """A link of a page; all texts are plain.

    Attributes:
        text: of the link.
        href: relative to the page.
        counts: number of pictures, as text.
        about: description, such as the most frequent folders and classes.
        cell: of a thumbnail on the sheet of the page, None for none.
    """

    text: str
    href: str
    counts: str = ""
    about: str = ""
    cell: Cell | None = None


@dataclass(frozen=True)
class PageText:
    """Text and links around the network of a page; all texts are plain, the template escapes.

    Attributes:
        kind: `overview` (of communities) or `pictures`.
        title: of the window.
        heading: of the page.
        counts: numbers of pictures, communities and pages, as text.
        about: the most frequent folders and classes, as text.
        root: relative URL of the site's folder.
        sheet: relative URL of the thumbnail sheet.
        contact: relative URL of the contact sheet.
        crumbs: breadcrumb links from the overview to the parent.
        previous: link to the previous page in reading order, None on the first.
        next: link to the next page, None on the last.
        links: the communities of an overview.
        similar: the communities most similar to this one.
        listing: the pictures of the page as a list, for keyboards and screen readers.
        data: JSON data for the scripts.
    """

    kind: str
    title: str
    heading: str
    counts: str
    about: str
    root: str
    sheet: str
    contact: str
    crumbs: list[Link] = field(default_factory=list)
    previous: Link | None = None
    next: Link | None = None
    links: list[Link] = field(default_factory=list)
    similar: list[Link] = field(default_factory=list)
    listing: list[Link] = field(default_factory=list)
    data: dict[str, Any] = field(default_factory=dict)


class Renderer:
    """Renderer of pages; compiles the template once."""

    def __init__(self) -> None:
        self._environment = jinja2.Environment(
            loader=jinja2.FileSystemLoader(TEMPLATES),
            autoescape=True,
            undefined=jinja2.StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        # The filter `tojson` escapes <, >, & and ' (as in \u003c) and all non-ASCII characters.
        self._environment.policies["json.dumps_kwargs"] = {"separators": (",", ":")}

    def render(self, view: PageText, drawing: Drawing, mapped: bool = False) -> str:
        """Return the HTML of a page; with links to the map if the site has one."""
        network = pyvis.network.Network(cdn_resources="local")
        # Assigned as a whole, because `add_edge` scans all edges on every call.
        network.nodes, network.edges = drawing.nodes, drawing.edges
        network.options = OPTIONS
        network.templateEnv, network.path = self._environment, "page.html"
        self._environment.globals |= {"view": view, "mapped": mapped}
        html: str = network.generate_html()
        return html

    def contact_sheet(self, view: Any, data: dict[str, Any]) -> str:
        """Return the HTML of a contact sheet (`graph.pages.contact_sheet`)."""
        return self._environment.get_template("contact-sheet.html").render(view=view, data=data)

    def way_to_map(self) -> str:
        """Return the HTML of the first page of a site that is a map and nothing else."""
        return self._environment.get_template("way-to-map.html").render() + "\n"


def assets(live: str | None = None) -> dict[str, bytes]:
    """Return the contents of the scripts and style sheets that all pages share, by file name.

    Args:
        live: address of the live page of the store, None where it does not run.
    """
    files = {name: (TEMPLATES / name).read_bytes() for name in ASSETS}
    vis = Path(pyvis.network.__file__).parent / _VIS
    linked = f'"use strict";\nconst LIVE = {json.dumps(live or "")};\n'
    linked += (TEMPLATES / "live.js").read_text("utf-8")
    return {**files, "live.js": linked.encode(), "vis-network.min.js": vis.read_bytes()}
