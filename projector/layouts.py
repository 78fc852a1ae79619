"""The layouts of a run: made once from the k-NN graph and kept, never computed in the tab."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache, cached_property
from typing import TYPE_CHECKING

from imgrec.encoders.spec import Vectors
from imgrec.layouts.fuzzy_graph import part_of
from imgrec.layouts.kept import MAKERS, TITLES, graph_among, layout_key, main_axes
from imgrec.system.worker import WorkerDiedError
from imgrec.system.workers import Workers
from projector.files.bookmarks import Bookmark
from projector.runs import OVERVIEW, Run
from projector.source import ProjectedFeature

if TYPE_CHECKING:
    from scipy.sparse import csr_array

TSNE_3D = 20_000  # pictures beyond which three dimensions of t-SNE take too long
_ORDER = (("tsne", 3), ("umap", 3), ("umap", 2), ("tsne", 2))


Maker = Callable[[], Vectors]  # gives positions (m, 2 or 3), once they are made


@dataclass(frozen=True)
class PendingLayouts:
    """The layouts of a run while they are made.

    Attributes:
        run: of the collection.
        columns: (m, c) of its pictures, in the order of its ids.
        axes: (m, 3) their first principal components.
        makers: by method and number of dimensions.
    """

    run: Run
    columns: Vectors
    axes: Vectors
    makers: Mapping[tuple[str, int], Maker]

    def views(self, methods: Sequence[str], color: str) -> list[Bookmark]:
        """Return the views of the run, when all its layouts are made.

        Args:
            methods: in the order of the list.
            color: the column of the metadata that the colored view shows.
        """
        views: list[Bookmark] = []
        planes = [Bookmark(f"{TITLES[m]}, 2-D", self.makers[m, 2]()) for m in methods]
        for method, plane in zip(methods, planes, strict=True):
            views.append(replace(plane, flat=True))
            if (method, 3) in self.makers:
                views.append(Bookmark(f"{TITLES[method]}, 3-D", self.makers[method, 3]()))
        tinted = f"{views[0].name}, colors: {color}" if views else ""
        views += [replace(first, name=tinted, color=color) for first in views[:1]]
        views += [replace(plane, name=f"{plane.name}, to zoom in") for plane in planes]
        flat, space = self.axes[:, :2], self.axes
        return [*views, Bookmark("PCA, 2-D", flat, "pca"), Bookmark("PCA, 3-D", space, "pca")]


@dataclass(frozen=True)
class Layouts:
    """Makes the layouts of runs; what is kept is not made again.

    Attributes:
        collection: whose runs they are.
        methods: of `METHODS`.
        seed: of the layouts.
        workers: make them; None for this process alone, which makes one when it is asked for.
        awaited: called with what is being made or waited for.
        used: the keys of all that were begun.
    """

    collection: ProjectedFeature
    methods: Sequence[str]
    seed: int = 0
    workers: Workers | None = None
    awaited: Callable[[str], object] = lambda text: None
    used: set[str] = field(default_factory=set)

    def begin(self, run: Run) -> PendingLayouts:
        """Let the layouts of a run be made.

        Raises:
            ProjectorError: a vector is not finite.
        """
        columns = self.collection.reduction.take(run.ids)
        axes = main_axes(columns)
        graph = _Graph(self.collection, run, columns)
        wanted = [(m, d) for m in self.methods for d in (2, 3)
                  if (m, d) != ("tsne", 3) or len(columns) <= TSNE_3D]  # fmt: skip
        wanted.sort(key=_ORDER.index)  # the longest first: then no worker waits long for another
        makers = {(m, d): self._maker(m, axes[:, :d], run, graph) for m, d in wanted}
        return PendingLayouts(run, columns, axes, makers)

    def _maker(self, method: str, start: Vectors, run: Run, graph: "_Graph") -> Maker:
        key = layout_key(method, start.shape[1], run.ids, graph.columns, self.seed)
        self.used.add(key)
        kept = self.collection.layouts.load(key, start.shape)
        if kept is not None:
            return lambda: kept
        make = MAKERS[method]
        future = self.workers and self.workers.submit(make, graph.weights, start, self.seed)

        @cache
        def made() -> Vectors:
            self.awaited(f"{run.key}: {TITLES[method]}, {start.shape[1]}-D")
            try:
                positions = future.result() if future else make(graph.weights, start, self.seed)
            except WorkerDiedError:  # killed, or such processes cannot be started here
                positions = make(graph.weights, start, self.seed)
            self.collection.layouts.keep(key, positions)
            return positions

        return made


@dataclass(frozen=True)
class _Graph:
    """How like the pictures of a run are, found out when the first layout needs it."""

    collection: ProjectedFeature
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
        return graph_among(feature, ids)
