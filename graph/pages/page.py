"""One HTML page, rendered by pyvis with a template of our own that needs no net."""

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
    *("lookup.js", "search.css", "search.js"),
)
_VIS = "templates/lib/vis-9.1.2/vis-network.min.js"


@dataclass(frozen=True)
class Link:
    """A link of a page; all text is plain."""

    text: str
    href: str
    counts: str = ""
    about: str = ""
    cell: Cell | None = None


@dataclass(frozen=True)
class PageText:
    """What stands around the network; all text is plain and escaped by the template.

    Attributes:
        kind: `overview` of communities, or `pictures`.
        title: of the window.
        heading: of the page.
        path: of the community, where the heading does not tell it.
        counts: how much there is.
        about: the most frequent folders.
        root: the way to the site's folder.
        sheet: the way to the sheet of thumbnails.
        crumbs: the way here from the overview.
        previous: the page before, and so `next`.
        links: the communities of the page.
        similar: the communities most like this one.
        listing: the pictures of the page, for those who use no pointer.
        data: for the scripts.
    """

    kind: str
    title: str
    heading: str
    path: str
    counts: str
    about: str
    root: str
    sheet: str
    crumbs: list[Link] = field(default_factory=list)
    previous: Link | None = None
    next: Link | None = None
    links: list[Link] = field(default_factory=list)
    similar: list[Link] = field(default_factory=list)
    listing: list[Link] = field(default_factory=list)
    data: dict[str, Any] = field(default_factory=dict)


class Renderer:
    """Renders pages with pyvis; keeps the compiled template."""

    def __init__(self) -> None:
        self._environment = jinja2.Environment(
            loader=jinja2.FileSystemLoader(TEMPLATES),
            autoescape=True,
            undefined=jinja2.StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        # `tojson` escapes <, >, & and ' as \u003c, and all that is not ASCII
        self._environment.policies["json.dumps_kwargs"] = {"separators": (",", ":")}

    def render(self, view: PageText, drawing: Drawing) -> str:
        """Return the HTML of a page."""
        network = pyvis.network.Network(cdn_resources="local")
        network.nodes, network.edges = drawing.nodes, drawing.edges  # add_edge scans them all
        network.options = OPTIONS
        network.templateEnv, network.path = self._environment, "page.html"
        self._environment.globals["view"] = view
        html: str = network.generate_html()
        return html


def assets() -> dict[str, bytes]:
    """Return the files that every page loads, by name."""
    files = {name: (TEMPLATES / name).read_bytes() for name in ASSETS}
    vis = Path(pyvis.network.__file__).parent / _VIS
    return {**files, "vis-network.min.js": vis.read_bytes()}
