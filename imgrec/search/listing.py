"""The pictures that pass a filter, without a question of likeness: sorted by path.

Only ids are held; pictures are read from the catalog in blocks while one iterates, so that a list
of a million costs what is looked at.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from itertools import islice
from typing import Any

import numpy as np

from imgrec.collection import Ids
from imgrec.collection.filters import Filter
from imgrec.collection.kinds import COMMUNITY
from imgrec.collection.selections import chunks
from imgrec.labels.community_names import CommunityNames
from imgrec.pictures.metadata_names import by_name
from imgrec.search.answer import REPR_LINES
from imgrec.search.view import StoreView
from imgrec.store.site_link import pages_of, site_of
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
        ids: (m,) catalog ids of those listed, in order.
    """

    def __init__(
        self,
        store: Store,
        ids: Ids,
        images: int,
        classes: dict[str, list[str]],
        names: CommunityNames,
    ) -> None:
        self.store, self.images, self.classes = store, images, classes
        self.ids = ids
        self._names = names

    def __len__(self) -> int:
        return len(self.ids)

    def __iter__(self) -> Iterator[Picture]:
        for ids in chunks(self.ids.tolist(), _BLOCK):
            yield from pictures_of(self.store, ids, self._names)

    def part(self, start: int, stop: int) -> Listing:
        """Return the list from its picture `start`, from 0, to before `stop`."""
        return Listing(self.store, self.ids[start:stop], self.images, self.classes, self._names)

    def files(self) -> Iterator[str]:
        """Yield the absolute paths of the files; quicker than the pictures themselves."""
        for ids in chunks(self.ids.tolist(), _BLOCK):
            yield from (entry.location for entry in self.store.catalog.entries(ids))

    def to_dict(self) -> dict[str, Any]:
        """Return the list as the JSON object that `--json` prints."""
        return {
            "images": self.images,
            "results": [asdict(picture) for picture in self],
            "classes": self.classes,
            "store": self.store.absolute,
        }

    def __repr__(self) -> str:
        lines = [f"  {printable(picture.path)}" for picture in islice(self, REPR_LINES)]
        more = len(self) - len(lines)
        lines += [f"… and {more:,} more"] if more > 0 else []
        of = "" if len(self) == self.images else f"{len(self):,} of "
        return "\n".join([f"<Listing: {of}{counted(self.images, 'picture')}>", *lines])

    def _repr_html_(self) -> str:
        from imgrec.store.notebook import MOST_SHOWN, Cell, pictures_html

        cells = [Cell(picture.id, picture.path) for picture in islice(self, MOST_SHOWN)]
        more = len(self) - len(cells)
        return pictures_html(self.store.path, counted(self.images, "picture"), cells, more)


def pictures_of(store: Store, ids: list[int], names: CommunityNames) -> Iterator[Picture]:
    """Yield what is known of pictures, in the order of their ids.

    Args:
        store: open.
        ids: of the catalog.
        names: of its communities.

    Raises:
        StoreError: an id is not in the catalog.
    """
    catalog = store.catalog
    labels, metadata = catalog.labels.of(ids), catalog.metadata.of(ids)
    communities = {image_id: labels[image_id].get(COMMUNITY) for image_id in ids}
    pages = pages_of(site_of(store.path), communities)
    for entry in catalog.entries(ids):
        path, page = communities[entry.id], pages[entry.id]
        said, named = by_name(metadata[entry.id]), names.of(path) if path else None
        yield Picture(entry.id, entry.path, entry.location, labels[entry.id], page, said, named)


def list_pictures(view: StoreView, wanted: Filter, k: int | None = None) -> Listing:
    """Return the ok pictures that pass a filter, sorted by root and path.

    Args:
        view: of the store.
        wanted: the filter; nouns of `class` are widened as in a query.
        k: the first k of them; None for all.

    Raises:
        ImgrecError: no picture passes, or the filter names an unknown label or folder.
    """
    widened, classes = view.widened(wanted)
    ids = view.ids_by_path
    if widened:
        allowed = widened.ids(view.store.catalog)
        ids = ids[np.isin(ids, allowed, assume_unique=True)]
    return Listing(view.store, ids[:k], len(ids), classes, view.community_names)
