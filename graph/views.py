"""The text and links around each network: headings, breadcrumbs, pagers, lists."""

from collections.abc import Sequence

from graph.atlas import Cell
from graph.guide import Guide
from graph.page import Link, View
from graph.paging import Page
from imgrec.commands import counted

MAX_SCALE = 1.4  # a thumbnail of 128 px gains nothing from more
_WINDOW = 3  # numbered pages on either side of the present one


def overview_view(guide: Guide, page: Page, cells: Sequence[Cell]) -> View:
    """Return what stands around the communities of an overview page.

    Args:
        guide: to all pages.
        page: of the overview.
        cells: on its sheet, of the central picture of each of its communities.
    """
    total = sum(map(guide.size, guide.communities))
    counts = f"{counted(total, 'picture')} · {counted(len(guide.communities), 'community')}"
    targets = {number: guide.plan.of_community[number][0].file for number in page.ids}
    return View(
        kind="overview",
        title=f"Overview · {counts}{_part(page)}",
        heading="Overview",
        counts=counts,
        about="",
        root=page.root,
        sheet=page.root + page.sheet,
        pager=_pager(page, guide.plan.overview),
        previous=_step(page, guide.plan.before.get(page.name)),
        next=_step(page, guide.plan.after.get(page.name)),
        links=[
            _community_link(guide, number, targets[number], cell)
            for number, cell in zip(page.ids, cells, strict=True)
        ],
        data={"maxScale": MAX_SCALE, "targets": targets},
    )


def pictures_view(guide: Guide, page: Page, number: int, faces: Sequence[Cell]) -> View:
    """Return what stands around the pictures of a page.

    Args:
        guide: to all pages.
        page: of this community.
        number: of the community.
        faces: cells on this page's sheet of the central pictures of `guide.similar`.
    """
    heading = f"Community {number}"
    counts = counted(guide.size(number), "picture")
    return View(
        kind="pictures",
        title=f"{heading} · {counts}{_part(page)}",
        heading=heading,
        counts=counts,
        about=guide.about[number],
        root=page.root,
        sheet=page.root + page.sheet,
        crumbs=[Link("Overview", _href(page, guide.plan.overview_of[number]))],
        pager=_pager(page, guide.plan.of_community[number]),
        previous=_step(page, guide.plan.before.get(page.name)),
        next=_step(page, guide.plan.after.get(page.name)),
        links=[
            _community_link(guide, other, _href(page, guide.plan.of_community[other][0]), cell)
            for other, cell in zip(guide.similar.get(number, ()), faces, strict=True)
        ],
        data={"maxScale": MAX_SCALE},
    )


def caption(guide: Guide, number: int) -> str:
    """Return what is said of a community where the mouse rests on it."""
    counts = counted(guide.size(number), "picture")
    return " · ".join(filter(None, (f"Community {number}", counts, guide.about[number])))


def captions(guide: Guide, number: int) -> list[str]:
    """Return what stands below a community, from the longest; the first that has room is drawn."""
    size = guide.size(number)
    counts = counted(size, "picture")
    return [f"Community {number} · {counts}", f"{number} · {counts}", f"{number} · {size:,}"]


def _community_link(guide: Guide, number: int, href: str, cell: Cell) -> Link:
    counts = counted(guide.size(number), "picture")
    return Link(f"Community {number}", href, counts, guide.about[number], cell)


def _pager(page: Page, siblings: Sequence[Page]) -> list[Link]:
    """Links to the first, the last and the nearest pages; one without address is a gap."""
    if page.parts == 1:
        return []
    near = range(page.part - _WINDOW, page.part + _WINDOW + 1)
    links: list[Link] = []
    for other in siblings:
        if other.part in (1, page.parts, *near):
            links.append(Link(str(other.part), _href(page, other), current=other == page))
        elif links[-1].href:
            links.append(Link("…", ""))
    return links


def _step(page: Page, other: Page | None) -> Link | None:
    if other is None:
        return None
    if other.community == page.community:
        text = f"Page {other.part}"
    else:
        text = f"Community {other.community}" if other.community else "Overview"
    return Link(text, _href(page, other))


def _href(page: Page, other: Page) -> str:
    return page.root + other.file


def _part(page: Page) -> str:
    return f" · page {page.part} of {page.parts}" if page.parts > 1 else ""
