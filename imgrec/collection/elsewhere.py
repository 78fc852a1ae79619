"""What became of the files of rows that no listing shows: gone, there, or on an absent disk.

A rescan lists some roots by the rules of the collection. A row whose file it does not list may be
gone; it may also be there and be excluded, lie behind a link that is not followed, or belong to a
root that was not listed. That is asked of the source, one file at a time, and only for rows that
come into question.
"""

from collections.abc import Collection, Iterable
from functools import cache
from typing import Literal

from imgrec.collection import Catalog, Entry
from imgrec.collection.matching import Fate, FoundFile
from imgrec.errors import PictureError
from imgrec.sources.opening import source_of
from imgrec.sources.side_by_side import Place, side_by_side
from imgrec.system.file_names import composed


class CatalogElsewhere:
    """The rows of a catalog that have no file at their place; see `matching.Elsewhere`.

    Args:
        catalog: of the scan.
        listed: roots that were listed to the end.
        offline: roots that cannot be listed.
    """

    def __init__(self, catalog: Catalog, listed: Collection[str], offline: Collection[str]) -> None:
        self._catalog = catalog
        self._listed = listed
        self._absent_roots = [root for root in offline if _state(root) == "absent"]
        self._state = cache(_state)

    def rows(self, sizes: Collection[int]) -> list[Entry]:
        """Return rows of these file sizes that are missing, left out, or of an absent root."""
        return self._catalog.entries_away(sizes, self._absent_roots)

    def fate(self, row: Entry) -> Fate:
        """Return what became of the old file of a row, of those that `rows` returns."""
        if row.status == "missing" and row.root in self._listed:
            return "gone"
        state = self._state(row.root)
        if state == "online":
            return "there" if is_there(row) else "gone"
        # It was missing when the root could be listed last.
        return "gone" if row.status == "missing" else state

    def held(self, root: str) -> int:
        """Return the number of rows of a root that are not missing."""
        return self._catalog.count_present(root)


def part_left(
    left: Iterable[Entry], arrived: Iterable[FoundFile]
) -> tuple[list[Entry], list[Entry]]:
    """Return the rows of `left` whose file is gone, and those whose file is there, not listed.

    A disk that ignores case or normal form finds a renamed file by its old name; its row is gone
    from there.

    Args:
        left: rows of listed roots with no file listed at their place.
        arrived: files listed at places without a row.
    """
    names = {(file.root, _folded(file.path)) for file in arrived}
    rows = list(left)
    renamed = [(row.root, _folded(row.path)) in names for row in rows]
    asked = (row for row, is_renamed in zip(rows, renamed, strict=True) if not is_renamed)
    # A request each, where they are remote, and no content.
    found = side_by_side(is_there, asked, lambda row: Place(row.root, 0))
    gone: list[Entry] = []
    there: list[Entry] = []
    for row, is_renamed in zip(rows, renamed, strict=True):
        (gone if is_renamed or not next(found) else there).append(row)
    return gone, there


def is_there(row: Entry) -> bool:
    """Return True if a file of the size of a row is at its place."""
    try:
        listed = source_of(row.root).find(row.path)
    except PictureError:
        # Something else than a file, or where one may not look.
        return False
    return listed is not None and listed.size == row.size


def _state(root: str) -> Literal["online", "absent", "there"]:
    """Return `online`, `absent` (nothing is at the place of the root) or `there` (offline)."""
    source = source_of(root)
    if source.why_offline() is None:
        return "online"
    return "absent" if source.identity() is None else "there"


def _folded(path: str) -> str:
    return composed(composed(path).casefold())
