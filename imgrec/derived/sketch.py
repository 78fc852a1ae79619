"""The sketch: an eight-bit copy of the leading principal axes, scanned instead of the vectors.

With mean μ, axes V and coordinates z = V (x - μ) of a vector x, q·x ≈ q·μ + (V q)·z. A row holds
z quantized to eight bits an axis and the length |x| as float32, so one pass over it estimates the
cosine and euclidean distance of a query to every picture. The candidates with the smallest
estimates are then compared exactly.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from imgrec.derived.rows import Derived, axes_of
from imgrec.distances.axes import fit_axes, products
from imgrec.distances.blockwise import distances_to_rows, kernels_for, products_of
from imgrec.distances.metrics import METRICS, Distances, scaled
from imgrec.encoders.spec import Vectors
from imgrec.store.features import FeatureStore
from imgrec.store.kept import Arrays
from imgrec.system.threads import falling, in_threads

COMPONENTS = 128
# The metrics it estimates; `manhattan` by the order of `euclidean`.
ESTIMATED = ("cosine", "euclidean", "manhattan")
# Rows that a thread scans at a time.
_LEAST_ROWS, _MOST_ROWS = 1 << 15, 1 << 18
# OpenBLAS divides a product of more multiplications among threads of its own, which wait for each
# other at work: beside the threads here, or another process, that takes many times as long. Many
# queries are multiplied so all the same.
_ALONE, _LEAST_STEP = 1 << 18, 1 << 8
# Products that one thread makes in the time it takes to import and start others.
_WORTH_THREADS = 1 << 26
# Codes that NumPy multiplies in a second.
_NUMPY_SPEED = 1e9
_NONE = np.zeros(0, np.intp)


@dataclass(frozen=True)
class SketchRecipe:
    """Quantize vectors (m, d) to codes (m, c) int8 and lengths (m,) float32."""

    name: str = "sketch"
    version: int = 1
    model_names: frozenset[str] = frozenset({"mean", "components", "scales"})
    columns: frozenset[str] = frozenset({"codes", "lengths"})
    refit_growth: float = 2.0

    def fit(self, sample: Vectors) -> dict[str, NDArray[Any]]:
        """Return mean (d,), components (c, d) and scales (c,), the coordinate of the code 1."""
        axes = fit_axes(sample, COMPONENTS, solver="covariance_eigh")
        largest = np.abs(axes.project_all(sample)).max(axis=0, initial=0)  # (c,)
        scales = np.where(largest > 0, largest / 127, 1).astype(np.float32)
        return {"mean": axes.mean, "components": axes.components, "scales": scales}

    def rows(self, model: Arrays, vectors: Vectors) -> dict[str, NDArray[Any]]:
        """Return codes (m, c) and lengths (m,); coordinates beyond the sample are clipped."""
        steps = np.rint(axes_of(model).project_all(vectors) / model["scales"])
        lengths = np.sqrt(np.einsum("md,md->m", vectors, vectors))
        return {"codes": np.clip(steps, -127, 127).astype(np.int8), "lengths": lengths}


class Sketch:
    """The sketch of a feature, mapped to its current rows."""

    def __init__(self, feature: FeatureStore, kept: Derived) -> None:
        self._feature = feature
        self._model = kept.model
        self._components = np.ascontiguousarray(kept.model["components"])
        self._codes: NDArray[np.int8] = kept.rows["codes"]
        self._lengths: NDArray[np.float32] = kept.rows["lengths"]
        same = kept.coverage.is_of(feature)
        self._places = None if same else kept.coverage.places(feature)  # (n,)
        self.uncovered = np.flatnonzero(self._places < 0) if self._places is not None else _NONE

    def estimates(self, metric: str, queries: Vectors) -> Distances:
        """Return estimated distances (q, n) of queries (q, d) to every vector of the feature.

        They are exact for vectors that have no row yet. For `manhattan` they are euclidean, which
        orders pictures nearly the same.
        """
        metric = "cosine" if metric == "cosine" else "euclidean"
        kernels = kernels_for(self._codes.size / _NUMPY_SPEED)
        found = self._scanned(metric, queries) if kernels else self._by_numpy(metric, queries)
        if metric == "cosine":
            for row in np.flatnonzero(~queries.any(axis=1)):
                # A zero query is at 0 from zero vectors and at 1 from all others.
                found[row] = self._lengths > 0
        if self._places is None:
            return found
        estimates: Distances = found[:, self._places]  # (q, n)
        if len(self.uncovered):
            estimates[:, self.uncovered] = distances_to_rows(
                self._feature, METRICS[metric], queries, self.uncovered
            )
        return estimates

    def _scanned(self, metric: str, queries: Vectors) -> Distances:
        """Return estimates (q, m) to all rows of the sketch, in one pass over the codes."""
        from imgrec.distances import code_kernels

        squares = np.einsum("qd,qd->q", queries, queries)
        if metric == "cosine":
            queries = scaled(queries, 2)
        weights, steps = code_kernels.rounded(self._weights(queries))
        to = weights, steps, self._means(queries).ravel()
        per_row = self._inverse_lengths if metric == "cosine" else self._squares
        found = np.empty((len(queries), len(self._codes)), np.float32)

        def fill(rows: slice) -> None:
            if metric == "cosine":
                code_kernels.cosine(self._codes[rows], *to, per_row[rows], found[:, rows])
            else:
                beside = squares, per_row[rows]
                code_kernels.euclidean(self._codes[rows], *to, *beside, found[:, rows])

        in_threads(fill, falling(len(self._codes), _LEAST_ROWS, _MOST_ROWS), here=True)
        return found

    def _by_numpy(self, metric: str, queries: Vectors) -> Distances:
        """Return the same without compiled loops, for a process that asks once."""
        weights = self._weights(queries)
        found = np.empty((len(queries), len(self._codes)), np.float32)

        step = max(_LEAST_STEP, _ALONE // max(1, weights.size))

        def fill(start: int) -> None:
            codes, estimates = self._codes[start : start + _LEAST_ROWS], found[:, start:]
            # Stays in the cache.
            values = np.empty((step, codes.shape[1]), np.float32)
            for first in range(0, len(codes), step):
                part = values[: len(codes) - first]
                part[:] = codes[first : first + step]
                np.matmul(weights, part.T, out=estimates[:, first : first + len(part)])

        starts = range(0, len(self._codes), _LEAST_ROWS)
        if self._codes.size * len(queries) < _WORTH_THREADS:
            for start in starts:
                fill(start)
        else:
            in_threads(fill, starts)
        found += self._means(queries)
        lengths = np.sqrt(np.einsum("qd,qd->q", queries, queries))[:, None]  # (q, 1)
        if metric == "cosine":
            found *= self._inverse_lengths
            found *= -1 / np.where(lengths > 0, lengths, np.float32(1))
            found += 1
        else:
            found *= -2
            found += self._squares
            found += lengths * lengths
            np.sqrt(np.maximum(found, 0, out=found), out=found)
        return found

    def _weights(self, queries: Vectors) -> Vectors:
        """Return the factor (q, c) of each code in the product of a query with a vector."""
        return products_of(queries, self._components) * self._model["scales"]

    def _means(self, queries: Vectors) -> Vectors:
        """Return the products (q, 1) of queries with the mean."""
        return products(queries, self._model["mean"][None])

    @cached_property
    def _inverse_lengths(self) -> NDArray[np.float32]:
        lengths = np.where(self._lengths > 0, self._lengths, 1)
        return np.asarray(1 / lengths, np.float32)

    @cached_property
    def _squares(self) -> NDArray[np.float32]:
        return np.square(self._lengths)
