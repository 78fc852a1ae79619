"""Exact distances to the vectors of a feature.

NumPy computes small jobs, the compiled loops (`kernels`) large ones: importing numba costs half a
second, so it pays only if the job is estimated to take longer than that. The compiled loops read
vectors in place (`in_place`). What has to be made float32 or composed first is computed one part
(block) of the store at a time. Blocks are spread over the thread pool, except where NumPy calls
BLAS, which has threads of its own.
"""

import sys
from collections.abc import Callable, Sequence
from types import ModuleType

import numpy as np
from numpy.typing import NDArray

from imgrec.distances.axes import products
from imgrec.distances.in_place import in_place
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
from imgrec.store.composition import ComposedVectors, Halves
from imgrec.store.features import Block, FeatureStore, Rows, addresses_of
from imgrec.store.relations import RelatedFeature
from imgrec.system.threads import Item, cores, in_threads

_TASK_BLOCKS = 8
# Below 32 MB, the largest block that raises glibc's mmap threshold.
_KEPT_BYTES = 30 << 20
_COPIED_BYTES = 4 << 20
# Throughput of the NumPy functions in million values a second; the order of magnitude suffices.
_NUMPY_SPEED: dict[Function, int] = {cosine: 6_000, euclidean: 4_000, manhattan: 700, chi2: 400}
_BY_BLAS = (cosine, euclidean)
# Time to import the compiled loops, in seconds.
_WORTH_S = 0.5


def load_kernels() -> ModuleType:
    """Import and return the module of compiled loops; for a process that will search repeatedly."""
    from imgrec.distances import kernels

    return kernels


def keep_freed_memory() -> None:
    """Make malloc keep freed buffers of up to 30 MB for reuse by the next query.

    Returning them to the kernel and faulting them in again costs a quarter of a sketch search.

    Source: mallopt(3) of glibc: freeing an mmapped block raises M_MMAP_THRESHOLD to its size, and
    M_TRIM_THRESHOLD to twice that. With another C library this has no effect.
    """
    block = np.empty(_KEPT_BYTES, np.uint8)
    del block


def kernels_for(seconds: float) -> ModuleType | None:
    """Return the compiled loops if they are imported already, or worth importing.

    Args:
        seconds: estimated time of the job in NumPy.
    """
    loaded = "imgrec.distances.kernels" in sys.modules
    return load_kernels() if loaded or seconds > _WORTH_S else None


def distances_to_all(
    feature: FeatureStore, metric: Metric, queries: Vectors, norm: int = 0
) -> Distances:
    """Return the distances (q, n) of queries (q, d) to every vector of a feature.

    Args:
        feature: n vectors of d dimensions.
        metric: its `function` computes the distances.
        queries: float32, not scaled yet.
        norm: 1 or 2 to divide all vectors by their L1 or L2 norm first; 0 for no scaling.
    """
    feature.check_reach()
    loops = _loops(metric, len(queries) * len(feature) * feature.dimensions)
    queries = _prepared(queries, norm)
    read = loops and in_place(feature, metric, queries, norm, loops)
    if read:
        return read.distances()
    distances = np.empty((len(queries), len(feature)), np.float32)
    function, fused = _function(metric, loops), _fused(metric, feature, queries)

    def fill(numbers: range) -> None:
        for number in numbers:
            rows, block = feature.places[number], feature.blocks[number]
            if fused and isinstance(block.vectors, ComposedVectors):
                distances[:, rows] = fused(block.vectors.halves())
            else:
                _fill(distances, rows, block, queries, function, norm)

    count = len(feature.blocks)
    step = min(_TASK_BLOCKS, max(1, count // (4 * cores())))
    _each(function, fill, [range(s, min(s + step, count)) for s in range(0, count, step)])
    return distances


def distances_to_rows(
    feature: FeatureStore, metric: Metric, queries: Vectors, rows: NDArray[np.intp], norm: int = 0
) -> Distances:
    """Return the distances (q, m) of queries (q, d) to m rows of a feature.

    As `distances_to_all`. Vectors that are not read in place are gathered, 4 MB at a time.
    """
    feature.check_reach(len(rows))
    loops = _loops(metric, len(queries) * len(rows) * feature.dimensions)
    queries = _prepared(queries, norm)
    read = loops and in_place(feature, metric, queries, norm, loops, rows)
    if read:
        return read.distances()
    distances = np.empty((len(queries), len(rows)), np.float32)
    function, fused = _function(metric, loops), _fused(metric, feature, queries)
    step = max(1, _COPIED_BYTES // (4 * max(1, feature.dimensions)))

    def fill(start: int) -> None:
        part = slice(start, start + step)
        if fused and isinstance(feature, RelatedFeature):
            distances[:, part] = fused(feature.halves(rows[part]))
            return
        vectors = _prepared(feature.take_rows(rows[part]), norm)
        distances[:, part] = function(queries, vectors)

    _each(function, fill, range(0, len(rows), step))
    return distances


def distances_between(
    metric: Metric, queries: Vectors, vectors: Vectors, norm: int = 0
) -> Distances:
    """Return the distances (q, m) of queries (q, d) to vectors (m, d), after scaling by `norm`."""
    function = _function(metric, _loops(metric, len(queries) * vectors.size))
    return function(_prepared(queries, norm), _prepared(vectors, norm))


def products_of(queries: Vectors, rows: Vectors) -> NDArray[np.float32]:
    """Return the dot products (q, m) of a few queries (q, d) with rows (m, d), contiguous float32.

    By the compiled loop where it is imported, in a third of the time that NumPy takes.
    """
    loops = kernels_for(0)
    if loops is None:
        return products(queries, rows)
    out = np.empty((len(queries), len(rows)), np.float32)
    loops.products(np.ascontiguousarray(queries), rows, out)
    return out


def _loops(metric: Metric, values: int) -> ModuleType | None:
    return kernels_for(values / (1e6 * _NUMPY_SPEED.get(metric.function, 1_000)))


def _function(metric: Metric, loops: ModuleType | None) -> Function:
    compiled = getattr(loops, metric.function.__name__, None)
    if compiled is None:
        return metric.function

    def filled(queries: Vectors, vectors: Vectors) -> Distances:
        if metric.function is cosine:
            queries = scaled(queries, 2)
        out = np.empty((len(queries), len(vectors)), np.float32)
        vectors = np.ascontiguousarray(vectors, np.float32)
        given = np.ascontiguousarray(queries), _addresses(vectors, queries.shape[1])
        if metric.function is cosine:
            compiled(*given, np.empty(len(vectors), np.float32), out)
        else:
            compiled(*given, out)
        for row in np.flatnonzero(~queries.any(axis=1)) if metric.function is cosine else ():
            # A zero query is at 0 from zero vectors and at 1 from all others.
            out[row] = vectors.any(axis=1)
        return out

    return filled


def _fused(
    metric: Metric, feature: FeatureStore, queries: Vectors
) -> Callable[[Halves], Distances] | None:
    """Return the compiled loop for a relation under cosine, which composes nothing.

    None for all others, while the compiled loops are not imported, or if a query is zero.
    """
    kernels = kernels_for(0)
    related = isinstance(feature, RelatedFeature) and metric.function is cosine
    if kernels is None or not related or not queries.any(axis=1).all():
        return None
    units = scaled(queries, 2)

    def distances(halves: Halves) -> Distances:
        out = np.empty((len(units), len(halves.first)), np.float32)
        first, second = (np.ascontiguousarray(h, np.float32) for h in (halves.first, halves.second))
        mean, weight = halves.composition.mean, np.float32(halves.composition.weight)
        left, right = _addresses(first, len(mean)), _addresses(second, units.shape[1] - len(mean))
        kernels.composed_cosine(units, left, right, mean, weight, out)
        return out

    return distances


def _each(function: Function, fill: Callable[[Item], None], items: Sequence[Item]) -> None:
    """Process all items, in the thread pool unless the function runs in the threads of BLAS."""
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
    """Compute one block: all of its rows if most are live, since selecting rows copies them."""
    if block.rows is not None and 2 * len(block.rows) > len(block.vectors):
        vectors = np.asarray(block.vectors, np.float32)
        distances[:, rows] = function(queries, _scaled(vectors, norm))[:, block.rows]
    else:
        distances[:, rows] = function(queries, _scaled(block.load(), norm))


def _addresses(vectors: Vectors, dimensions: int) -> NDArray[np.int64]:
    """Return the addresses (m,) of vectors (m, d), which the caller holds while they are read."""
    addresses = addresses_of(vectors, dimensions)
    if addresses is None:
        raise ValueError(f"vectors {vectors.shape} of {dimensions} dimensions expected")
    return addresses


def _scaled(vectors: Vectors, norm: int) -> Vectors:
    return scaled(vectors, norm) if norm else vectors


def _prepared(vectors: Vectors, norm: int) -> Vectors:
    return np.ascontiguousarray(_scaled(vectors, norm), np.float32)
