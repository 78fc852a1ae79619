"""The layout of a whole collection: the map shows it, pages and overviews are windows of it.

A page that is laid out alone starts far from where it ends, and no two pages agree. So all pictures
are laid out once by UMAP, in two and in three dimensions, and kept. A page starts from its part of
these positions: it needs a third of the epochs (a fifth of the iterations of t-SNE), and lies as
the collection does. Whichever command comes first computes it, from the k-NN graph and the
principal components that the store keeps, so that its bytes do not depend on which one that is.

    layouts/<feature>/whole-<c>d/
        kept.json                 version, encoder and seed; for how many pictures it was computed
        ids.npy, owners.npy       (n,) as in `imgrec.derived.rows.Coverage`
        positions.npy             (n, c) float32, in the units of UMAP

Invariant: a picture stays where it is until the collection has grown by half, or more than half of
its pictures are new; then all are laid out anew. So a page to which nothing comes keeps its layout.
A new picture is placed among its neighbors, and goes from there by a short descent in which all
others hold their place: on 3,781 photos of which up to a third is new the layout is then as
trustworthy as one made anew, within .007.
"""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from imgrec.derived.rows import Coverage
from imgrec.encoders.spec import EncoderSpec, Vectors
from imgrec.layouts.choices import COLUMNS
from imgrec.layouts.descent import descend
from imgrec.layouts.reduction import main_axes, reduce_feature
from imgrec.layouts.umap import FEWEST, Positions, umap_positions
from imgrec.store.arrays import all_finite, match
from imgrec.store.features import FeatureStore
from imgrec.store.kept import load, save
from imgrec.store.store import Store
from imgrec.system.json_files import a_number, problem
from imgrec.system.progress import progress
from imgrec.system.stage_costs import COLLECTION, layout_stage

if TYPE_CHECKING:
    from scipy.sparse import csr_array

# Raised whenever the same pictures, all new, would be laid out differently.
VERSION = 2
# Epochs in which new pictures move among those that hold their place; more change little.
_JOINING_EPOCHS = 50
# The factor by which the collection may grow before all of it is laid out again.
GROWTH = 1.5
_STATE = {"sources": [str], "fitted_on": a_number(0, 1 << 40)}


@dataclass(frozen=True)
class WholeLayout:
    """The positions of all pictures of a collection.

    Attributes:
        coverage: the vectors of the pictures.
        positions: (n, c) float32, in the units of UMAP.
        fitted_on: number of pictures when all of them were laid out.
    """

    coverage: Coverage
    positions: Positions
    fitted_on: int

    def places(self, feature: FeatureStore) -> NDArray[np.intp] | None:
        """Return the row (n,) of each picture of a feature, -1 for none; None if it is outgrown."""
        places = self.coverage.places(feature)
        lacking = int((places < 0).sum())
        if len(feature) > GROWTH * self.fitted_on or 2 * lacking > len(feature):
            return None
        return places


def whole_layout(
    store: Store,
    spec: EncoderSpec,
    feature: FeatureStore,
    dimensions: int,
    seed: int,
    graph: Callable[[], "csr_array"],
    *,
    quiet: bool = True,
) -> Positions:
    """Return the positions (n, c) of all pictures of a feature, in the units of UMAP.

    They are kept in the store; where it cannot be written they are not.

    Args:
        store: open.
        spec: of the encoder.
        feature: the vectors.
        dimensions: c, 2 or 3.
        seed: of the layout.
        graph: returns the fuzzy graph (n, n) of all pictures, of `imgrec.neighbors.graph.K`
            neighbors.
        quiet: show no progress.
    """
    kept = load_whole(store, spec, dimensions, seed)
    places = kept.places(feature) if kept else None
    if kept is not None and places is not None and (places >= 0).all():
        return kept.positions[places]
    with progress(layout_stage("umap", dimensions, COLLECTION), quiet=quiet):
        columns = reduce_feature(store, spec, feature, COLUMNS).take(feature.ids)
        start = main_axes(columns)[:, :dimensions]
        if kept is None or places is None:
            positions, fitted_on = umap_positions(graph(), start, seed), len(feature)
        else:
            known, weights = places >= 0, graph()
            positions = np.zeros((len(feature), dimensions), np.float32)
            positions[known] = kept.positions[places[known]]
            positions = placed_among(weights, positions, known, start, seed)
            positions = settled_among(weights, positions, known, seed)
            fitted_on = kept.fitted_on
    _save(store, spec, seed, WholeLayout(Coverage.of(feature), positions, fitted_on))
    return positions


def kept_whole(
    store: Store, spec: EncoderSpec, feature: FeatureStore, dimensions: int, seed: int
) -> Positions | None:
    """Return the positions (n, c) that the store keeps of all pictures; None if it lacks one."""
    kept = load_whole(store, spec, dimensions, seed)
    places = kept.places(feature) if kept else None
    if kept is None or places is None or (places < 0).any():
        return None
    return kept.positions[places]


def placed_among(
    graph: "csr_array",
    positions: Positions,
    known: NDArray[np.bool_],
    start: Vectors,
    seed: int,
) -> Positions:
    """Return positions (n, c) in which pictures without one lie among their neighbors.

    Each goes to the mean of its placed neighbors, by the weights of the edges, in rounds. A group
    that no edge joins to a placed picture goes, scattered, to where the placed picture is that is
    nearest to the middle of the group on the main axes.

    Args:
        graph: (n, n) symmetric.
        positions: (n, c) of the pictures that have one.
        known: (n,) which these are, at least one.
        start: (n, c) coordinates of all on the main axes.
        seed: of the scattering.
    """
    found, placed = np.where(known[:, None], positions, 0).astype(np.float64), known.copy()
    while True:
        weights = graph @ placed.astype(np.float64)
        reached = ~placed & (weights > 0)
        if not reached.any():
            break
        found[reached] = (graph @ found)[reached] / weights[reached, None]
        placed |= reached
    if not placed.all():
        _place_groups(graph, found, np.flatnonzero(~placed), np.flatnonzero(placed), start, seed)
    return np.asarray(found, np.float32)


def _place_groups(
    graph: "csr_array",
    found: NDArray[np.float64],
    lonely: NDArray[np.intp],
    placed: NDArray[np.intp],
    start: Vectors,
    seed: int,
) -> None:
    """Set the positions (n, c) of the groups of some rows (l,) to those of rows that have one."""
    from scipy.sparse.csgraph import connected_components
    from scipy.spatial import cKDTree

    count, group = connected_components(graph[lonely][:, lonely], directed=False)
    sizes = np.bincount(group, minlength=count)
    middles = np.stack([np.bincount(group, column) / sizes for column in start[lonely].T], axis=1)
    nearest = placed[cKDTree(start[placed]).query(middles)[1]]
    noise = np.random.default_rng(seed).standard_normal((len(lonely), found.shape[1]))
    found[lonely] = found[nearest][group] + noise


def settled_among(
    graph: "csr_array", placed: Positions, known: NDArray[np.bool_], seed: int
) -> Positions:
    """Return positions (n, c) in which new pictures have moved, and the known ones stay.

    Args:
        graph: fuzzy neighborhood graph (n, n).
        placed: (n, c), where the new pictures begin.
        known: (n,) pictures that stay.
        seed: of the descent.
    """
    if len(placed) < FEWEST:
        return placed
    return descend(graph, placed, _JOINING_EPOCHS, seed, moving=~known)


def load_whole(store: Store, spec: EncoderSpec, dimensions: int, seed: int) -> WholeLayout | None:
    """Return the kept layout of a whole collection; None where it is absent, stale or damaged."""
    names = ("ids", "owners", "positions")
    kept = load(_folder(store, spec, dimensions), _stamp(spec, seed), names)
    forms = {"ids": "int64 n", "owners": "int32 n", "positions": "float32 n c"}
    if kept is None or problem(kept.state, _STATE):
        return None
    if match(kept.arrays, forms, c=dimensions) is None or not all_finite(kept.arrays["positions"]):
        return None
    sources = tuple(kept.state["sources"])
    coverage = Coverage(kept.arrays["ids"], kept.arrays["owners"], sources)
    if not coverage.is_consistent():
        return None
    return WholeLayout(coverage, kept.arrays["positions"], kept.state["fitted_on"])


def _save(store: Store, spec: EncoderSpec, seed: int, made: WholeLayout) -> None:
    coverage = made.coverage
    arrays: dict[str, NDArray[Any]] = {
        "ids": coverage.ids, "owners": coverage.owners, "positions": made.positions,
    }  # fmt: skip
    state = {"sources": list(coverage.sources), "fitted_on": made.fitted_on}
    folder = _folder(store, spec, made.positions.shape[1])
    with suppress(OSError):
        save(folder, _stamp(spec, seed), arrays, state)


def _folder(store: Store, spec: EncoderSpec, dimensions: int) -> Any:
    return store.paths.layouts(spec.name) / whole_name(dimensions)


def whole_name(dimensions: int) -> str:
    """Return the name of the folder of a whole layout."""
    return f"whole-{dimensions}d"


def _stamp(spec: EncoderSpec, seed: int) -> dict[str, Any]:
    return {"version": VERSION, "encoder": spec.identity(), "seed": seed}
