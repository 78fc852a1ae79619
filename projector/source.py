"""What all runs of a logdir share: the pictures of one feature, their vectors, labels and pages.

Everything is computed lazily and once, from the store: reduced vectors (PCA), k-means clusters, the
k-NN graph, the partition into pages.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from imgrec.collection import Ids
from imgrec.collection.kinds import CLUSTER, COLOR
from imgrec.derived.clusters import Clusters, clusters_in
from imgrec.encoders.spec import EncoderSpec
from imgrec.labels.community_names import CommunityNames, names_of
from imgrec.layouts.fuzzy_graph import fuzzy_graph
from imgrec.layouts.kept import KeptLayouts
from imgrec.layouts.overview import groups_of, overview_ids
from imgrec.layouts.reduction import Reduction, reduce_feature, unreduced
from imgrec.layouts.umap import Positions
from imgrec.layouts.whole import whole_layout
from imgrec.neighbors.graph import kept_neighbors, neighbors_in
from imgrec.neighbors.neighbors import Neighbors
from imgrec.store.classes import Classes
from imgrec.store.features import FeatureStore, positions
from imgrec.store.store import Store
from imgrec.system import stage_costs
from imgrec.system.progress import progress
from imgrec.system.text import counted
from projector.choices import DIMENSIONS, MAX_POINTS
from projector.errors import ProjectorError
from projector.kept_pages import KeptPages
from projector.pages import Pages, grown_pages, settled_pages, split_pages, without_lonely
from projector.runs import PAGE, Run, page_label, plan_runs

if TYPE_CHECKING:
    from scipy.sparse import csr_array

# Columns beside the labels of the catalog.
CENTER, PAGE_KIND, CLASSES = "center", "page", "classes"
# Those that are for search only: what they hold is too fine to color by.
SEARCHED = (CENTER, PAGE_KIND, CLASSES)
# Least probability of a class beyond the first that is written.
_LEAST_PROBABLE = 0.05
# Most pictures for which a missing k-NN graph is computed, which takes some minutes.
NEIGHBORS_MADE = 1_000_000


@dataclass(frozen=True)
class ProjectedFeature:
    """One feature of a store, prepared for the projector.

    Attributes:
        store: open for reading.
        spec: of the encoder.
        feature: the vectors.
        reduction: vectors reduced by PCA, for pages and layouts.
        tensor: vectors that are written into the tensors, reduced or not.
        clusters: k-means clusters.
        kept: the page partition that is kept in the store.
        layouts: the layouts that are kept in the store.
        quiet: show no progress bar.
    """

    store: Store
    spec: EncoderSpec
    feature: FeatureStore
    reduction: Reduction
    tensor: Reduction
    clusters: Clusters
    kept: KeptPages
    layouts: KeptLayouts
    quiet: bool = True
    _whole: dict[tuple[int, int], Positions] = field(default_factory=dict)

    @classmethod
    def open(
        cls,
        store: Store,
        name: str | None,
        dimensions: int | None,
        clusters: int | None,
        quiet: bool = True,
    ) -> "ProjectedFeature":
        """Open a feature of a store.

        Args:
            store: open for reading.
            name: of the feature; None for the default feature of the store.
            dimensions: principal components in the tensor; None for unreduced vectors.
            clusters: most k-means clusters; None as `clusters_in` takes it.
            quiet: show no progress bar.

        Raises:
            StoreError: the store has no such feature or is damaged.
            ProjectorError: the feature has fewer than two pictures, or a vector is not finite.
        """
        spec, feature = store.spec(name), store.feature(name)
        if len(feature) < 2:
            raise ProjectorError(_too_few(store, spec.name, len(feature)))
        with progress(stage_costs.REDUCTION, quiet=quiet):
            reduction = reduce_feature(store, spec, feature, dimensions or DIMENSIONS)
        with progress(stage_costs.CLUSTERS, quiet=quiet):
            found = clusters_in(store, spec, feature, clusters)
        return cls(
            store,
            spec,
            feature,
            reduction,
            reduction if dimensions else unreduced(feature),
            found,
            KeptPages(store, spec),
            KeptLayouts(store, spec.name),
            quiet,
        )

    @property
    def ids(self) -> Ids:
        """The ids of the pictures, ascending (n,)."""
        return self.feature.ids

    @cached_property
    def neighbors(self) -> Neighbors | None:
        """The k-NN graph of all pictures; None if it is missing and too expensive to compute."""
        if len(self.feature) <= NEIGHBORS_MADE:
            return neighbors_in(self.store, self.spec, self.feature, quiet=self.quiet)
        return kept_neighbors(self.store, self.spec, self.feature)

    @cached_property
    def classes(self) -> Classes | None:
        """The most probable classes of all pictures; None if the store has none."""
        return self.store.classes() if self.store.class_encoders() else None

    @cached_property
    def graph(self) -> "csr_array | None":
        """The fuzzy graph (n, n) of the k-NN graph, as UMAP uses it; None without k-NN graph."""
        neighbors = self.neighbors
        if neighbors is None:
            return None
        with progress(stage_costs.WEIGHTS, quiet=self.quiet):
            return fuzzy_graph(neighbors)

    def whole(self, dimensions: int, seed: int) -> Positions | None:
        """Return the positions (n, dimensions) of all pictures; None without k-NN graph."""
        graph = self.graph
        if graph is None:
            return None
        if (dimensions, seed) not in self._whole:
            self._whole[dimensions, seed] = whole_layout(
                self.store,
                self.spec,
                self.feature,
                dimensions,
                seed,
                lambda: graph,
                quiet=self.quiet,
            )
        return self._whole[dimensions, seed]

    @cached_property
    def groups(self) -> NDArray[np.intp]:
        """The group of each picture (n,): its community, or its cluster if it has none."""
        return groups_of(self.store.catalog, self.clusters)

    @cached_property
    def communities(self) -> CommunityNames:
        """The names of the communities."""
        return names_of(self.store)

    def runs(self, overview: int, page_size: int, *, max_points: int = MAX_POINTS) -> list[Run]:
        """Return the runs of the logdir, and keep the page of each picture in the store.

        Args:
            overview: number of pictures in the overview.
            page_size: most pictures per page.
            max_points: most points in one tensor.
        """
        pages = self._pages(page_size)
        self.kept.save(self.ids, pages, page_size)
        sample = overview_ids(self.clusters, self.groups, overview)
        return plan_runs(self.ids, pages, sample, max_points=max_points)

    def labels(
        self, run: Run, colors: Mapping[int, str], page_of: Mapping[int, int]
    ) -> dict[int, dict[str, str]]:
        """Return the labels of the pictures of a run, by id and kind.

        These are the labels of the catalog, and cluster, cluster center, color word, page, and
        the five most probable classes as text.

        Args:
            run: of this collection.
            colors: color word of each picture, by id.
            page_of: page number of each picture, by id; empty if there are no pages.
        """
        labels = self.store.catalog.labels.of(run.ids)
        rows = self.feature.rows_of(run.ids)
        central = {int(i): n for n, i in enumerate(self.clusters.central, 1) if i > 0}
        for image_id, number in zip(
            run.ids.tolist(), self.clusters.numbers[rows].tolist(), strict=True
        ):
            of_image = labels[image_id]
            of_image[CLUSTER] = str(number)
            of_image[COLOR] = colors.get(image_id, "")
            if image_id in central:
                of_image[CENTER] = str(central[image_id])
            if run.kind != PAGE and image_id in page_of:
                of_image[PAGE_KIND] = page_label(page_of[image_id])
        if self.classes:
            for image_id, text in class_texts(self.classes, run.ids).items():
                labels[image_id][CLASSES] = text
        return labels

    def _pages(self, size: int) -> Pages:
        if len(self.ids) <= size:
            return np.zeros(len(self.ids), np.int32)
        before = self.kept.load(self.ids, size)
        columns = self.reduction.take(self.ids)
        if (before >= 0).any():
            pages = grown_pages(columns, self.groups, before, size)
        else:
            neighbors = self.neighbors
            with progress(stage_costs.PARTITION, quiet=self.quiet):
                pages = split_pages(columns, self.groups, size)
                if neighbors:
                    pages = settled_pages(pages, neighbors.rows(), size)
        return without_lonely(columns, pages)


def class_texts(classes: Classes, ids: Ids) -> dict[int, str]:
    """Return the classes of pictures with their probabilities: "jersey 0.61, sweatshirt 0.09".

    Args:
        classes: of the pictures of a store.
        ids: (m,) of the pictures wanted; those without classes are left out.
    """
    rows = positions(classes.ids, ids)
    known = rows >= 0
    tops, shares = classes.top[rows[known]].tolist(), classes.probabilities[rows[known]].tolist()
    return {
        image_id: ", ".join(
            f"{classes.categories[code]} {share:.2f}"
            for place, (code, share) in enumerate(zip(top, of_top, strict=True))
            if share >= _LEAST_PROBABLE or not place
        )
        for image_id, top, of_top in zip(ids[known].tolist(), tops, shares, strict=True)
    }


def _too_few(store: Store, name: str, count: int) -> str:
    has = f"only {count} readable picture" if count else "no readable pictures"
    more = "run imgrec index on a folder with more pictures"
    if len(store.catalog.ids("ok")) > 1:
        has, more = f"{name!r} of {counted(count, 'picture')}", "choose another --encoder"
    return f"{store.path} has {has}, the projector needs at least 2: {more}"
