"""The metrics: functions from two sets of vectors to a matrix of distances, and how to fuse them.

Every distance is ascending and 0 for equal vectors. To add a metric: write a function of queries
(q, d) and vectors (m, d) that returns (q, m) float32, and add a `Metric` to `METRICS`. A function
of the same name in `kernels` makes it fast. These NumPy functions are the reference in tests.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from imgrec.encoders.spec import EncoderSpec, Vectors
from imgrec.errors import WrongValueError
from imgrec.system.suggestions import instead

Distances = NDArray[np.float32]  # (q, m)
Function = Callable[[Vectors, Vectors], Distances]
# Rounding error of the float32 dot product of two unit vectors.
COSINE_NOISE = 1e-6
# Temporary differences of this size fit into the CPU cache.
_CHUNK_BYTES = 1 << 20
# Products of up to so many values are made in parts, each of so few multiplications that OpenBLAS
# starts no threads for it.
_FEW_VALUES, _ALONE_VALUES = 1 << 22, 1 << 18


@dataclass(frozen=True)
class Metric:
    """A metric by name.

    Attributes:
        name: as `--metric` takes it.
        function: from queries (q, d) and vectors (m, d), float32, to distances (q, m), float32.
        histograms_only: True if it is defined for histograms only.
        has_similarity: True if 1 - distance is a similarity.
        reduced: True if vectors are compared after PCA.
        joins: metrics whose k nearest are united, and then ordered by `function`.
        norm: 1 or 2, the norm by which vectors are divided when features are joined
            (`--features`); 0 if this metric cannot join features.
    """

    name: str
    function: Function
    histograms_only: bool = False
    has_similarity: bool = False
    reduced: bool = False
    joins: tuple[str, ...] = ()
    norm: int = 0

    def check(self, spec: EncoderSpec) -> None:
        """Check that this metric is defined for an encoder's vectors.

        Raises:
            WrongValueError: it compares histograms, and the vectors are embeddings.
        """
        if self.histograms_only and spec.kind != "histogram":
            raise WrongValueError(
                f"{self.name} compares histograms, and {spec.name} is not one: "
                f"use encoder rgb, or metric {_general()}"
            )


def cosine(queries: Vectors, vectors: Vectors) -> Distances:
    """Return the cosine distances 1 - cos, (q, m) float32 in [0, 2].

    A zero vector, or one whose squared length underflows in float32, is at 1 from all others and
    at 0 from zero vectors. Distances below `COSINE_NOISE` are 0, so that copies are ties.
    """
    lengths = np.sqrt(np.einsum("md,md->m", vectors, vectors))  # (m,)
    scale = np.linalg.norm(queries, axis=1)[:, None] * lengths[None, :]
    cosines = _products(queries, vectors) / np.where(scale > 0, scale, 1)  # (q, m)
    distances: Distances = np.clip(1 - cosines, 0, 2).astype(np.float32, copy=False)
    distances[distances < COSINE_NOISE] = 0
    for row in np.flatnonzero(~queries.any(axis=1)):
        distances[row] = vectors.any(axis=1)
    return distances


def euclidean(queries: Vectors, vectors: Vectors) -> Distances:
    """Return the Euclidean (L2) distances, (q, m) float32.

    Computed as |a|² + |b|² - 2ab by one matrix product, and again from the difference where that
    cancels (distances small beside the lengths).
    """
    lengths = np.einsum("md,md->m", vectors, vectors)[None, :]  # (1, m)
    lengths = lengths + np.einsum("qd,qd->q", queries, queries)[:, None]  # (q, m)
    squares = lengths - 2 * _products(queries, vectors)
    cancelled = squares < 1e-2 * lengths
    for row, column in zip(*np.nonzero(cancelled), strict=True):
        difference = queries[row] - vectors[column]
        squares[row, column] = difference @ difference
    distances: Distances = np.sqrt(np.maximum(squares, 0)).astype(np.float32, copy=False)
    return distances


def manhattan(queries: Vectors, vectors: Vectors) -> Distances:
    """Return the Manhattan (L1) distances, (q, m) float32."""
    return _by_chunks(queries, vectors, lambda a, b: np.abs(a - b).sum(axis=1))


def chi2(queries: Vectors, vectors: Vectors) -> Distances:
    """Return the chi-square distances ½ Σ (a - b)² / (a + b), (q, m) float32; empty bins add 0."""
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
    """Return the metric of a name.

    Raises:
        WrongValueError: the name is unknown; the message lists the known ones.
    """
    if name not in METRICS:
        raise WrongValueError(f"unknown metric {name!r}; {instead(name, METRICS)}")
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
    """Fuse the distances (q, m) to q queries into one value for each candidate, (m,) float32.

    Args:
        distances: to each query.
        how: `mean`, `min`, `max`, or `rank` (the mean rank over the queries, from 0).

    Raises:
        WrongValueError: `how` is unknown; the message lists the known ways.
    """
    if how not in FUSIONS:
        raise WrongValueError(f"unknown way to fuse {how!r}; {instead(how, FUSIONS)}")
    if len(distances) == 1 and how != "rank":
        only: NDArray[np.float32] = distances[0].copy()
        return only
    return FUSIONS[how](distances)


def scaled(vectors: Vectors, norm: int) -> Vectors:
    """Return vectors (m, d) divided by their L1 or L2 norm; zero vectors stay zero."""
    # As `np.linalg.norm`, whose checks take longer than one vector.
    terms = vectors * vectors if norm == 2 else np.abs(vectors)
    lengths = np.add.reduce(terms, axis=1, keepdims=True)  # (m, 1)
    if norm == 2:
        lengths = np.sqrt(lengths)
    lengths[lengths == 0] = 1
    return np.asarray(vectors / lengths, np.float32)


def _products(queries: Vectors, vectors: Vectors) -> Distances:
    """Return the dot products (q, m); of few vectors without the threads of BLAS.

    These wait for each other at work, which beside other processes takes longer than the product.
    """
    if len(queries) * vectors.size > _FEW_VALUES:
        return np.asarray(queries @ vectors.T)
    step = max(1, _ALONE_VALUES // max(1, queries.size))
    products = np.empty((len(queries), len(vectors)), np.result_type(queries, vectors))
    for start in range(0, len(vectors), step):
        rows = slice(start, start + step)
        products[:, rows] = queries @ vectors[rows].T
    return products


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
