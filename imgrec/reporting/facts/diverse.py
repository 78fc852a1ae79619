"""A diverse subset: n pictures such that every picture of the collection is near one of them.

That is the k-center problem, which is NP-hard. Farthest first traversal takes, one after another,
the picture that is farthest from all taken before; no picture is then farther from its nearest than
twice what the best possible subset of n would reach. Distances are euclidean between unit vectors:
those obey the triangle inequality, which the bound needs, and order as cosine distances do.

The distance to the nearest of the taken ones only falls when one more is taken. So an older one is
an upper bound, and a picture is compared again only when its bound is the largest of all: most
pictures are near something taken, and are compared a few times. Vectors are compared in pieces, one
thread a piece: a matrix product of few rows is too small for the threads of BLAS.

Source: Gonzalez 1985, Clustering to minimize the maximum intercluster distance, Theoretical
Computer Science 38. Upper bounds: Minoux 1978, Accelerated greedy algorithms.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from imgrec.collection import Ids
from imgrec.distances.metrics import METRICS
from imgrec.encoders.spec import Vectors
from imgrec.store.features import FeatureStore, Rows
from imgrec.system.threads import in_threads, one_blas_thread

# Bytes up to which the vectors of a relation, which are composed when they are read, are kept.
_KEPT_BYTES = 1 << 30
# Pictures compared again at a time: at first, and at most.
_FEW, _MANY = 512, 8192
# Of these, those that one thread compares at a time.
_PIECE_ROWS = 512
# Share of all pictures that are compared again one by one; beyond, all are read in one pass.
_MOST_LOWERED = 0.1


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

    Raises:
        StoreError: the vectors are not in this store.
    """
    feature.check_reach()
    if len(feature) * feature.dimensions * 4 <= _KEPT_BYTES:
        feature = feature.in_memory()
    with one_blas_thread():
        return _traversed(feature, count)


def _traversed(feature: FeatureStore, count: int) -> Diverse:
    taken, distances = [_most_typical(feature)], [0.0]
    bounds = _Bounds(feature)
    while True:
        bounds.take(feature.take_rows(np.array(taken[-1:])))
        farthest, distance = bounds.farthest()
        if len(taken) == count or distance <= 0:
            return Diverse(feature.ids[taken], np.array(distances), distance)
        taken.append(farthest)
        distances.append(distance)


class _Bounds:
    """Upper bounds of the distances of all pictures to the nearest of those that were taken.

    Attributes:
        nearest: (n,) cosine distance of each to the nearest center that it was compared with.
    """

    def __init__(self, feature: FeatureStore) -> None:
        self._feature = feature
        self._centers = np.empty((0, feature.dimensions), np.float32)
        self.nearest = np.full(len(feature), np.inf, np.float32)
        # How many of the centers each picture was compared with.
        self._seen = np.zeros(len(feature), np.int64)

    def take(self, center: Vectors) -> None:
        """Add a center (1, d); with the first one all pictures are compared."""
        self._centers = np.concatenate([self._centers, center])
        if len(self._centers) == 1:
            self._lower_all()

    def farthest(self) -> tuple[int, float]:
        """Return the row that is farthest from all centers, the first of equal ones, and how far.

        Bounds are lowered until that of the largest is the distance itself.
        """
        count, lowered = _FEW, 0
        while True:
            row = int(self.nearest.argmax())
            if self._seen[row] == len(self._centers):
                return row, float(self.nearest[row])
            if lowered > len(self.nearest) * _MOST_LOWERED:
                self._lower_all()
                continue
            stale = np.flatnonzero(self._seen < len(self._centers))
            if len(stale) > count:
                highest = np.argpartition(-self.nearest[stale], count)[:count]
                # The row with the largest bound is among these, but of equal ones maybe another.
                stale = np.union1d(stale[highest], row)
            starts = range(0, len(stale), _PIECE_ROWS)
            pieces = [stale[start : start + _PIECE_ROWS] for start in starts]
            self._lower([(rows, partial(self._feature.take_rows, rows)) for rows in pieces])
            count, lowered = min(2 * count, _MANY), lowered + len(stale)

    def _lower_all(self) -> None:
        pairs = zip(self._feature.places, self._feature.blocks, strict=True)
        self._lower([(rows, block.load) for rows, block in pairs])

    def _lower(self, pieces: Sequence[tuple[Rows, Callable[[], Vectors]]]) -> None:
        """Compare some rows with the centers that they were not compared with yet.

        Args:
            pieces: rows, no row twice, and what returns their vectors.
        """
        in_threads(self._lower_piece, pieces)

    def _lower_piece(self, piece: tuple[Rows, Callable[[], Vectors]]) -> None:
        rows, vectors = piece
        unseen = self._centers[self._seen[rows].min() :]
        if len(unseen):
            found = METRICS["cosine"].function(unseen, vectors()).min(axis=0)
            self.nearest[rows] = np.minimum(self.nearest[rows], found)
            self._seen[rows] = len(self._centers)


def _most_typical(feature: FeatureStore) -> int:
    """Return the row that is nearest to the mean of the unit vectors."""
    total = np.zeros(feature.dimensions, np.float64)
    for _, vectors in feature.slices():
        lengths = np.sqrt(np.einsum("md,md->m", vectors, vectors))
        total += np.divide(1, lengths, out=lengths, where=lengths > 0) @ vectors
    away = _Bounds(feature)
    away.take(total.astype(np.float32)[None])
    return int(away.nearest.argmin())
