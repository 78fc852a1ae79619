"""The layouts of a run: made once from the k-NN graph and kept, never computed in the tab."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from imgrec.encoders.spec import Vectors
from imgrec.features import Block, FeatureStore
from imgrec.knn import K, exact_neighbors
from imgrec.projection import fit_axes
from projector.affinity import fuzzy_graph, part_of
from projector.bookmarks import View
from projector.collection import Collection
from projector.layouts import tsne_layout, umap_layout
from projector.pieces import digest
from projector.plan import OVERVIEW, Run

if TYPE_CHECKING:
    from scipy.sparse import csr_array

METHODS = ("umap", "tsne")
VERSION = 1  # raised whenever the same pictures would be laid out otherwise
TSNE_3D = 20_000  # pictures beyond which three dimensions of t-SNE take too long
_TITLES = {"umap": "UMAP", "tsne": "t-SNE"}
_MAKERS = {"umap": umap_layout, "tsne": tsne_layout}


@dataclass(frozen=True)
class Layouts:
    """Makes the layouts of runs.

    Attributes:
        collection: whose runs they are.
        methods: of `METHODS`.
        seed: of the layouts.
        begun: called with what is being made.
        used: the keys of all that were asked for.
    """

    collection: Collection
    methods: Sequence[str]
    seed: int = 0
    begun: Callable[[str], object] = lambda text: None
    used: set[str] = field(default_factory=set)

    def views(self, run: Run, columns: Vectors, colour: str) -> tuple[list[View], Vectors]:
        """Return the views of a run, and its principal axes (m, 3); what is kept is not remade.

        Args:
            run: of the collection.
            columns: (m, c) of its pictures, in the order of its ids.
            colour: the column of the metadata that the coloured view shows.
        """
        axes = _main_axes(columns)
        graph = _Graph(self.collection, run, columns)
        planes: list[View] = []
        views: list[View] = []
        for method in self.methods:
            title = _TITLES[method]
            plane = self._positions(method, axes[:, :2], columns, run, graph)
            planes.append(View(f"{title}, 2-D", plane))
            views.append(replace(planes[-1], flat=True))
            if method != "tsne" or len(columns) <= TSNE_3D:
                space = self._positions(method, axes, columns, run, graph)
                views.append(View(f"{title}, 3-D", space))
        tinted = f"{views[0].name}, colours: {colour}" if views else ""
        views += [replace(first, name=tinted, colour=colour) for first in views[:1]]
        views += [replace(plane, name=f"{plane.name}, to zoom in") for plane in planes]
        views += [View("PCA, 2-D", axes[:, :2], "pca"), View("PCA, 3-D", axes, "pca")]
        return views, axes

    def _positions(
        self, method: str, start: Vectors, columns: Vectors, run: Run, graph: "_Graph"
    ) -> Vectors:
        what = f"{VERSION} {method} {start.shape[1]} {self.seed}"
        key = digest(what.encode(), run.ids.astype("<i8").tobytes(), columns.tobytes())
        self.used.add(key)
        positions = self.collection.kept.layout(key, start.shape)
        if positions is None:
            self.begun(f"{run.key}: {_TITLES[method]}, {start.shape[1]}-D")
            positions = _MAKERS[method](graph.weights, start, self.seed)
            self.collection.kept.keep_layout(key, positions)
        return positions


@dataclass(frozen=True)
class _Graph:
    """How like the pictures of a run are, found out when the first layout needs it."""

    collection: Collection
    run: Run
    columns: Vectors

    @cached_property
    def weights(self) -> "csr_array":
        """The weights (m, m): those of the stored graph, or found among the run's own pictures.

        Of the few thousand pictures of an overview the stored graph knows hardly a pair.
        """
        feature, ids = self.collection.feature, self.run.ids
        whole = None if self.run.kind == OVERVIEW else self.collection.graph
        if whole is not None:
            return part_of(whole, feature.rows_of(ids), self.columns)
        block = Block(ids, feature.take(ids))
        own = FeatureStore(feature.name, feature.dimensions, [block])
        return fuzzy_graph(exact_neighbors(own, min(K, len(ids) - 1)))


def _main_axes(columns: Vectors) -> Vectors:
    """Return rows on the three axes along which they spread most (m, 3), 0 beyond the last."""
    axes = np.zeros((len(columns), 3), np.float32)
    found = fit_axes(columns, 3).project(columns)
    axes[:, : found.shape[1]] = found
    return axes
