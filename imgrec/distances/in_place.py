"""Exact distances by the compiled loops, to vectors where they lie: in mapped files, uncopied.

Gathering a few hundred candidates from as many parts takes longer than comparing them. One thread
compares them; all cores take part where there is more to read than their caches hold. Rows that
are scattered over files that nobody has read lately would each wait for the disk: if the first few
take long, the kernel is asked to read all others at once.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from types import ModuleType

import numpy as np
from numpy.typing import NDArray

from imgrec.distances.metrics import Distances, Metric, cosine, scaled
from imgrec.encoders.spec import Vectors
from imgrec.store.features import FeatureStore
from imgrec.store.relations import RelatedFeature
from imgrec.system.paging import will_need
from imgrec.system.threads import falling, in_threads

Addresses = NDArray[np.int64]

_FLOAT_BYTES = 4
# What one thread reads, and at least and at most at a time where several do.
_ALONE_BYTES, _TASK_BYTES = 4 << 20, 64 << 20
# So many rows take a hundredth of this time from memory, and more from any disk.
_TRIED_ROWS, _COLD_S = 16, 1e-3
# Scattered rows whose pages are looked for at a time: of each some lines stay in the cache.
_TOUCHED_ROWS = 1 << 9


@dataclass(frozen=True)
class InPlace:
    """Queries and the vectors that they are compared with.

    Attributes:
        feature: whose vectors they are; held, as they lie there no longer than it does.
        count: q, of the queries.
        fill: fills the columns of distances (q, m) to a slice of the rows.
        halves: of a row: the addresses (m,), and the bytes there.
        scattered: True if the rows are not all there are.
        kernels: the module of compiled loops.
        lengths: (n,) of all rows, which are found on the way; None where they are not.
    """

    feature: FeatureStore
    count: int
    fill: Callable[[slice, Distances], None]
    halves: list[tuple[Addresses, int]]
    scattered: bool
    kernels: ModuleType
    lengths: NDArray[np.float32] | None = None

    def distances(self) -> Distances:
        """Return the distances (q, m)."""
        m = len(self.halves[0][0])
        distances = np.empty((self.count, m), np.float32)
        row_bytes = max(1, sum(width for _, width in self.halves))
        least = _ALONE_BYTES // row_bytes + 1
        pieces = falling(m, least, _TASK_BYTES // row_bytes + 1) if m > least else [slice(0, m)]
        in_threads(lambda piece: self._fill(piece.start, piece.stop, distances), pieces, here=True)
        if self.lengths is not None:
            self.feature.lengths = self.lengths
        return distances

    def _fill(self, start: int, stop: int, distances: Distances) -> None:
        if not self.scattered:
            self._compare(start, stop, distances)
            return
        tried, started = min(start + _TRIED_ROWS, stop), time.perf_counter()
        self._compare_touched(start, tried, distances)
        if time.perf_counter() - started > _COLD_S:
            for addresses, width in self.halves:
                will_need(addresses[tried:stop].tolist(), width)
        for first in range(tried, stop, _TOUCHED_ROWS):
            self._compare_touched(first, min(first + _TOUCHED_ROWS, stop), distances)

    def _compare_touched(self, start: int, stop: int, distances: Distances) -> None:
        for addresses, width in self.halves:
            self.kernels.touch(addresses[start:stop], width // _FLOAT_BYTES)
        self._compare(start, stop, distances)

    def _compare(self, start: int, stop: int, distances: Distances) -> None:
        if start < stop:
            self.fill(slice(start, stop), distances[:, start:stop])


def in_place(
    feature: FeatureStore,
    metric: Metric,
    queries: Vectors,
    norm: int,
    kernels: ModuleType,
    rows: NDArray[np.intp] | None = None,
) -> InPlace | None:
    """Return how vectors are compared where they lie.

    Args:
        feature: n vectors of d dimensions.
        metric: how.
        queries: (q, d) float32, scaled by `norm`.
        norm: of the vectors, by which they are divided first; 0 for none.
        kernels: the module of compiled loops.
        rows: (m,) that are compared; None for all.

    Returns:
        None if there is no loop for it, if the vectors have to be made first, or if a query under
        cosine is zero.
    """
    loop = getattr(kernels, metric.function.__name__, None)
    by_angle = metric.function is cosine
    # An angle is the same whatever vectors are divided by.
    if loop is None or (norm and not by_angle) or queries.shape[1] != feature.dimensions:
        return None
    if by_angle and not queries.any(axis=1).all():
        return None
    units = np.ascontiguousarray(scaled(queries, 2) if by_angle else queries)
    if isinstance(feature, RelatedFeature):
        return _of_relation(feature, units, kernels, rows) if by_angle else None
    addresses = feature.addresses(rows)
    if addresses is None:
        return None
    halves = [(addresses, _FLOAT_BYTES * feature.dimensions)]
    if by_angle:
        return _by_angle(feature, units, addresses, halves, kernels, rows)
    return InPlace(
        feature, len(units), lambda at, out: loop(units, addresses[at], out), halves,
        rows is not None, kernels,
    )  # fmt: skip


def _by_angle(
    feature: FeatureStore,
    units: Vectors,
    addresses: Addresses,
    halves: list[tuple[Addresses, int]],
    kernels: ModuleType,
    rows: NDArray[np.intp] | None,
) -> InPlace:
    """Return how the angles to units are compared: by lengths that are known, or found now."""
    known = feature.lengths
    loop = kernels.cosine if known is None else kernels.cosine_of_lengths
    if known is None:
        lengths = np.empty(len(addresses), np.float32)
    else:
        lengths = known if rows is None else known[rows]

    def fill(at: slice, out: Distances) -> None:
        loop(units, addresses[at], lengths[at], out)

    found = lengths if known is None and rows is None else None
    return InPlace(feature, len(units), fill, halves, rows is not None, kernels, found)


def _of_relation(
    feature: RelatedFeature,
    units: Vectors,
    kernels: ModuleType,
    rows: NDArray[np.intp] | None,
) -> InPlace | None:
    found = feature.half_addresses(rows)
    if found is None:
        return None
    mean, weight = feature.composition.mean, np.float32(feature.composition.weight)
    widths = len(mean), feature.dimensions - len(mean)
    halves = [(a, _FLOAT_BYTES * width) for a, width in zip(found, widths, strict=True)]

    def fill(at: slice, out: Distances) -> None:
        kernels.composed_cosine(units, found[0][at], found[1][at], mean, weight, out)

    return InPlace(feature, len(units), fill, halves, rows is not None, kernels)
