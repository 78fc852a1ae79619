"""The map of a collection: a two-dimensional layout in which similar pictures are near each other.

It is the layout of the whole collection that the store keeps, of which pages of the projector are
windows (`imgrec.layouts.whole`), centered and with outliers drawn in. Pictures that join a
collection take their places in it, and the others stay where they are.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from imgrec.collection import Ids
from imgrec.distances.axes import fit_axes, sample_ids
from imgrec.distances.metrics import scaled
from imgrec.errors import StoreError
from imgrec.layouts.fuzzy_graph import fuzzy_graph
from imgrec.layouts.umap import Positions, framed
from imgrec.layouts.whole import whole_layout
from imgrec.neighbors.graph import K
from imgrec.neighbors.neighbors import Neighbors
from imgrec.store.features import FeatureStore
from imgrec.store.store import Store

# Sample of vectors from which the principal axes are estimated.
_FIT_ROWS = 32_768
_BLOCK_ROWS = 8_192


@dataclass(frozen=True)
class Map:
    """The position of each picture.

    Attributes:
        ids: catalog ids (n,), int64, ascending.
        positions: (n, 2), float32, x to the right and y up, centered, from -1 to 1.
    """

    ids: Ids
    positions: Positions


def map_of(
    store: Store,
    neighbors: Neighbors,
    name: str | None = None,
    seed: int = 0,
    *,
    quiet: bool = True,
) -> Map:
    """Return the map of a feature; the layout that it is made of is kept in the store.

    Args:
        store: open.
        neighbors: k-NN graph of the feature, of `K` neighbors or more.
        name: of the feature; None for the default feature of the store.
        seed: of the layout; the same seed gives the same bytes.
        quiet: show no progress.

    Raises:
        StoreError: the store has no such feature, or the feature has changed since the k-NN graph
            was read.
    """
    spec, feature = store.spec(name), store.feature(name)
    if not np.array_equal(feature.ids, neighbors.ids):
        raise StoreError(f"{store.path} was changed by another command: run this command again")
    positions = whole_layout(
        store, spec, feature, 2, seed, lambda: fuzzy_graph(neighbors.cut(K)), quiet=quiet
    )
    return Map(feature.ids, framed(positions))


def principal_plane(feature: FeatureStore) -> NDArray[np.float32]:
    """Return the coordinates (n, 2) of the unit vectors on their first two principal axes.

    The coordinates on an axis without variance are 0.
    """
    axes = fit_axes(scaled(feature.take(sample_ids(feature.ids, _FIT_ROWS)), 2), 2)
    plane = np.zeros((len(feature), 2), np.float32)
    for start in range(0, len(feature), _BLOCK_ROWS):
        rows = np.arange(start, min(start + _BLOCK_ROWS, len(feature)))
        found = axes.project(scaled(feature.take_rows(rows), 2))  # (b, 2 or less)
        plane[rows, : found.shape[1]] = found
    return plane
