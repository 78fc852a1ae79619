"""Cells beside the HNSW graph: they tell when a walk of the graph has lost its way.

A greedy walk may end in a part of the graph that has no way to the nearest nodes, however many rows
it keeps; one or two questions in a thousand then lose all of their neighbors. Cells have no such
islands. The unit vectors are projected on a few principal axes and cut into cells by k-means; a
question reads the codes of the rows in the nearest cells, a byte an axis. They miss other
neighbors than the graph does: a row in the answer that only the cells have found tells that the
walk was lost.

Source: inverted files (Jégou, Douze, Schmid 2011, Product Quantization for Nearest Neighbor
Search).
"""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from imgrec.derived.rows import FIT_ROWS, Derived, axes_of
from imgrec.distances.axes import Axes
from imgrec.distances.blockwise import kernels_for, products_of
from imgrec.distances.kmeans import gaps, kmeans
from imgrec.distances.metrics import scaled
from imgrec.encoders.spec import Vectors
from imgrec.store.features import FeatureStore
from imgrec.store.kept import Arrays
from imgrec.system.threads import one_blas_thread

# A code fills a cache line.
COMPONENTS = 64
# Of fewer pictures a walk loses none; checked at 40,000.
CELLS_ROWS = 50_000
# Rows of a cell on average, and of the sample for each center, at least.
_CELL_ROWS, _SAMPLED = 400, 16
_MOST_CODE = 127
_NO_AXES = Axes(np.zeros(0, np.float32), np.zeros((0, 0), np.float32), 0.0)


@dataclass(frozen=True)
class CellsRecipe:
    """Assign each vector to a cell: codes (m, c) int8 and numbers (m,) int32 from 1.

    Attributes:
        count: of the cells, where so many vectors of the sample are there.
        axes: that cells are made on, the principal ones of unit vectors; not needed to load some.
    """

    count: int = 1
    axes: Axes = field(default=_NO_AXES, compare=False)
    name: str = "cells"
    version: int = 1
    model_names: frozenset[str] = frozenset({"mean", "components", "scales", "centers"})
    columns: frozenset[str] = frozenset({"codes", "numbers"})
    refit_growth: float = 4.0

    @classmethod
    def beside(cls, graph: Derived) -> "CellsRecipe":
        """Return the recipe for cells on the first axes of a graph, which projects for both."""
        count = max(1, min(len(graph.coverage.ids) // _CELL_ROWS, FIT_ROWS // _SAMPLED))
        components = np.array(graph.model["components"][:COMPONENTS])
        return cls(count, Axes(np.array(graph.model["mean"]), components, 0.0))

    def made(self, kept: Derived) -> bool:
        """Return True if cells are on these axes, and no more than a sample has rows."""
        same = np.array_equal(self.axes.components, kept.model["components"])
        few = 1 <= len(kept.model["centers"]) <= FIT_ROWS
        return same and few and np.array_equal(self.axes.mean, kept.model["mean"])

    def fit(self, sample: Vectors) -> dict[str, NDArray[Any]]:
        """Return mean (d,), components (c, d), scales (c,) and centers (k, c) of unit vectors."""
        # Sums by several threads would differ with their number.
        with one_blas_thread():
            coordinates = self.axes.project(scaled(sample, 2))  # (s, c)
            centers = kmeans(coordinates, min(self.count, len(coordinates)))
        largest = np.abs(coordinates).max(axis=0, initial=0)  # (c,)
        scales = np.where(largest > 0, largest / _MOST_CODE, 1).astype(np.float32)
        model = {"mean": self.axes.mean, "components": self.axes.components}
        return {**model, "scales": scales, "centers": centers}

    def rows(self, model: Arrays, vectors: Vectors) -> dict[str, NDArray[Any]]:
        """Return codes (m, c) and the number (m,) of the nearest center."""
        coordinates = axes_of(model).project(scaled(vectors, 2))
        steps = np.rint(coordinates / model["scales"])
        codes = np.clip(steps, -_MOST_CODE, _MOST_CODE).astype(np.int8)
        numbers = gaps(coordinates, model["centers"]).argmin(axis=1) + 1
        return {"codes": codes, "numbers": numbers.astype(np.int32)}


class Cells:
    """The cells of a feature, mapped to its current rows; on the first axes of its graph."""

    def __init__(self, feature: FeatureStore, kept: Derived) -> None:
        model, numbers = kept.model, kept.rows["numbers"]
        self._scales = model["scales"]
        self._centers = np.ascontiguousarray(model["centers"])
        self._halves = np.einsum("kc,kc->k", self._centers, self._centers) / 2  # (k,)
        self._codes: NDArray[np.int8] = kept.rows["codes"]
        places: NDArray[np.intp] | None = None
        if not kept.coverage.is_of(feature):
            places = kept.coverage.places(feature)  # (n,)
            covered = np.flatnonzero(places >= 0)
            numbers = numbers[places[covered]]
        # In so small a type NumPy sorts by digits, twenty times as fast.
        order = np.argsort((numbers - 1).astype(np.uint16), kind="stable")
        # Rows of the feature, and of the codes, cell by cell; in half as many bytes as `intp`.
        self._rows = (order if places is None else covered[order]).astype(np.int32)
        self._places = self._rows if places is None else places[self._rows].astype(np.int32)
        self._sizes = np.bincount(numbers - 1, minlength=len(self._centers))
        self._starts = np.concatenate([[0], np.cumsum(self._sizes)]).tolist()

    def nearest(self, coordinates: Vectors, count: int, among: int) -> NDArray[np.intp]:
        """Return approximately the nearest rows under cosine, of those in the nearest cells.

        Args:
            coordinates: (e,) of a query on the axes of the graph, of which there may be more.
            count: rows returned, at most.
            among: rows that are compared, at most.

        Returns:
            rows (m,) of the feature, in no order; none of a vector that was added since.
        """
        coordinates = coordinates[: len(self._scales)]
        gaps_to = self._halves - products_of(coordinates[None], self._centers)[0]  # (k,)
        order = gaps_to.argsort()
        cells = order[: np.searchsorted(self._sizes[order].cumsum(), among) + 1].tolist()
        spans = [slice(self._starts[cell], self._starts[cell + 1]) for cell in cells]
        places = np.concatenate([self._places[span] for span in spans])[:among]
        rows = places
        if self._rows is not self._places:
            rows = np.concatenate([self._rows[span] for span in spans])[:among]
        if len(rows) > count:
            products = self._products(coordinates * self._scales, places)
            rows = rows[np.argpartition(products, len(rows) - count)[-count:]]
        return rows.astype(np.intp)

    def _products(self, weights: Vectors, places: NDArray[np.int32]) -> NDArray[np.float32]:
        """Return the products (m,) of weights (c,) with codes."""
        if kernels_for(0) is None:
            return np.asarray(self._codes[places].astype(np.float32) @ weights)
        from imgrec.distances import code_kernels

        whole, _ = code_kernels.rounded(weights[None])
        products = np.empty(len(places), np.float32)
        code_kernels.listed(self._codes, places, whole, products)
        return products
