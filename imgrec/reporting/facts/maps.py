"""Positions of pictures on maps (PCA, UMAP, t-SNE), the same as in the projector; and thumbnails.

Layouts are those that the projector keeps in the store, computed by the same functions from the
same pictures, columns and seed: those of a sample are windows of the layout of the whole, as there
(`imgrec.layouts.whole`), which is computed here if no other command has done so. Where thumbnails
would overlap, some are left out (`shown_without_overlap`) or moved (`moved_apart`); both are
deterministic.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from imgrec.collection import Ids
from imgrec.derived.clusters import Clusters
from imgrec.encoders.spec import EncoderSpec, Vectors
from imgrec.layouts.choices import COLUMNS, OVERVIEW_SIZE
from imgrec.layouts.fuzzy_graph import fuzzy_graph, part_of
from imgrec.layouts.kept import KeptLayouts, graph_among, layout_key, make_layout
from imgrec.layouts.overview import by_chance, groups_of, overview_ids
from imgrec.layouts.reduction import main_axes, reduce_feature
from imgrec.layouts.whole import kept_whole, whole_layout
from imgrec.neighbors.neighbors import Neighbors
from imgrec.store.features import FeatureStore
from imgrec.store.store import Store
from imgrec.system.progress import progress
from imgrec.system.stage_costs import ALL, OVERVIEW, layout_stage

if TYPE_CHECKING:
    from scipy.sparse import csr_array

# Left, top, right and bottom.
Box = tuple[float, float, float, float]


@dataclass(frozen=True)
class Ground:
    """The pictures that are laid out, and what the layouts are computed from.

    Attributes:
        store: open.
        feature: vectors of all pictures.
        ids: (m,) the pictures laid out, ascending: all, or the projector's overview sample.
        columns: (m, c) their principal components.
        variance_kept: share of the variance of the vectors in these columns, 0 to 1.
        neighbors: k-NN graph of all pictures; None if it is missing and too expensive to compute.
        seed: of the layouts.
        quiet: show no progress.
        sampled_from: the groups that a sample is from: communities, clusters or both; "" for all
            pictures.
    """

    store: Store
    feature: FeatureStore
    ids: Ids
    columns: Vectors
    variance_kept: float
    neighbors: Neighbors | None
    seed: int
    quiet: bool = True
    sampled_from: str = ""

    @classmethod
    def of(
        cls,
        store: Store,
        spec: EncoderSpec,
        feature: FeatureStore,
        clusters: Clusters,
        neighbors: Neighbors | None,
        seed: int,
        quiet: bool = True,
    ) -> "Ground":
        """Choose the pictures as the projector does, and reduce their vectors to columns."""
        ids, sampled_from = feature.ids, ""
        if len(feature) > OVERVIEW_SIZE:
            groups = groups_of(store.catalog, clusters)
            ids = overview_ids(clusters, groups, OVERVIEW_SIZE)
            kinds = ((groups > 0).any(), "communities"), ((groups < 0).any(), "clusters")
            sampled_from = " and ".join(kind for there, kind in kinds if there)
        reduction = reduce_feature(store, spec, feature, COLUMNS)
        return cls(
            store,
            feature,
            ids,
            reduction.take(ids),
            reduction.variance_kept,
            neighbors,
            seed,
            quiet,
            sampled_from,
        )

    @cached_property
    def axes(self) -> Vectors:
        """Coordinates (m, 3) on the first three principal axes."""
        return main_axes(self.columns)

    @property
    def axis_names(self) -> tuple[str, str]:
        """Names of the first two axes, with the share of the variance along each."""
        whole = float(self.columns.var(axis=0).sum()) or 1.0
        shares = self.axes.var(axis=0) / whole * self.variance_kept
        first, second = (f"{100 * share:.0f} % of the variance" for share in shares[:2].tolist())
        return f"1st principal component, {first}", f"2nd principal component, {second}"

    def layout(self, method: str) -> Vectors:
        """Return positions (m, 2) by one of `imgrec.layouts.choices.METHODS`, kept in the store."""
        if len(self.ids) < 2:
            return self.axes[:, :2]
        kept = KeptLayouts(self.store, self.feature.name)
        key = layout_key(method, 2, self.ids, self.columns, self.seed, self.window)
        found = kept.load(key, (len(self.ids), 2))
        if found is None:
            which = ALL if len(self.ids) == len(self.feature) else OVERVIEW
            with progress(layout_stage(method, 2, which), quiet=self.quiet):
                found = self._made(method)
                kept.keep(key, found)
        return found

    def _made(self, method: str) -> Vectors:
        if self.window is None:
            return make_layout(method, self._graph, self.axes[:, :2], self.seed, placed=False)
        return make_layout(method, self._graph, self.window, self.seed, placed=True)

    @cached_property
    def window(self) -> Vectors | None:
        """The part (m, 2) of the whole layout, of a sample; None if there is no whole layout."""
        if len(self.ids) == len(self.feature):
            return None
        whole = self._whole()
        return None if whole is None else whole[self.feature.rows_of(self.ids)]

    def _whole(self) -> Vectors | None:
        """Return the positions (n, 2) of all pictures; without k-NN graph those that are kept."""
        neighbors, spec = self.neighbors, self.store.spec(self.feature.name)
        if neighbors is None:
            return kept_whole(self.store, spec, self.feature, 2, self.seed)
        return whole_layout(
            self.store, spec, self.feature, 2, self.seed, lambda: fuzzy_graph(neighbors),
            quiet=self.quiet,
        )  # fmt: skip

    @cached_property
    def _graph(self) -> "csr_array":
        """Fuzzy neighborhood graph (m, m), as in the projector."""
        if self.neighbors is None or len(self.ids) < len(self.feature):
            return graph_among(self.feature, self.ids)
        return part_of(fuzzy_graph(self.neighbors), self.feature.rows_of(self.ids), self.columns)


def shown_without_overlap(
    centers: NDArray[np.floating], side: float, order: Sequence[int], bounds: Box, gap: float = 0
) -> list[int]:
    """Return the rows of the squares that are drawn: greedily in order, without overlap.

    Args:
        centers: (m, 2) centers of the squares.
        side: length of a side, in the unit of the centers.
        order: the rows in the order in which they are tried.
        bounds: a square must lie completely within.
        gap: minimal distance between two squares.
    """
    step = side + gap
    cells: dict[tuple[int, int], list[tuple[float, float]]] = {}
    left, top, right, bottom = bounds
    half, drawn = side / 2, []
    for row in order:
        x, y = float(centers[row, 0]), float(centers[row, 1])
        if x - half < left or x + half > right or y - half < top or y + half > bottom:
            continue
        column, line = int(x // step), int(y // step)
        near = (
            other
            for i in (column - 1, column, column + 1)
            for j in (line - 1, line, line + 1)
            for other in cells.get((i, j), ())
        )
        if all(abs(x - u) >= step or abs(y - v) >= step for u, v in near):
            cells.setdefault((column, line), []).append((x, y))
            drawn.append(row)
    return drawn


def moved_apart(
    centers: NDArray[np.floating], side: float, bounds: Box, gap: float = 2
) -> NDArray[np.float64]:
    """Return centers (m, 2) of squares, each as near to its own as earlier ones allow."""
    step = side + gap
    left, top, right, bottom = bounds
    low, high = np.array([left, top]) + side / 2, np.array([right, bottom]) - side / 2
    placed = np.empty((0, 2))
    offsets = _spiral(step / 4, 1_600)
    for center in np.asarray(centers, np.float64):
        tried = np.clip(np.clip(center, low, high) + offsets, low, high)  # (s, 2)
        apart = np.abs(tried[:, None] - placed[None]).max(axis=2) >= step - 1e-6  # (s, placed)
        free = np.flatnonzero(apart.all(axis=1))
        nearest = free[np.linalg.norm(tried[free] - center, axis=1).argmin()] if len(free) else 0
        placed = np.vstack([placed, tried[nearest]])
    return placed


def chance_order(ids: Ids) -> list[int]:
    """Return the rows of pictures in a pseudo-random order that depends on their ids only."""
    order: list[int] = np.argsort(by_chance(ids), kind="stable").tolist()
    return order


def _spiral(step: float, count: int) -> NDArray[np.float64]:
    """Return points (count, 2) of a sunflower spiral around 0, which covers the plane evenly.

    Source: Vogel 1979, A better way to construct the sunflower head (golden angle).
    """
    turn = np.arange(count)
    angle, radius = turn * np.pi * (3 - 5**0.5), step * np.sqrt(turn)
    return np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=1)
