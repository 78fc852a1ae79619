"""What there is and what is odd: formats, sizes, failures, copies, colors, loners."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from imgrec.collection import Ids
from imgrec.collection.kinds import COLOR, DUPLICATES
from imgrec.duplicates.find import find_duplicates
from imgrec.neighbors.neighbors import Neighbors
from imgrec.pictures.color_word import WORDS
from imgrec.reporting.facts.catalog import Counts, Files, by_count
from imgrec.store.store import Store

LONERS = 24
FEW = 20_000  # pictures up to which near-duplicates are sought where they are not known
_MANY_GROUPS = 8


@dataclass(frozen=True)
class Groups:
    """Pictures that are there more than once.

    Attributes:
        groups: ids, the one to keep first; the largest group first.
        near: whether nearly identical ones count too, not only copies byte for byte.
    """

    groups: tuple[tuple[int, ...], ...]
    near: bool

    @property
    def spare(self) -> int:
        """Pictures that are there without need."""
        return sum(len(group) - 1 for group in self.groups)


@dataclass(frozen=True)
class Health:
    """What is known of the files of a collection.

    Attributes:
        counts: of pictures by status.
        failures: by reason.
        formats: of the readable ones.
        files: of them.
        colors: how many have each color word, in the order of `imgrec.pictures.color_word.WORDS`.
        duplicates: what is there more than once.
    """

    counts: dict[str, int]
    failures: Counts
    formats: Counts
    files: Files
    colors: Counts
    duplicates: Groups

    @classmethod
    def of(cls, store: Store, name: str, quiet: bool = True) -> "Health":
        """Return that of a store; `name` is the feature by which near-duplicates are sought."""
        catalog = store.catalog
        files = Files.of(catalog)
        return cls(
            catalog.totals.counts(),
            tuple(catalog.totals.failures().items()),
            tuple(catalog.totals.formats().items()),
            files,
            colors_in(store, files.ids),
            groups_in(store, name, len(files.ids), quiet),
        )


def colors_in(store: Store, ids: Ids) -> Counts:
    """Return how many of some pictures have each color word; those that none has are left out."""
    labels, wanted = store.catalog.labels.of_kind(COLOR), set(ids.tolist())
    counts = dict(by_count({i: word for i, word in labels.items() if i in wanted}))
    return tuple((word, counts[word]) for word in WORDS if word in counts)


def groups_in(store: Store, name: str, count: int, quiet: bool = True) -> Groups:
    """Return what is there more than once: as the store knows it, found where that is soon done.

    Of a large collection whose near-duplicates nobody has sought yet, copies only.
    """
    if 2 <= count <= FEW:
        return Groups(_largest_first(find_duplicates(store, name, quiet=quiet).groups), near=True)
    if DUPLICATES in store.catalog.labels.kinds():
        return Groups(_labeled(store), near=True)
    copies = [tuple(ids) for ids in store.catalog.copies().values()]
    return Groups(_largest_first(copies), near=False)


def loners(neighbors: Neighbors, count: int = LONERS) -> tuple[Ids, NDArray[np.float32]]:
    """Return the pictures (m,) whose nearest is farthest, and how far it is, the farthest first."""
    nearest = neighbors.distances[:, 0]
    order = np.lexsort((neighbors.ids, -nearest))[:count]
    return neighbors.ids[order], nearest[order]


def shown_groups(groups: Groups) -> tuple[tuple[int, ...], ...]:
    """Return the groups that a sheet shows."""
    return groups.groups[:_MANY_GROUPS]


def _labeled(store: Store) -> tuple[tuple[int, ...], ...]:
    """Return the groups that the labels tell: their value is the picture to keep."""
    ok = set(store.catalog.ids("ok").tolist())
    found: dict[str, list[int]] = {}
    for image_id, best in store.catalog.labels.of_kind(DUPLICATES).items():
        if image_id in ok:
            found.setdefault(best, []).append(image_id)
    groups = [
        tuple(sorted(ids, key=lambda i, best=best: (str(i) != best, i)))  # type: ignore[misc]
        for best, ids in found.items()
        if len(ids) > 1
    ]
    return _largest_first(groups)


def _largest_first(groups: Sequence[tuple[int, ...]]) -> tuple[tuple[int, ...], ...]:
    return tuple(sorted(groups, key=lambda group: (-len(group), group)))
