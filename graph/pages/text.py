"""The text and links around a network: heading, breadcrumbs, previous and next, lists."""

from collections.abc import Sequence
from itertools import count
from typing import Any

from graph.addresses import Cell, Page
from graph.communities.guide import Guide
from graph.pages.page import Link, PageText
from imgrec.system.text import counted

# Largest initial zoom; thumbnails of 128 px would be blurred beyond it.
MAX_SCALE = 1.4


def view_of(guide: Guide, path: str, faces: Sequence[Cell], similar: Sequence[Cell]) -> PageText:
    """Return the text and links around the network of a community.

    Args:
        guide: to all communities.
        path: of the community.
        faces: the cell of each community on an overview; empty on a page of pictures.
        similar: the cells of the faces of similar communities.
    """
    page, shown = Page(path), guide.shown(path)
    counts = _counts(guide, path)
    before, after = guide.steps[path]
    data: dict[str, Any] = {"maxScale": MAX_SCALE, "up": _up(guide, path)}
    if shown:
        ways = zip(node_ids(guide, path), map(page.way_to, shown), strict=True)
        data["targets"] = dict(ways)
    return PageText(
        kind="overview" if shown else "pictures",
        title=f"{guide.names[path]} · {counts}",
        heading=guide.names[path],
        counts=counts,
        about=guide.about[path] if path else "",
        root=page.root,
        sheet=page.root + page.sheet,
        contact=page.root + page.contact,
        crumbs=[Link(guide.names[above], page.way_to(above)) for above in guide.above(path)],
        previous=_step(guide, page, before),
        next=_step(guide, page, after),
        links=_links(guide, page, shown, faces),
        similar=_links(guide, page, guide.similar(path), similar),
        data=data,
    )


def node_ids(guide: Guide, path: str) -> list[int]:
    """Return the node of each community on an overview: its number, if it is a child of this one.

    The children of a community that has no page get free numbers.
    """
    shown, children = guide.shown(path), set(guide.children(path))
    numbers = [int(one.rpartition(".")[2]) if one in children else -1 for one in shown]
    free = count(max(numbers) + 1 if max(numbers) >= 0 else 1)
    return [next(free) if number < 0 else number for number in numbers]


def _up(guide: Guide, path: str) -> str | None:
    """Return the address of the page above, with the node of this community on it."""
    if not path:
        return None
    above = guide.above(path)[-1]
    node = node_ids(guide, above)[guide.shown(above).index(path)]
    return f"{Page(path).way_to(above)}#{node}"


def caption(guide: Guide, path: str) -> str:
    """Return the tooltip of a community: name, number of pictures, main folders and classes."""
    counts = counted(guide.pictures(path), "picture")
    return " · ".join(filter(None, (guide.names[path], counts, guide.about[path])))


def _counts(guide: Guide, path: str) -> str:
    counts = counted(guide.pictures(path), "picture")
    children, shown = len(guide.children(path)), len(guide.shown(path))
    if not children:
        return counts
    found = counted(children, "community")
    # In the place of one without a page of its own stand its parts.
    found += f" in {counted(shown, 'tile')}" if shown != children else ""
    if path:
        return f"{counts} · {found}"
    return f"{counts} · {found} · {counted(len(guide.pages), 'page')}"


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


def _step(guide: Guide, page: Page, path: str | None) -> Link | None:
    return None if path is None else Link(guide.names[path], page.way_to(path))
