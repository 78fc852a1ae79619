"""Which page shows which picture: a plan, before anything is drawn or written."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

from graph.communities import Community

MAX_PAGE_SIZE = 250  # vis-network draws so many in about a second
PAGE_SIZE = 160
FOLDER = "pages"


@dataclass(frozen=True)
class Page:
    """One page of a community, or of the overview (`community` is None then).

    Attributes:
        name: of its files, without suffix; unique.
        part: from 1 to `parts`, among the pages of the same community.
        ids: the pictures it shows; on the overview the numbers of communities.
    """

    name: str
    community: int | None
    part: int
    parts: int
    ids: tuple[int, ...]

    @property
    def file(self) -> str:
        """Its HTML file, relative to the site."""
        return f"{self.name}.html" if self.community is None else f"{FOLDER}/{self.name}.html"

    @property
    def sheet(self) -> str:
        """The JPEG with its thumbnails, relative to the site."""
        return f"sheets/{self.name}.jpg"

    @property
    def root(self) -> str:
        """The way from its folder to the site's."""
        return "" if self.community is None else "../"


@dataclass(frozen=True)
class Plan:
    """Every page of a site.

    Attributes:
        overview: the pages with a node for each community.
        pages: those with the pictures, in the order of communities.
    """

    overview: tuple[Page, ...]
    pages: tuple[Page, ...]

    @cached_property
    def of_community(self) -> dict[int, list[Page]]:
        """The pages of each community by its number."""
        found: dict[int, list[Page]] = {}
        for page in self.pages:
            found.setdefault(page.community or 0, []).append(page)
        return found

    @cached_property
    def overview_of(self) -> dict[int, Page]:
        """The overview page that shows each community, by its number."""
        return {number: page for page in self.overview for number in page.ids}

    @cached_property
    def before(self) -> dict[str, Page]:
        """The page before each but the first, by name: the way through the whole collection."""
        return {page.name: before for before, page in pairwise((*self.overview, *self.pages))}

    @cached_property
    def after(self) -> dict[str, Page]:
        """The page after each but the last, by name."""
        return {page.name: after for page, after in pairwise((*self.overview, *self.pages))}


def plan_pages(communities: Sequence[Community], page_size: int = PAGE_SIZE) -> Plan:
    """Return the plan of a site with at most `page_size` nodes a page, balanced.

    Raises:
        ValueError: `page_size` is not from 1 to `MAX_PAGE_SIZE`.
    """
    if not 1 <= page_size <= MAX_PAGE_SIZE:
        raise ValueError(f"page size {page_size}: give one from 1 to {MAX_PAGE_SIZE}")
    numbers = [community.number for community in communities]
    overview = _cut("index", None, numbers, page_size)
    pages = (
        page
        for community in communities
        for page in _cut(
            f"community-{community.number}", community.number, community.members, page_size
        )
    )
    return Plan(tuple(overview), tuple(pages))


def balanced(count: int, size: int) -> list[slice]:
    """Return slices of at most `size` that cover `count` in order and differ by one at most."""
    parts = -(-count // size)
    cuts = [count * i // parts for i in range(parts + 1)]
    return [slice(start, stop) for start, stop in pairwise(cuts)]


def _cut(name: str, community: int | None, ids: Sequence[int], page_size: int) -> Iterator[Page]:
    slices = balanced(len(ids), page_size)
    for part, rows in enumerate(slices, start=1):
        of_part = name if part == 1 else f"{name}-{part}"
        yield Page(of_part, community, part, len(slices), tuple(ids[rows]))
