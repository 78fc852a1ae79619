"""Compute the layouts of a run, t-SNE and UMAP, from the k-NN graph, and keep them in the store.

A layout takes seconds to minutes, so it is computed once, here and not in the browser tab. It has
a content key made from everything that determines it; a layout with the same key is loaded from
the store. Worker processes compute the layouts of several runs at a time. A collection of several
runs is laid out as a whole first, and each run starts from its part of that.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache, cached_property
from typing import TYPE_CHECKING

from imgrec.encoders.spec import Vectors
from imgrec.layouts.choices import GRID
from imgrec.layouts.fuzzy_graph import part_of
from imgrec.layouts.grid import grid_layout
from imgrec.layouts.kept import TITLES, graph_among, layout_key, make_layout
from imgrec.layouts.reduction import main_axes
from imgrec.system.progress import progress
from imgrec.system.stage_costs import layout_stage
from imgrec.system.worker import WorkerDiedError
from imgrec.system.workers import Workers
from projector.files.bookmarks import Bookmark
from projector.runs import OVERVIEW, Run
from projector.source import ProjectedFeature

if TYPE_CHECKING:
    from scipy.sparse import csr_array

# Most pictures for t-SNE in three dimensions, which takes too long for more.
TSNE_3D = 20_000
_ORDER = (("tsne", 3), ("umap", 3), ("umap", 2), ("tsne", 2))
_BELOW_GRID = ("umap", 2)


def wanted_layouts(methods: Sequence[str], pictures: int) -> list[tuple[str, int]]:
    """Return method and dimensions of the layouts of some pictures, in the order of their start.

    The slowest come first, so that the workers finish at about the same time. The grid is not among
    them: it is made of UMAP in two dimensions in no time.
    """
    wanted = {one for one in _ORDER if one[0] in methods}
    if pictures > TSNE_3D:
        wanted.discard(("tsne", 3))
    if GRID in methods:
        wanted.add(_BELOW_GRID)
    return [one for one in _ORDER if one in wanted]


# Waits for a layout and returns its positions (m, 2 or 3).
Maker = Callable[[], Vectors]


@dataclass(frozen=True)
class PendingLayouts:
    """The layouts of a run while they are being computed.

    Attributes:
        run: the set of m pictures.
        columns: reduced vectors (m, c), in the order of the ids of the run.
        axes: coordinates on the first three principal components (m, 3).
        makers: for each method and number of dimensions, waits for the layout.
    """

    run: Run
    columns: Vectors
    axes: Vectors
    makers: Mapping[tuple[str, int], Maker]

    def views(self, methods: Sequence[str]) -> list[Bookmark]:
        """Return the bookmarks of the pictures; wait until all layouts are computed.

        Args:
            methods: of the layouts, in the order of the list.
        """
        # In the order in which they were begun: the one waited for is one that is computed.
        for make in self.makers.values():
            make()
        views: list[Bookmark] = []
        planes = [Bookmark(f"{TITLES[m]}, 2-D", self.makers[m, 2]()) for m in methods]
        for method, plane in zip(methods, planes, strict=True):
            views.append(replace(plane, flat=True))
            if (method, 3) in self.makers:
                views.append(Bookmark(f"{TITLES[method]}, 3-D", self.makers[method, 3]()))
        views += [replace(plane, name=f"{plane.name}, to zoom in") for plane in planes]
        return [*views, self._flat_axes(), Bookmark("PCA, 3-D", self.axes, "pca")]

    def colored(self, methods: Sequence[str], colors: Sequence[tuple[str, str]]) -> list[Bookmark]:
        """Return the bookmarks of the dots: the first layout in two dimensions, in all colors.

        Args:
            methods: of the layouts; without any, the first two principal components are shown.
            colors: for each bookmark what it is colored by, in words, and the metadata column.
        """
        first = self._flat_axes()
        if methods:
            first = Bookmark(f"{TITLES[methods[0]]}, 2-D", self.makers[methods[0], 2]())
        return [
            replace(first, name=f"{first.name}, colors: {word}", color=column)
            for word, column in colors
        ]

    def _flat_axes(self) -> Bookmark:
        return Bookmark("PCA, 2-D", self.axes[:, :2], "pca")


@dataclass(frozen=True)
class Layouts:
    """Computes the layouts of runs, or loads them from the store.

    Attributes:
        collection: the projected feature.
        methods: of `imgrec.layouts.choices.VIEWS`.
        seed: of the layouts.
        workers: processes that compute; None to compute in this process, on demand.
        windows: runs are parts of the collection, and start from their parts of its whole layout.
        quiet: show no progress.
        used: keys of all layouts that were started, for pruning the others.
    """

    collection: ProjectedFeature
    methods: Sequence[str]
    seed: int = 0
    workers: Workers | None = None
    windows: bool = False
    quiet: bool = True
    used: set[str] = field(default_factory=set)

    def begin(self, run: Run) -> PendingLayouts:
        """Start computing the layouts of a run; do not wait.

        Raises:
            ProjectorError: a vector is not finite.
        """
        columns = self.collection.reduction.take(run.ids)
        axes = main_axes(columns)
        graph = _Graph(self.collection, run, columns)
        wanted = wanted_layouts(self.methods, len(columns))
        makers = {(m, d): self._maker(m, d, run, axes, graph) for m, d in wanted}
        if GRID in self.methods:
            below = makers[_BELOW_GRID]
            makers[GRID, 2] = cache(lambda: grid_layout(below()))
        return PendingLayouts(run, columns, axes, makers)

    def _maker(
        self, method: str, dimensions: int, run: Run, axes: Vectors, graph: "_Graph"
    ) -> Maker:
        window = self._window(dimensions, run)
        key = layout_key(method, dimensions, run.ids, graph.columns, self.seed, window)
        self.used.add(key)
        kept = self.collection.layouts.load(key, (len(axes), dimensions))
        if kept is not None:
            return lambda: kept
        start = axes[:, :dimensions] if window is None else window

        def arguments() -> tuple[str, "csr_array", Vectors, int, bool]:
            return method, graph.weights, start, self.seed, window is not None

        future = self.workers and self.workers.submit(make_layout, *arguments())

        @cache
        def made() -> Vectors:
            with progress(layout_stage(method, dimensions, run.words), quiet=self.quiet):
                try:
                    positions = future.result() if future else make_layout(*arguments())
                except WorkerDiedError:
                    # It was killed, or the system cannot start worker processes.
                    positions = make_layout(*arguments())
                self.collection.layouts.keep(key, positions)
            return positions

        return made

    def _window(self, dimensions: int, run: Run) -> Vectors | None:
        """Return the part (m, c) of a run of the whole layout; None if it is laid out alone."""
        whole = self.collection.whole(dimensions, self.seed) if self.windows else None
        return None if whole is None else whole[self.collection.feature.rows_of(run.ids)]


@dataclass(frozen=True)
class _Graph:
    """The similarity graph of a run, computed when the first layout needs it."""

    collection: ProjectedFeature
    run: Run
    columns: Vectors

    @cached_property
    def weights(self) -> "csr_array":
        """The symmetric edge weights (m, m) of the pictures of the run.

        They are taken from the stored k-NN graph. For an overview, a sparse sample of which the
        stored graph joins hardly a pair, a graph of its own is computed.
        """
        feature, ids = self.collection.feature, self.run.ids
        whole = None if self.run.kind == OVERVIEW else self.collection.graph
        if whole is not None:
            return part_of(whole, feature.rows_of(ids), self.columns)
        return graph_among(feature, ids)
