"""The text and links around a network: heading, breadcrumbs, previous and next, lists."""

from collections.abc import Sequence
from typing import Any

from graph.addresses import Cell, Page
from graph.communities.comparison import parent_of
from graph.communities.guide import Guide
from graph.pages.page import Link, PageText
from imgrec.system.text import counted

# Largest initial zoom; thumbnails of 128 px would be blurred beyond it.
MAX_SCALE = 1.4
# Characters of a short caption.
_SHORT = 14


def view_of(guide: Guide, path: str, cells: Sequence[Cell]) -> PageText:
    """Return the text and links around the network of a community.

    Args:
        guide: to all communities.
        path: of the community.
        cells: of its sheet: its nodes, then the faces of similar communities.
    """
    page, children = Page(path), guide.children(path)
    counts = _counts(guide, path)
    before, after = guide.steps[path]
    data: dict[str, Any] = {
        "maxScale": MAX_SCALE,
        "up": page.way_to(parent_of(path)) if path else None,
    }
    if children:
        data["targets"] = {int(c.rpartition(".")[2]): page.way_to(c) for c in children}
    count = len(guide.groups[path].children) or len(guide.groups[path].rows)
    return PageText(
        kind="overview" if children else "pictures",
        title=f"{guide.names[path]} · {counts}",
        heading=guide.names[path],
        counts=counts,
        about=guide.about[path] if path else "",
        root=page.root,
        sheet=page.root + page.sheet,
        crumbs=[Link(guide.names[above], page.way_to(above)) for above in _above(path)],
        previous=_step(guide, page, before),
        next=_step(guide, page, after),
        links=_links(guide, page, children, cells[:count]),
        similar=_links(guide, page, guide.similar(path), cells[count:]),
        data=data,
    )


def caption(guide: Guide, path: str) -> str:
    """Return the tooltip of a community: name, number of pictures, main folders and classes."""
    counts = counted(guide.pictures(path), "picture")
    return " · ".join(filter(None, (guide.names[path], counts, guide.about[path])))


def captions(guide: Guide, path: str) -> list[str]:
    """Return the captions of a community, the longest first.

    The page draws the longest one that has room below its picture.
    """
    name, size = guide.names[path], guide.pictures(path)
    short = name if len(name) <= _SHORT else f"{name[: _SHORT - 1].rstrip(' ·')}…"
    longest = f"{name} · {counted(size, 'picture')}"
    return [*dict.fromkeys([longest, f"{name} · {size:,}", f"{short} · {size:,}", short])]


def _counts(guide: Guide, path: str) -> str:
    counts = counted(guide.pictures(path), "picture")
    children = len(guide.groups[path].children)
    if not children:
        return counts
    if path:
        return f"{counts} · {counted(children, 'community')}"
    pages = counted(len(guide.groups), "page")
    return f"{counts} · {counted(children, 'community')} · {pages}"


def _links(guide: Guide, page: Page, paths: Sequence[str], cells: Sequence[Cell]) -> list[Link]:
    return [
        Link(
            guide.names[path],
            page.way_to(path),
            counted(guide.pictures(path), "picture"),
            guide.about[path],
            cell,
        )
        for path, cell in zip(paths, cells, strict=False)
    ]


def _above(path: str) -> list[str]:
    """Return the paths of the ancestors of a community, the collection first."""
    parts = path.split(".") if path else []
    return [".".join(parts[:i]) for i in range(len(parts))]


def _step(guide: Guide, page: Page, path: str | None) -> Link | None:
    return None if path is None else Link(guide.names[path], page.way_to(path))
