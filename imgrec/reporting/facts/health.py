"""Facts about the health of a collection: formats, failures, duplicates, colors, outliers."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from imgrec.collection import Ids
from imgrec.collection.kinds import COLOR, SIMILAR
from imgrec.duplicates.find import known_duplicates
from imgrec.duplicates.groups import is_spare
from imgrec.neighbors.neighbors import Neighbors
from imgrec.pictures.color_word import WORDS
from imgrec.reporting.facts.catalog import Counts, Files, by_count
from imgrec.store.store import Store

# Outliers that are drawn, and that the table lists.
LONERS, LISTED = 24, 200
_MANY_GROUPS = 8


@dataclass(frozen=True)
class Groups:
    """Groups of pictures that are the same or similar, by what the store knows.

    Attributes:
        groups: ids, the picture to keep first; the largest group first.
        spare: number of files that could be deleted: copies, and what is the same in another file.
        spare_bytes: size of these.
        similar: number of pictures that are similar to another one, to be looked at first.
        compared: True if files have been compared, False if only copies are known.
    """

    groups: tuple[tuple[int, ...], ...] = ()
    spare: int = 0
    spare_bytes: int = 0
    similar: int = 0
    compared: bool = False


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
        duplicates: groups of pictures that are the same or similar.
    """

    counts: dict[str, int]
    failures: Counts
    formats: Counts
    files: Files
    colors: Counts
    duplicates: Groups

    @classmethod
    def of(cls, store: Store) -> "Health":
        """Return the health of a store."""
        catalog = store.catalog
        files = Files.of(catalog)
        return cls(
            catalog.totals.counts(),
            tuple(catalog.totals.failures().items()),
            tuple(catalog.totals.formats().items()),
            files,
            colors_in(store, files.ids),
            groups_in(store),
        )


def colors_in(store: Store, ids: Ids) -> Counts:
    """Return the number of pictures by color word, without words that no picture has."""
    labels, wanted = store.catalog.labels.of_kind(COLOR), set(ids.tolist())
    counts = dict(by_count({i: word for i, word in labels.items() if i in wanted}))
    return tuple((word, counts[word]) for word in WORDS if word in counts)


def groups_in(store: Store) -> Groups:
    """Return the groups of duplicates that the store knows; no picture file is read."""
    found = known_duplicates(store)
    spare = [member.id for member in found.members() if is_spare(member)]
    groups = [tuple(member.id for member in group.members) for group in found.groups]
    return Groups(
        tuple(sorted(groups, key=lambda group: -len(group))),
        len(spare),
        sum(entry.size for entry in store.catalog.entries(spare)),
        sum(member.kind == SIMILAR for member in found.members()),
        compared=store.paths.verdicts.is_dir(),
    )


def loners(neighbors: Neighbors, count: int = LONERS) -> tuple[Ids, NDArray[np.float32]]:
    """Return the ids (m,) and nearest distances (m,) of the pictures farthest from any other."""
    nearest = neighbors.distances[:, 0]
    order = np.lexsort((neighbors.ids, -nearest))[:count]
    return neighbors.ids[order], nearest[order]


def shown_groups(groups: Groups) -> tuple[tuple[int, ...], ...]:
    """Return the largest groups, as many as a figure shows."""
    return groups.groups[:_MANY_GROUPS]
