"""The pictures that pass a filter, without a question of likeness: sorted by path.

Only ids are held; pictures are read from the catalog in blocks while one iterates, so that a list
of a million costs what is looked at.
"""

import heapq
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from itertools import islice
from typing import Any

from imgrec.collection.filters import Filter
from imgrec.collection.kinds import CLASS, COMMUNITY
from imgrec.collection.selections import chunks
from imgrec.labels.community_names import names_of
from imgrec.pictures.metadata_names import by_name
from imgrec.search.answer import REPR_LINES
from imgrec.store.notebook import MOST_SHOWN, Cell, pictures_html
from imgrec.store.site_link import page_of, site_of
from imgrec.store.store import Store
from imgrec.system.file_names import printable
from imgrec.system.text import counted

_BLOCK = 900


@dataclass(frozen=True)
class Picture:
    """A picture of a list.

    Attributes:
        id: catalog id.
        path: relative to its root.
        file: absolute path of the file.
        labels: its labels, by kind.
        page: link to its page in the network site; None if there is no site.
        metadata: what its file says of itself, as in `Result`.
        community: the name of its community, "dress · t-shirt (3.1)"; None if it has none.
    """

    id: int
    path: str
    file: str
    labels: dict[str, str]
    page: str | None = None
    metadata: dict[str, Any] = field(default_factory=dict)
    community: str | None = None


class Listing:
    """The pictures that pass a filter, by root and path; iterates over `Picture`.

    Attributes:
        images: number of pictures that pass.
        classes: for each noun of `--where class=…` that is no picture's class, those below it
            that pictures have, and that were taken.
        store: open.
    """

    def __init__(
        self, store: Store, ids: list[int], images: int, classes: dict[str, list[str]]
    ) -> None:
        self.store, self.images, self.classes = store, images, classes
        self._ids = ids

    def __len__(self) -> int:
        return len(self._ids)

    def __iter__(self) -> Iterator[Picture]:
        catalog, site = self.store.catalog, site_of(self.store.path)
        names = names_of(self.store)
        for ids in chunks(self._ids, _BLOCK):
            labels, metadata = catalog.labels.of(ids), catalog.metadata.of(ids)
            for entry in catalog.entries(ids):
                path = labels[entry.id].get(COMMUNITY)
                page = page_of(site, path, entry.id)
                said, named = by_name(metadata[entry.id]), names.of(path) if path else None
                yield Picture(
                    entry.id, entry.path, entry.location, labels[entry.id], page, said, named
                )  # fmt: skip

    def files(self) -> Iterator[str]:
        """Yield the absolute paths of the files; quicker than the pictures themselves."""
        for ids in chunks(self._ids, _BLOCK):
            yield from (entry.location for entry in self.store.catalog.entries(ids))

    def to_dict(self) -> dict[str, Any]:
        """Return the list as the JSON object that `--json` prints."""
        return {
            "images": self.images,
            "results": [asdict(picture) for picture in self],
            "classes": self.classes,
            "store": str(self.store.path.resolve()),
        }

    def __repr__(self) -> str:
        lines = [f"  {printable(picture.path)}" for picture in islice(self, REPR_LINES)]
        more = len(self) - len(lines)
        lines += [f"… and {more:,} more"] if more > 0 else []
        of = "" if len(self) == self.images else f"{len(self):,} of "
        return "\n".join([f"<Listing: {of}{counted(self.images, 'picture')}>", *lines])

    def _repr_html_(self) -> str:
        cells = [Cell(picture.id, picture.path) for picture in islice(self, MOST_SHOWN)]
        more = len(self) - len(cells)
        return pictures_html(self.store.path, counted(self.images, "picture"), cells, more)


def list_pictures(store: Store, wanted: Filter, k: int | None = None) -> Listing:
    """Return the ok pictures that pass a filter, sorted by root and path.

    Args:
        store: open.
        wanted: the filter; nouns of `class` are widened as in a query.
        k: the first k of them; None for all.

    Raises:
        ImgrecError: no picture passes, or the filter names an unknown label or folder.
    """
    classes: dict[str, list[str]] = {}
    if any(kind == CLASS for kind, _ in wanted.where):
        # Loads the nouns of WordNet, which few lists need.
        from imgrec.search.class_filter import with_classes_below

        wanted, classes = with_classes_below(wanted, store.catalog)
    allowed = set(wanted.ids(store.catalog).tolist())
    ids = _by_path(store, allowed, len(allowed) if k is None else k)
    return Listing(store, ids, len(allowed), classes)


def _by_path(store: Store, allowed: set[int], most: int) -> list[int]:
    """Return the first `most` of some ids by root and path."""
    ids: list[int] = []
    for root in sorted(store.catalog.roots()):
        left = most - len(ids)
        found = ((path, i) for i, path in store.catalog.paths_of(root) if i in allowed)
        first = heapq.nsmallest(left, found) if left < len(allowed) else sorted(found)
        ids += [i for _, i in first]
        if len(ids) >= most:
            break
    return ids
