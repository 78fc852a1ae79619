"""Precision of each feature and metric, with the user's folders as ground truth.

Idea: if people sort pictures into folders by content, a good metric finds neighbors in the same
folder. Precision at k is the share of the k nearest neighbors in the query's folder, averaged over
queries; it is compared with the chance of a random picture. Folders are trusted only if several
are large enough and none dominates (`folders_in`).
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from imgrec.collection import Ids
from imgrec.collection.kinds import FOLDER
from imgrec.derived.kept import kept_or_made
from imgrec.derived.pca import PcaRecipe, Reduced
from imgrec.distances.metrics import METRICS, Metric
from imgrec.layouts.overview import spread_sample
from imgrec.neighbors.precision import chance_of, precision_at_k
from imgrec.reporting.facts.catalog import codes_of
from imgrec.store.features import FeatureStore
from imgrec.store.store import Store

# Minimal number of pictures of a folder: one query and its five neighbors.
LEAST = 6
# Maximal number of queries.
SAMPLE = 4_000
# Share of all pictures that must be in folders that count, and the share of these that one
# folder may have at most.
_LEAST_COVERED = 0.5
_MOST_IN_ONE = 0.9
# Pictures sampled from a folder, at least.
_OF_FOLDER = 100


@dataclass(frozen=True)
class Folders:
    """The query pictures, and the folders they are in.

    Attributes:
        ids: (m,) ascending.
        codes: (m,) number of each picture's folder.
        count: number of folders with queries.
        pictures: number of pictures in all folders that count.
    """

    ids: Ids
    codes: NDArray[np.int64]
    count: int
    pictures: int

    @property
    def chance(self) -> float:
        """Precision of random answers, 0 to 1."""
        return chance_of(self.codes)


@dataclass(frozen=True)
class Precision:
    """Precision of a feature and metric.

    Attributes:
        feature: name of the feature.
        metric: name of the metric.
        at: k to precision at k, 0 to 1.
    """

    feature: str
    metric: str
    at: Mapping[int, float]


def folders_in(
    store: Store, ids: Ids, *, sample: int = SAMPLE, of_folder: int = _OF_FOLDER
) -> Folders | None:
    """Return the query pictures; None if the folders are not usable as ground truth.

    Folders of the same name are one folder; it counts if it has at least `LEAST` pictures. They
    are usable if two or more count, at least half of all pictures are in them, and no more than
    nine tenths of these in one.

    Args:
        store: open.
        ids: (n,) pictures that have all features, ascending.
        sample: maximal number of queries.
        of_folder: pictures sampled from a folder, at least.
    """
    codes, names = codes_of(ids, store.catalog.labels.of_kind(FOLDER))
    counts = np.bincount(codes[codes >= 0], minlength=len(names))
    inside = np.isin(codes, np.flatnonzero(counts >= LEAST))
    kept = counts[counts >= LEAST]
    if not divides(kept, len(ids)):
        return None
    chosen = _asked(ids[inside], codes[inside], sample, of_folder)
    of_chosen = codes[np.isin(ids, chosen)]
    return Folders(chosen, of_chosen, len(np.unique(of_chosen)), int(kept.sum()))


def divides(counts: NDArray[np.integer], pictures: int) -> bool:
    """Return True if groups divide a collection: two or more, not too small, none nearly all of it.

    Args:
        counts: (g,) pictures in each group that counts; zeros are no groups.
        pictures: in the collection.
    """
    total = int(counts.sum())
    enough = (counts > 0).sum() >= 2 and total >= _LEAST_COVERED * pictures
    return bool(enough and counts.max() <= _MOST_IN_ONE * total)


def precisions(store: Store, folders: Folders) -> list[Precision]:
    """Return the precision of each feature and metric, in descending order.

    Relations are measured by cosine only, as which they are defined.
    """
    found = [_by_cosine(store, name, folders) for name in store.relation_names()]
    for name in store.feature_names():
        feature, spec = store.feature(name), store.spec(name)
        for metric in METRICS.values():
            # Joined metrics rank by one of the others first and so have the same nearest.
            if metric.joins or (metric.histograms_only and spec.kind != "histogram"):
                continue
            vectors = _compared(store, feature, metric).take(folders.ids)
            at = precision_at_k(vectors, folders.codes, metric=metric)
            found.append(Precision(name, metric.name, at))
    return sorted(found, key=lambda p: (-p.at[5], -p.at[1], p.feature, p.metric))


def common_ids(store: Store) -> Ids:
    """Return the ids (n,) of the pictures that have a vector of every feature, ascending."""
    every = [store.feature(name).ids for name in store.feature_names()]
    common = every[0]
    for ids in every[1:]:
        common = np.intersect1d(common, ids, assume_unique=True)
    return common


def _by_cosine(store: Store, name: str, folders: Folders) -> Precision:
    vectors, metric = store.feature(name).take(folders.ids), METRICS["cosine"]
    return Precision(name, metric.name, precision_at_k(vectors, folders.codes, metric=metric))


def _compared(store: Store, feature: FeatureStore, metric: Metric) -> FeatureStore:
    if not metric.reduced:
        return feature
    spec = store.spec(feature.name)
    return Reduced.of(feature, kept_or_made(store, PcaRecipe(), spec, feature)).feature


def _asked(ids: Ids, codes: NDArray[np.int64], sample: int, of_folder: int) -> Ids:
    """Return all pictures if few, else a deterministic sample of each of some folders."""
    if len(ids) <= sample:
        return ids
    folders = np.unique(codes)
    each = max(of_folder, sample // len(folders))
    some = spread_sample(folders, np.zeros(len(folders), np.int64), max(2, sample // each))
    chosen = [spread_sample(ids[codes == f], np.zeros(int((codes == f).sum()), np.int64), each)
              for f in some.tolist()]  # fmt: skip
    return np.sort(np.concatenate(chosen))
