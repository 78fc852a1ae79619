"""Exact distances to the vectors of a feature, by the way that is fastest for their number."""

import sys
from collections.abc import Callable, Sequence
from types import ModuleType

import numpy as np
from numpy.typing import NDArray

from imgrec.distances.metrics import (
    Distances,
    Function,
    Metric,
    chi2,
    cosine,
    euclidean,
    manhattan,
    scaled,
)
from imgrec.encoders.spec import Vectors
from imgrec.store.features import Block, FeatureStore, Rows
from imgrec.system.threads import Item, cores, in_threads

_TASK_BLOCKS = 8
_KEPT_BYTES = 30 << 20  # glibc's threshold follows blocks up to 32 MB
_COPIED_BYTES = 4 << 20
# Values a second, in millions, of the functions in numpy: only the order of magnitude counts.
_NUMPY_SPEED: dict[Function, int] = {cosine: 6_000, euclidean: 4_000, manhattan: 700, chi2: 400}
_BY_BLAS = (cosine, euclidean)
_WORTH_S = 0.5  # that loading the compiled loops takes


def load_kernels() -> ModuleType:
    """Import the compiled loops, for whoever asks more than once."""
    from imgrec.distances import kernels

    return kernels


def keep_freed_memory() -> None:
    """Make the C library keep some MB that were freed: the next question wants them again.

    Given back and asked for anew, they cost a quarter of the time of a search by the sketch.

    Source: mallopt(3) of glibc: freeing a mapped block raises the size from which on blocks
    are mapped, and twice that is kept. Elsewhere this does nothing.
    """
    block = np.empty(_KEPT_BYTES, np.uint8)
    del block


def kernels_for(seconds: float) -> ModuleType | None:
    """Return the compiled loops if they are there, or worth loading for such a work in numpy."""
    loaded = "imgrec.distances.kernels" in sys.modules
    return load_kernels() if loaded or seconds > _WORTH_S else None


def distances_to_all(
    feature: FeatureStore, metric: Metric, queries: Vectors, norm: int = 0
) -> Distances:
    """Return the distances (q, n) of queries (q, d) to every vector of a feature.

    Args:
        feature: with the vectors.
        metric: whose `function` compares them.
        queries: as the vectors are, before any scaling.
        norm: 1 or 2: all vectors are first divided by it.
    """
    distances = np.empty((len(queries), len(feature)), np.float32)
    function = _function(metric, len(queries) * len(feature) * feature.dimensions)
    queries = _prepared(queries, norm)

    def fill(numbers: range) -> None:
        for number in numbers:
            rows = feature.places[number]
            _fill(distances, rows, feature.blocks[number], queries, function, norm)

    count = len(feature.blocks)
    step = min(_TASK_BLOCKS, max(1, count // (4 * cores())))
    _each(function, fill, [range(s, min(s + step, count)) for s in range(0, count, step)])
    return distances


def distances_to_rows(
    feature: FeatureStore, metric: Metric, queries: Vectors, rows: NDArray[np.intp], norm: int = 0
) -> Distances:
    """Return the distances (q, m) of queries (q, d) to some rows; else as `distances_to_all`.

    Only a few MB of vectors are copied at a time.
    """
    distances = np.empty((len(queries), len(rows)), np.float32)
    function = _function(metric, len(queries) * len(rows) * feature.dimensions)
    queries = _prepared(queries, norm)
    step = max(1, _COPIED_BYTES // (4 * max(1, feature.dimensions)))

    def fill(start: int) -> None:
        part = slice(start, start + step)
        vectors = _prepared(feature.take_rows(rows[part]), norm)
        distances[:, part] = function(queries, vectors)

    _each(function, fill, range(0, len(rows), step))
    return distances


def distances_between(
    metric: Metric, queries: Vectors, vectors: Vectors, norm: int = 0
) -> Distances:
    """Return the distances (q, m) of queries (q, d) to vectors (m, d), scaled where asked."""
    function = _function(metric, len(queries) * vectors.size)
    return function(_prepared(queries, norm), _prepared(vectors, norm))


def _function(metric: Metric, values: int) -> Function:
    kernels = kernels_for(values / (1e6 * _NUMPY_SPEED.get(metric.function, 1_000)))
    compiled = getattr(kernels, metric.function.__name__, None)
    if compiled is None:
        return metric.function

    def filled(queries: Vectors, vectors: Vectors) -> Distances:
        if metric.function is cosine:
            queries = scaled(queries, 2)
        out = np.empty((len(queries), len(vectors)), np.float32)
        vectors, even = np.ascontiguousarray(vectors), len(vectors) // 2 * 2
        compiled(queries, vectors[:even], out[:, :even])
        if even < len(vectors):  # the last row is its own partner
            twice = np.empty((len(queries), 2), np.float32)
            compiled(queries, vectors[[-1, -1]], twice)
            out[:, -1] = twice[:, 0]
        for row in np.flatnonzero(~queries.any(axis=1)) if metric.function is cosine else ():
            out[row] = vectors.any(axis=1)  # zeros are at 0 from zeros
        return out

    return filled


def _each(function: Function, fill: Callable[[Item], None], items: Sequence[Item]) -> None:
    """Fill in all items, in threads but where numpy has its own: they would wait for each other."""
    if function in _BY_BLAS:
        for item in items:
            fill(item)
    else:
        in_threads(fill, items)


def _fill(
    distances: Distances,
    rows: Rows,
    block: Block,
    queries: Vectors,
    function: Function,
    norm: int,
) -> None:
    """Compute one block; where most of its rows are alive all are, which copies no vector."""
    if block.rows is not None and 2 * len(block.rows) > len(block.vectors):
        vectors = np.asarray(block.vectors, np.float32)
        distances[:, rows] = function(queries, _scaled(vectors, norm))[:, block.rows]
    else:
        distances[:, rows] = function(queries, _scaled(block.load(), norm))


def _scaled(vectors: Vectors, norm: int) -> Vectors:
    return scaled(vectors, norm) if norm else vectors


def _prepared(vectors: Vectors, norm: int) -> Vectors:
    return np.ascontiguousarray(_scaled(vectors, norm), np.float32)
