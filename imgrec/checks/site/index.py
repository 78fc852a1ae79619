"""An index of which picture is on which page of a network site, to verify links between pages.

Pages are read once, one at a time. Their links to pictures of other pages (claims) are kept as
24 bytes each in NumPy arrays, and compared by binary search when all pages have been read.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from imgrec.checks.findings import Check, Place, shortened
from imgrec.checks.site.data import MOST_PX, Cell
from imgrec.checks.site.files import MARKER

_Numbers = NDArray[np.int64]
# Stands for an unknown cell.
_NONE = -1
_OPENS_WRONG = "a click opens that page without the picture"


class PictureIndex:
    """The pictures of each page, and the links to pictures that each page holds."""

    def __init__(self, pages: Sequence[str]) -> None:
        """Start with the names of all pages, which are numbered in this order."""
        self._pages = pages
        self._of_page: dict[int, tuple[_Numbers, _Numbers]] = {}
        self._claims: list[tuple[int, _Numbers]] = []

    def add_page(self, number: int, pictures: Mapping[int, Cell | None]) -> None:
        """Add the pictures of a page with their cells, None where a picture has no cell."""
        ids = np.fromiter(pictures, np.int64, len(pictures))
        cells = np.fromiter(map(_packed, pictures.values()), np.int64, len(pictures))
        self._of_page[number] = (ids, cells)

    def add_claims(self, number: int, claims: Sequence[tuple[int, Cell | None, int]]) -> None:
        """Add the links of a page: id of the picture, its cell or None, number of its page."""
        rows = [(picture, _packed(cell), page) for picture, cell, page in claims]
        if rows:
            self._claims.append((number, np.array(rows, np.int64)))

    def check(self, place: Place, wanted: int | None) -> Check[int]:
        """Report pictures and links that contradict each other; return the number of pictures.

        Args:
            place: the whole site.
            wanted: the number of pictures in the manifest; None if unknown.
        """
        ids, owners, cells = self._joined()
        yield from self._check_once(ids, owners)
        known = np.unique(ids)
        if wanted is not None and len(known) != wanted:
            yield place.error(
                f"{len(known):,} pictures are on its pages, but {MARKER} says {wanted:,}",
                "some pictures are on no page"
                if len(known) < wanted
                else "some pictures do not belong to the site",
            )
        places = _Places(known, owners, ids, cells)
        for number, claims in self._claims:
            yield from self._check_claims(number, claims, places)
        return len(known)

    def _joined(self) -> tuple[_Numbers, _Numbers, _Numbers]:
        none = np.zeros(0, np.int64)
        ids = [none, *(ids for ids, _ in self._of_page.values())]
        cells = [none, *(cells for _, cells in self._of_page.values())]
        owners = [none, *(np.full(len(i), n) for n, (i, _) in self._of_page.items())]
        return np.concatenate(ids), np.concatenate(owners), np.concatenate(cells)

    def _check_once(self, ids: _Numbers, owners: _Numbers) -> Check[None]:
        """Report pictures that are on several pages, for each page but the first."""
        order = np.lexsort((owners, ids))
        ids, owners = ids[order], owners[order]
        again = np.flatnonzero(ids[1:] == ids[:-1]) + 1
        pairs: dict[tuple[int, int], list[str]] = defaultdict(list)
        for row in again.tolist():
            pairs[int(owners[row]), int(owners[row - 1])].append(str(ids[row]))
        for (page, other), pictures in pairs.items():
            yield Place(self._pages[page]).error(
                f"its pictures {shortened(pictures)} are on {self._pages[other]} too",
                "they are shown twice, and links lead to one of the two",
            )

    def _check_claims(self, number: int, claims: _Numbers, places: "_Places") -> Check[None]:
        place, (pictures, said, pages) = Place(self._pages[number]), claims.T
        rows = places.find(pages, pictures)
        found = rows >= 0
        for page, absent in _by_page(pages[~found], pictures[~found]).items():
            yield place.error(
                f"it links to the pictures {shortened(absent)} on {self._pages[page]}, which are "
                "not there",
                _OPENS_WRONG,
            )
        theirs = places.cells[rows[found]]
        other = (said[found] != _NONE) & (theirs != _NONE) & (said[found] != theirs)
        if other.any():
            pictured = map(str, pictures[found][other].tolist())
            yield place.error(
                f"its cells of the pictures {shortened(dict.fromkeys(pictured))} differ from "
                "those on their own pages",
                "the list of most similar pictures shows wrong thumbnails",
            )


class _Places:
    """The row of each (page, picture id) in sorted arrays."""

    def __init__(self, known: _Numbers, owners: _Numbers, ids: _Numbers, cells: _Numbers) -> None:
        keys = owners * (len(known) + 1) + np.searchsorted(known, ids)
        order = np.argsort(keys, kind="stable")
        self.cells = cells[order]
        self._known, self._keys = known, keys[order]

    def find(self, pages: _Numbers, pictures: _Numbers) -> NDArray[np.intp]:
        """Return the row of each (page, picture), -1 if the picture is not on that page."""
        if not len(self._keys):
            return np.full(len(pages), -1)
        ranks = np.searchsorted(self._known, pictures)
        wanted = pages * (len(self._known) + 1) + ranks
        rows = np.searchsorted(self._keys, wanted)
        there = self._known.take(ranks, mode="clip") == pictures
        there &= self._keys.take(rows, mode="clip") == wanted
        return np.where(there, rows, -1)


def reachable(links: Mapping[int, set[int]], start: int) -> set[int]:
    """Return the numbers of all pages that can be reached from `start` by links."""
    found, left = {start}, [start]
    while left:
        for page in links.get(left.pop(), ()):
            if page not in found:
                found.add(page)
                left.append(page)
    return found


def _packed(cell: Cell | None) -> int:
    if cell is None:
        return _NONE
    left, top, width, height = cell
    return ((left * MOST_PX + top) * MOST_PX + width) * MOST_PX + height


def _by_page(pages: _Numbers, pictures: _Numbers) -> dict[int, list[str]]:
    groups: dict[int, dict[str, None]] = defaultdict(dict)
    for page, picture in zip(pages.tolist(), pictures.tolist(), strict=True):
        groups[page][str(picture)] = None
    return {page: list(found) for page, found in groups.items()}
