"""Which feature and metric suits a collection: how often neighbors lie in the same folder."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from imgrec.collection import Ids
from imgrec.collection.kinds import FOLDER
from imgrec.derived.kept import kept_or_made
from imgrec.derived.pca import PcaRecipe, Reduced
from imgrec.distances.metrics import METRICS, Metric
from imgrec.layouts.sampling import spread_sample
from imgrec.neighbors.precision import chance_of, precision_at_k
from imgrec.reporting.facts.catalog import codes_of
from imgrec.store.features import FeatureStore
from imgrec.store.store import Store

LEAST = 6  # pictures of a folder: each has the five others that are asked for
SAMPLE = 4_000  # pictures asked
_LEAST_COVERED = 0.5  # of the pictures, by the folders that count
_MOST_IN_ONE = 0.9  # of them, in one folder
_OF_FOLDER = 100


@dataclass(frozen=True)
class Folders:
    """The pictures asked, and the folders they lie in.

    Attributes:
        ids: (m,) ascending.
        codes: (m,) the folder of each.
        count: of the folders that were asked.
        pictures: in all folders that count.
    """

    ids: Ids
    codes: NDArray[np.int64]
    count: int
    pictures: int

    @property
    def chance(self) -> float:
        """The precision that guessing has."""
        return chance_of(self.codes)


@dataclass(frozen=True)
class Precision:
    """How often the nearest of a picture lie in its folder.

    Attributes:
        feature: compared.
        metric: by which.
        at: by how many were looked at, 0 to 1.
    """

    feature: str
    metric: str
    at: Mapping[int, float]


def folders_in(store: Store, ids: Ids) -> Folders | None:
    """Return the pictures to ask, None where folders tell nothing.

    A folder counts from `LEAST` pictures on, by its name, wherever it lies. Folders tell
    something where two or more count, at least half of the pictures are in them, and no more
    than nine tenths of these in one.

    Args:
        store: open.
        ids: (n,) the pictures that have all features, ascending.
    """
    codes, names = codes_of(ids, store.catalog.labels.of_kind(FOLDER))
    counts = np.bincount(codes[codes >= 0], minlength=len(names))
    inside = np.isin(codes, np.flatnonzero(counts >= LEAST))
    kept = counts[counts >= LEAST]
    if len(kept) < 2 or kept.sum() < _LEAST_COVERED * len(ids):
        return None
    if kept.max() > _MOST_IN_ONE * kept.sum():
        return None
    chosen = _asked(ids[inside], codes[inside])
    of_chosen = codes[np.isin(ids, chosen)]
    return Folders(chosen, of_chosen, len(np.unique(of_chosen)), int(kept.sum()))


def precisions(store: Store, folders: Folders) -> list[Precision]:
    """Return the precision of all features and metrics, the best first."""
    found = []
    for name in store.feature_names():
        feature, spec = store.feature(name), store.spec(name)
        for metric in METRICS.values():
            if metric.joins or (metric.histograms_only and spec.kind != "histogram"):
                continue  # the nearest of joined metrics are those of the one that orders them
            vectors = _compared(store, feature, metric).take(folders.ids)
            at = precision_at_k(vectors, folders.codes, metric=metric)
            found.append(Precision(name, metric.name, at))
    return sorted(found, key=lambda p: (-p.at[5], -p.at[1], p.feature, p.metric))


def common_ids(store: Store) -> Ids:
    """Return the pictures (n,) that have a vector of every feature, ascending."""
    every = [store.feature(name).ids for name in store.feature_names()]
    common = every[0]
    for ids in every[1:]:
        common = np.intersect1d(common, ids, assume_unique=True)
    return common


def _compared(store: Store, feature: FeatureStore, metric: Metric) -> FeatureStore:
    if not metric.reduced:
        return feature
    spec = store.spec(feature.name)
    return Reduced.of(feature, kept_or_made(store, PcaRecipe(), spec, feature)).feature


def _asked(ids: Ids, codes: NDArray[np.int64]) -> Ids:
    """Return all pictures, or as many of whole folders as are asked, the same ones each time."""
    if len(ids) <= SAMPLE:
        return ids
    folders = np.unique(codes)
    each = max(_OF_FOLDER, SAMPLE // len(folders))
    some = spread_sample(folders, np.zeros(len(folders), np.int64), max(2, SAMPLE // each))
    chosen = [spread_sample(ids[codes == f], np.zeros(int((codes == f).sum()), np.int64), each)
              for f in some.tolist()]  # fmt: skip
    return np.sort(np.concatenate(chosen))
