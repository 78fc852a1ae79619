"""A diverse subset: n pictures such that every picture of the collection is near one of them.

That is the k-center problem, which is NP-hard. Farthest first traversal takes, one after another,
the picture that is farthest from all taken before; no picture is then farther from its nearest than
twice what the best possible subset of n would reach. Distances are euclidean between unit vectors:
those obey the triangle inequality, which the bound needs, and order as cosine distances do.

Source: Gonzalez 1985, Clustering to minimize the maximum intercluster distance, Theoretical
Computer Science 38.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from imgrec.collection import Ids
from imgrec.distances.metrics import METRICS, scaled
from imgrec.encoders.spec import Vectors
from imgrec.store.features import FeatureStore

# Bytes up to which the vectors of a relation, which are composed when they are read, are kept.
_KEPT_BYTES = 1 << 30


@dataclass(frozen=True)
class Diverse:
    """A diverse subset.

    Attributes:
        ids: (m,) in the order in which they were taken; the first is the most typical picture.
        distances: (m,) cosine distance of each to the nearest one taken before it, 0 of the first.
        radius: the largest cosine distance of any picture to the nearest of the subset.
    """

    ids: Ids
    distances: NDArray[np.float64]
    radius: float


def diverse_subset(feature: FeatureStore, count: int) -> Diverse:
    """Return up to `count` pictures by farthest first traversal; fewer if the rest are the same.

    Ties go to the smallest id.

    Args:
        feature: vectors of n > 0 pictures.
        count: size of the subset, at least 1.
    """
    if len(feature) * feature.dimensions * 4 <= _KEPT_BYTES:
        feature = feature.in_memory()
    nearest = np.full(len(feature), np.inf, np.float32)  # (n,) cosine distances to the taken ones
    taken, distances = [_most_typical(feature)], [0.0]
    while True:
        _update(nearest, feature, feature.take_rows(np.array(taken[-1:])))
        farthest = int(nearest.argmax())
        if len(taken) == count or nearest[farthest] <= 0:
            return Diverse(feature.ids[taken], np.array(distances), float(nearest[farthest]))
        taken.append(farthest)
        distances.append(float(nearest[farthest]))


def _most_typical(feature: FeatureStore) -> int:
    """Return the row that is nearest to the mean of the unit vectors."""
    total = np.zeros(feature.dimensions, np.float64)
    for _, vectors in feature.slices():
        total += scaled(vectors, 2).sum(axis=0, dtype=np.float64)
    away = np.full(len(feature), np.inf, np.float32)
    _update(away, feature, total.astype(np.float32)[None])
    return int(away.argmin())


def _update(nearest: NDArray[np.float32], feature: FeatureStore, vector: Vectors) -> None:
    """Lower `nearest` (n,) to the cosine distances to a vector (1, d) where these are smaller."""
    for rows, vectors in feature.slices():
        (distances,) = METRICS["cosine"].function(vector, vectors)
        nearest[rows] = np.minimum(nearest[rows], distances)
