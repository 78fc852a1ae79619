"""Facts about clusters: size, example pictures, and the labels that dominate each."""

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
# Minimal share of a cluster that must have a label for it to dominate.
_LEAST_SHARE = 0.3


@dataclass(frozen=True)
class Cluster:
    """One cluster.

    Attributes:
        number: from 1.
        size: number of pictures.
        nearest: ids of the pictures nearest to the center, by distance.
        spread: ids of further pictures, at even steps of rank from there to the rim.
        dominant: (label, share of the cluster's pictures, 0 to 1), at most one of each kind.
    """

    number: int
    size: int
    nearest: tuple[int, ...]
    spread: tuple[int, ...]
    dominant: tuple[tuple[str, float], ...]

    @property
    def name(self) -> str:
        """Its name: "dress (cluster 1)" by the first dominant label, else "Cluster 1"."""
        if not self.dominant:
            return f"Cluster {self.number}"
        return f"{self.dominant[0][0]} (cluster {self.number})"

    def about(self) -> str:
        """Return the dominant labels as text, such as "beach 62 %, blue 40 %"."""
        return ", ".join(f"{name} {percent(share)}" for name, share in self.dominant)


def groups_of(catalog: Catalog, clusters: Clusters) -> list[Cluster]:
    """Return the clusters that have pictures, by number."""
    ids, numbers = clusters.ids, clusters.numbers
    # By cluster, then by distance to its center.
    order = np.lexsort((ids, clusters.distances, numbers))
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
    """Return the first few of some pictures, and others at even steps from the rest to the last.

    Args:
        ids: (m,) by ascending distance to the center of a cluster.
    """
    rest = ids[NEAREST:]
    count = min(SPREAD, len(rest))
    places = (np.arange(1, count + 1) * len(rest)) // count - 1 if count else np.zeros(0, int)
    return tuple(ids[:NEAREST].tolist()), tuple(rest[places].tolist())


def _dominant_by_cluster(
    catalog: Catalog, kind: str, clusters: Clusters
) -> dict[int, tuple[str, float]]:
    """Return, by cluster, the most frequent label of a kind and its share of the cluster."""
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
