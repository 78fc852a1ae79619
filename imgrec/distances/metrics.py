"""Distances between vectors: ascending, 0 = the same, for every metric."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from imgrec.encoders.spec import EncoderSpec, Vectors
from imgrec.errors import ImgrecError

Distances = NDArray[np.float32]  # (q, m)
Function = Callable[[Vectors, Vectors], Distances]
COSINE_NOISE = 1e-6  # of a float32 product of unit vectors
_CHUNK_BYTES = 1 << 20  # differences of this size stay in the cache


@dataclass(frozen=True)
class Metric:
    """A distance.

    Attributes:
        function: from queries (q, d) and vectors (m, d), float32, to distances (q, m).
        histograms_only: it has no meaning for other vectors.
        has_similarity: 1 - distance means something.
        reduced: the vectors compared are those of the feature after PCA.
        joins: the metrics whose nearest are joined, and then ordered by `function`.
        norm: of a vector (1 or 2), what it is divided by where features are joined; 0 where
            they cannot be.
    """

    name: str
    function: Function
    histograms_only: bool = False
    has_similarity: bool = False
    reduced: bool = False
    joins: tuple[str, ...] = ()
    norm: int = 0

    def check(self, spec: EncoderSpec) -> None:
        """Raise ImgrecError where this metric has no meaning for an encoder's vectors."""
        if self.histograms_only and spec.kind != "histogram":
            raise ImgrecError(
                f"{self.name} compares histograms, and {spec.name} is none: "
                f"ask with --encoder rgb, or with --metric {_general()}"
            )


def cosine(queries: Vectors, vectors: Vectors) -> Distances:
    """Return 1 - cos of the angle, (q, m) in [0, 2]; a zero vector is at 1 from all others.

    So is one that is so short that its square is 0 in float32.

    What float32 cannot tell from 0 is 0, so that twins are ties.
    """
    lengths = np.sqrt(np.einsum("md,md->m", vectors, vectors))  # (m,)
    scale = np.linalg.norm(queries, axis=1)[:, None] * lengths[None, :]
    cosines = (queries @ vectors.T) / np.where(scale > 0, scale, 1)  # (q, m)
    distances: Distances = np.clip(1 - cosines, 0, 2).astype(np.float32, copy=False)
    distances[distances < COSINE_NOISE] = 0
    for row in np.flatnonzero(~queries.any(axis=1)):
        distances[row] = vectors.any(axis=1)
    return distances


def euclidean(queries: Vectors, vectors: Vectors) -> Distances:
    """Return the length of the difference, (q, m).

    By |a|² + |b|² - 2ab, and anew from the difference itself where that cancels.
    """
    lengths = np.einsum("md,md->m", vectors, vectors)[None, :]  # (1, m)
    lengths = lengths + np.einsum("qd,qd->q", queries, queries)[:, None]  # (q, m)
    squares = lengths - 2 * (queries @ vectors.T)
    cancelled = squares < 1e-2 * lengths
    for row, column in zip(*np.nonzero(cancelled), strict=True):
        difference = queries[row] - vectors[column]
        squares[row, column] = difference @ difference
    distances: Distances = np.sqrt(np.maximum(squares, 0)).astype(np.float32, copy=False)
    return distances


def manhattan(queries: Vectors, vectors: Vectors) -> Distances:
    """Return the sum of absolute differences, (q, m)."""
    return _by_chunks(queries, vectors, lambda a, b: np.abs(a - b).sum(axis=1))


def chi2(queries: Vectors, vectors: Vectors) -> Distances:
    """Return ½ Σ (a - b)² / (a + b) over the bins where a + b > 0, (q, m)."""
    return _by_chunks(queries, vectors, _chi2_rows)


METRICS: dict[str, Metric] = {
    metric.name: metric
    for metric in (
        Metric("cosine", cosine, has_similarity=True, norm=2),
        Metric("euclidean", euclidean, norm=2),
        Metric("manhattan", manhattan, norm=1),
        Metric("chi2", chi2, histograms_only=True, has_similarity=True),
        Metric("pca-cosine", cosine, histograms_only=True, has_similarity=True, reduced=True),
        Metric("combined", cosine, has_similarity=True, joins=("cosine", "euclidean", "manhattan")),
    )
}


def metric_named(name: str) -> Metric:
    """Return a metric.

    Raises:
        ImgrecError: the name is unknown; the known ones are listed.
    """
    if name not in METRICS:
        raise ImgrecError(f"no metric is called {name!r}; known: {', '.join(METRICS)}")
    return METRICS[name]


def _ranks(distances: Distances) -> Distances:
    order = np.argsort(distances, axis=1, kind="stable")
    ranks = np.empty_like(distances)
    np.put_along_axis(ranks, order, np.arange(distances.shape[1], dtype=np.float32)[None], axis=1)
    return ranks


FUSIONS: dict[str, Callable[[Distances], NDArray[np.float32]]] = {
    "mean": lambda distances: distances.mean(axis=0),
    "min": lambda distances: distances.min(axis=0),
    "max": lambda distances: distances.max(axis=0),
    "rank": lambda distances: _ranks(distances).mean(axis=0),
}


def fuse(distances: Distances, how: str) -> NDArray[np.float32]:
    """Join the distances (q, m) to several queries into one for each candidate, (m,).

    Args:
        distances: to each query.
        how: `mean`, `min`, `max`, or `rank`: the mean place in the list of each query.

    Raises:
        ImgrecError: the way is unknown.
    """
    if how not in FUSIONS:
        raise ImgrecError(f"no way to fuse is called {how!r}; known: {', '.join(FUSIONS)}")
    if len(distances) == 1 and how != "rank":
        only: NDArray[np.float32] = distances[0].copy()
        return only
    return FUSIONS[how](distances)


def scaled(vectors: Vectors, norm: int) -> Vectors:
    """Return vectors (m, d) divided by their norm, 1 or 2; zeros stay zeros."""
    lengths = np.linalg.norm(vectors, norm, axis=1, keepdims=True)  # (m, 1)
    lengths[lengths == 0] = 1
    return np.asarray(vectors / lengths, np.float32)


def _general() -> str:
    return " or ".join(metric.name for metric in METRICS.values() if not metric.histograms_only)


def _chi2_rows(query: NDArray[np.float32], vectors: Vectors) -> NDArray[np.float32]:
    total = query + vectors
    difference = query - vectors
    terms = np.divide(difference * difference, total, out=np.zeros_like(total), where=total > 0)
    result: NDArray[np.float32] = 0.5 * terms.sum(axis=1)
    return result


def _by_chunks(
    queries: Vectors,
    vectors: Vectors,
    function: Callable[[NDArray[np.float32], Vectors], NDArray[np.float32]],
) -> Distances:
    distances = np.empty((len(queries), len(vectors)), np.float32)
    for rows in _chunks(len(vectors), vectors.shape[1]):
        for number, query in enumerate(queries):
            distances[number, rows] = function(query, vectors[rows])
    return distances


def _chunks(count: int, dimensions: int) -> Iterator[slice]:
    step = max(1, _CHUNK_BYTES // (4 * max(1, dimensions)))
    return (slice(start, start + step) for start in range(0, count, step))
