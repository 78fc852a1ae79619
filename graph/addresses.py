"""Which page shows which community, and the way through all of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from graph.choices import MAX_PAGE_SIZE
from imgrec.store.site_link import page_file

Cell = tuple[int, int, int, int]  # left, top, width, height in pixels

FOLDER = "pages"


@dataclass(frozen=True)
class Page:
    """The page of a community, of its own communities or of its pictures.

    Attributes:
        path: of the community, such as 3.1; "" for the collection.
    """

    path: str

    @property
    def name(self) -> str:
        """Of its files, without suffix."""
        return f"community-{self.path}" if self.path else "index"

    @property
    def file(self) -> str:
        """Its HTML file, relative to the site."""
        return page_file(self.path)

    @property
    def sheet(self) -> str:
        """The JPEG with its thumbnails, relative to the site."""
        return f"sheets/{self.name}.jpg"

    @property
    def root(self) -> str:
        """The way from its folder to the site's."""
        return "../" if self.path else ""

    def way_to(self, path: str) -> str:
        """Return the address of another page, from this one."""
        return self.root + page_file(path)


def check_page_size(page_size: int) -> None:
    """Raise ValueError where a page would be too slow, or empty."""
    if not 1 <= page_size <= MAX_PAGE_SIZE:
        raise ValueError(f"page size {page_size}: give one from 1 to {MAX_PAGE_SIZE}")


def steps(paths: Sequence[str]) -> dict[str, tuple[str | None, str | None]]:
    """Return for each page the one before and the one after: the way through all of them."""
    before = {after: path for path, after in pairwise(paths)}
    after = dict(pairwise(paths))
    return {path: (before.get(path), after.get(path)) for path in paths}


def balanced(count: int, size: int) -> list[slice]:
    """Return slices of at most `size` that cover `count` in order and differ by one at most."""
    parts = -(-count // size)
    cuts = [count * i // parts for i in range(parts + 1)]
    return [slice(start, stop) for start, stop in pairwise(cuts)]
