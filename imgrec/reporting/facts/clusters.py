"""Clusters as a report tells them: how large, which pictures, and what most of them have."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from imgrec.collection import Catalog, Ids
from imgrec.collection.kinds import CLASS, COLOR, FOLDER
from imgrec.derived.clusters import Clusters
from imgrec.reporting.facts.catalog import codes_of
from imgrec.reporting.figures.chart import percent

KINDS = (FOLDER, CLASS, COLOR)
NEAREST, SPREAD = 6, 8
_LEAST_SHARE = 0.3  # of a cluster: a label that fewer have does not dominate it


@dataclass(frozen=True)
class Cluster:
    """A cluster.

    Attributes:
        number: from 1.
        size: pictures in it.
        nearest: ids, from its middle outwards.
        spread: ids, evenly from near its middle to its rim, none of them among the nearest.
        dominant: (label, share of the cluster, 0 to 1) of each kind that dominates it.
    """

    number: int
    size: int
    nearest: tuple[int, ...]
    spread: tuple[int, ...]
    dominant: tuple[tuple[str, float], ...]

    def about(self) -> str:
        """Return what dominates it in words."""
        return ", ".join(f"{name} {percent(share)}" for name, share in self.dominant)


def groups_of(catalog: Catalog, clusters: Clusters) -> list[Cluster]:
    """Return the clusters that have a picture, by number."""
    ids, numbers = clusters.ids, clusters.numbers
    order = np.lexsort((ids, clusters.distances, numbers))  # by cluster, then from the middle
    starts = np.searchsorted(numbers[order], np.arange(1, len(clusters.central) + 2))
    dominants = [_dominant_by_cluster(catalog, kind, clusters) for kind in KINDS]
    found = []
    for number, (start, end) in enumerate(pairwise(starts.tolist()), 1):
        if end > start:
            nearest, spread = nearest_and_spread(ids[order[start:end]])
            of_kinds = tuple(of[number] for of in dominants if number in of)
            found.append(Cluster(number, end - start, nearest, spread, of_kinds))
    return found


def nearest_and_spread(ids: Ids) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Return the first of some pictures, and others evenly from the rest up to the last.

    Args:
        ids: (m,) from the middle of a cluster outwards.
    """
    rest = ids[NEAREST:]
    count = min(SPREAD, len(rest))
    places = (np.arange(1, count + 1) * len(rest)) // count - 1 if count else np.zeros(0, int)
    return tuple(ids[:NEAREST].tolist()), tuple(rest[places].tolist())


def _dominant_by_cluster(
    catalog: Catalog, kind: str, clusters: Clusters
) -> dict[int, tuple[str, float]]:
    """Return by cluster the label of a kind that most of it have, and their share."""
    codes, names = codes_of(clusters.ids, catalog.labels.of_kind(kind))
    if not names:
        return {}
    known = codes >= 0
    keys = clusters.numbers[known].astype(np.int64) * len(names) + codes[known]
    pairs, counts = np.unique(keys, return_counts=True)
    sizes = np.bincount(clusters.numbers, minlength=len(clusters.central) + 1)
    return _best(pairs, counts, sizes, names)


def _best(
    pairs: Ids, counts: Ids, sizes: Ids, names: Sequence[str]
) -> dict[int, tuple[str, float]]:
    best: dict[int, tuple[str, float]] = {}
    for pair, count in zip(pairs.tolist(), counts.tolist(), strict=True):
        number, code = divmod(pair, len(names))
        share = count / int(sizes[number])
        if share >= max(_LEAST_SHARE, _share(best, number)) and share > _share(best, number):
            best[number] = names[code], share
    return best


def _share(best: Mapping[int, tuple[str, float]], number: int) -> float:
    return best[number][1] if number in best else 0.0
