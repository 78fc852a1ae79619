"""Facts about the health of a collection: formats, failures, duplicates, colors, outliers."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from imgrec.collection import Ids
from imgrec.collection.kinds import COLOR, DUPLICATES
from imgrec.duplicates.near import find_near
from imgrec.neighbors.neighbors import Neighbors
from imgrec.pictures.color_word import WORDS
from imgrec.reporting.facts.catalog import Counts, Files, by_count
from imgrec.store.store import Store

LONERS = 24
# Number of pictures up to which unknown near-duplicates are searched.
FEW = 20_000
_MANY_GROUPS = 8


@dataclass(frozen=True)
class Groups:
    """Groups of identical or nearly identical pictures.

    Attributes:
        groups: ids, the picture to keep first; the largest group first.
        near: True if near-duplicates are included, False if only identical files are.
    """

    groups: tuple[tuple[int, ...], ...]
    near: bool

    @property
    def spare(self) -> int:
        """Number of pictures beyond the first of each group."""
        return sum(len(group) - 1 for group in self.groups)


@dataclass(frozen=True)
class Health:
    """File statistics of a collection.

    Attributes:
        counts: number of pictures by status.
        failures: number of failed files by reason.
        formats: number of readable pictures by format.
        files: file facts of the readable pictures.
        colors: number of pictures by color word, in the order of
            `imgrec.pictures.color_word.WORDS`.
        duplicates: groups of identical or nearly identical pictures.
    """

    counts: dict[str, int]
    failures: Counts
    formats: Counts
    files: Files
    colors: Counts
    duplicates: Groups

    @classmethod
    def of(cls, store: Store, name: str, quiet: bool = True) -> "Health":
        """Return the health of a store; near-duplicates are searched by the feature `name`."""
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
    """Return the number of pictures by color word, without words that no picture has."""
    labels, wanted = store.catalog.labels.of_kind(COLOR), set(ids.tolist())
    counts = dict(by_count({i: word for i, word in labels.items() if i in wanted}))
    return tuple((word, counts[word]) for word in WORDS if word in counts)


def groups_in(store: Store, name: str, count: int, quiet: bool = True, *, few: int = FEW) -> Groups:
    """Return groups of duplicates: searched in a small store, else as labeled by imgrec graph.

    In a large store without these labels, only identical files are grouped.

    Args:
        store: open.
        name: feature by which near-duplicates are searched.
        count: number of pictures with status ok.
        quiet: show no progress bar.
        few: number of pictures up to which a store is small.
    """
    if 2 <= count <= few:
        return Groups(_largest_first(find_near(store, name, quiet=quiet).groups), near=True)
    if DUPLICATES in store.catalog.labels.kinds():
        return Groups(_labeled(store), near=True)
    copies = [tuple(ids) for ids in store.catalog.copies().values()]
    return Groups(_largest_first(copies), near=False)


def loners(neighbors: Neighbors, count: int = LONERS) -> tuple[Ids, NDArray[np.float32]]:
    """Return the ids (m,) and nearest distances (m,) of the pictures farthest from any other."""
    nearest = neighbors.distances[:, 0]
    order = np.lexsort((neighbors.ids, -nearest))[:count]
    return neighbors.ids[order], nearest[order]


def shown_groups(groups: Groups) -> tuple[tuple[int, ...], ...]:
    """Return the largest groups, as many as a figure shows."""
    return groups.groups[:_MANY_GROUPS]


def _labeled(store: Store) -> tuple[tuple[int, ...], ...]:
    """Return the groups of the duplicates labels, whose value is the id of the picture to keep."""
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
