"""The vector space of a question: one feature, or several joined with weights, under a metric.

Joined features have one row for each picture that has all of them. The joined distance is the
weighted mean of the features' distances, each between vectors scaled to norm 1.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, reduce

import numpy as np
from numpy.typing import NDArray

from imgrec.collection import Ids
from imgrec.derived.cells import Cells
from imgrec.derived.hnsw import Hnsw
from imgrec.derived.sketch import ESTIMATED, Sketch
from imgrec.distances.blockwise import distances_between, distances_to_all, distances_to_rows
from imgrec.distances.metrics import Distances, Metric
from imgrec.encoders.spec import Vectors
from imgrec.store.features import FeatureStore, common_ids, positions

Rows = NDArray[np.intp]
# (q, d) for each feature of a space.
Queries = Sequence[Vectors]


@dataclass(frozen=True)
class Part:
    """One feature of a space, with its weight and the indexes built for it."""

    feature: FeatureStore
    weight: float = 1.0
    sketch: Sketch | None = None
    hnsw: Hnsw | None = None
    cells: Cells | None = None


@dataclass(frozen=True)
class Space:
    """Features under a metric.

    Invariant: column i of every matrix of distances belongs to the picture `ids[i]`. With several
    features, vectors are first divided by their norm (`Metric.norm`).
    """

    metric: Metric
    parts: tuple[Part, ...]

    @cached_property
    def ids(self) -> Ids:
        """The ascending ids (n,), int64, of the pictures that have all features."""
        return reduce(common_ids, (part.feature.ids for part in self.parts))

    @property
    def dimensions(self) -> int:
        """Total number of dimensions: the float32 values that an exact search reads a picture."""
        return sum(part.feature.dimensions for part in self.parts)

    @property
    def has_estimates(self) -> bool:
        """True if every feature has a sketch that can estimate this metric."""
        joined = len(self.parts) > 1
        served = self.metric.name in ESTIMATED and not (joined and self.metric.norm == 1)
        return served and all(part.sketch is not None for part in self.parts)

    def rows_of(self, ids: Sequence[int]) -> Rows:
        """Return the ascending rows of the given ids; ids without a row are skipped."""
        # Not by `np.unique`, whose first call imports all of numpy.ma.
        rows = positions(self.ids, np.array(sorted({*ids}), np.int64))
        found: Rows = rows[rows >= 0]
        return found

    def distances(self, queries: Queries, rows: Rows | None = None) -> Distances:
        """Return the exact distances (q, m) to m rows; to all n rows by default."""
        found = []
        for part, of_part in zip(self.parts, queries, strict=True):
            own = self._own_rows(part)
            if rows is None and own is None:
                found.append(distances_to_all(part.feature, self.metric, of_part, self._norm))
                continue
            wanted = own if rows is None else rows if own is None else own[rows]
            assert wanted is not None
            found.append(distances_to_rows(part.feature, self.metric, of_part, wanted, self._norm))
        return self._mean(found)

    def between(self, queries: Queries, others: Queries) -> Distances:
        """Return the exact distances (q, u) between two sets of query vectors."""
        if not len(others[0]):
            return np.empty((len(queries[0]), 0), np.float32)
        pairs = zip(queries, others, strict=True)
        return self._mean([distances_between(self.metric, a, b, self._norm) for a, b in pairs])

    def estimates(self, queries: Queries) -> Distances:
        """Return estimates (q, n) of the distances, from the sketches."""
        found = []
        for part, of_part in zip(self.parts, queries, strict=True):
            assert part.sketch is not None
            # Joined features have vectors of length 1, where euclidean follows from cosine.
            if len(self.parts) > 1:
                estimates = part.sketch.estimates("cosine", of_part)
                if self.metric.name == "euclidean":
                    estimates = np.sqrt(2 * np.maximum(estimates, 0))
            else:
                estimates = part.sketch.estimates(self.metric.name, of_part)
            own = self._own_rows(part)
            found.append(estimates if own is None else estimates[:, own])
        return self._mean(found)

    @property
    def _norm(self) -> int:
        return self.metric.norm if len(self.parts) > 1 else 0

    def _own_rows(self, part: Part) -> Rows | None:
        """Return the feature's row for each row of the space; None if they are the same rows."""
        if len(part.feature.ids) == len(self.ids):
            return None
        return part.feature.rows_of(self.ids)

    def _mean(self, found: Sequence[Distances]) -> Distances:
        if len(found) == 1:
            return found[0]
        weights = [part.weight for part in self.parts]
        total: Distances = np.zeros_like(found[0])
        for weight, distances in zip(weights, found, strict=True):
            total += np.float32(weight / sum(weights)) * distances
        return total
