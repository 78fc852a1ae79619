"""File names of the pages of a site, links between them, and the order of previous and next."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

from graph.choices import MAX_PAGE_SIZE
from imgrec.store.site_link import page_file

# Left, top, width, height of a thumbnail on its sheet, in pixels.
Cell = tuple[int, int, int, int]

FOLDER = "pages"
_PREVIEWS_A_FOLDER = 1000
CONTACT = "contact"


@dataclass(frozen=True)
class Page:
    """The page of one community: an overview of its communities, or a network of its pictures.

    Attributes:
        path: the community's path in the tree, such as "3.1"; "" for the whole collection.
    """

    path: str

    @cached_property
    def name(self) -> str:
        """The base name of its files, without suffix."""
        return f"community-{self.path}" if self.path else "index"

    @property
    def file(self) -> str:
        """Its HTML file, relative to the site."""
        return page_file(self.path)

    @property
    def sheet(self) -> str:
        """Its sheet of thumbnails (JPEG), relative to the site."""
        return f"sheets/{self.name}.jpg"

    @property
    def contact(self) -> str:
        """Its contact sheet (HTML), relative to the site."""
        return f"{CONTACT}/{self.name}.html"

    @property
    def root(self) -> str:
        """The relative path from its folder to the site's folder."""
        return "../" if self.path else ""

    def way_to(self, path: str) -> str:
        """Return the relative address of the page of another community."""
        return self.root + page_file(path)


def preview_file(image_id: int) -> str:
    """Return the preview of a picture (WebP), relative to the site."""
    return f"previews/{image_id // _PREVIEWS_A_FOLDER}/{image_id}.webp"


def check_page_size(page_size: int) -> None:
    """Raise ValueError if a page size is below 1, or so large that pages would be slow."""
    if not 1 <= page_size <= MAX_PAGE_SIZE:
        raise ValueError(f"the page size is {page_size}: give a number from 1 to {MAX_PAGE_SIZE}")


def steps(paths: Sequence[str]) -> dict[str, tuple[str | None, str | None]]:
    """Return the previous and the next page of each page, in one sequence through all of them."""
    before = {after: path for path, after in pairwise(paths)}
    after = dict(pairwise(paths))
    return {path: (before.get(path), after.get(path)) for path in paths}


def balanced(count: int, size: int) -> list[slice]:
    """Return slices of at most `size` that cover `count` in order; lengths differ by at most 1."""
    parts = -(-count // size)
    cuts = [count * i // parts for i in range(parts + 1)]
    return [slice(start, stop) for start, stop in pairwise(cuts)]
