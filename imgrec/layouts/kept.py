"""Layouts of pictures, kept in the store as a cache that the projector and the report share.

    layouts/<feature>/<method>-<c>d-<digest>/
        kept.json              the key, which is the name of the folder
        positions.npy          (m, c) float32, c = 2 or 3

The key contains a digest of everything that a layout depends on, so a kept layout is never stale.
A layout that is absent or damaged is computed again.
"""

import hashlib
from contextlib import suppress
from typing import TYPE_CHECKING

import numpy as np

from imgrec.collection import Ids
from imgrec.encoders.spec import Vectors
from imgrec.layouts.choices import GRID
from imgrec.layouts.fuzzy_graph import fuzzy_graph
from imgrec.layouts.tsne import tsne_layout
from imgrec.layouts.umap import Positions, umap_layout
from imgrec.layouts.whole import whole_name
from imgrec.neighbors.graph import K, exact_neighbors
from imgrec.store.arrays import all_finite
from imgrec.store.features import Block, FeatureStore
from imgrec.store.kept import load, save
from imgrec.store.ownership import delete_folder, is_kept
from imgrec.store.store import Store

if TYPE_CHECKING:
    from scipy.sparse import csr_array

TITLES = {"umap": "UMAP", "tsne": "t-SNE", GRID: "Grid"}
# Of UMAP, from positions of the whole layout; half as many are too few for a small corner of it.
_WINDOW_EPOCHS = 100
# Raised whenever the same pictures would be laid out differently.
VERSION = 4
_POSITIONS = "positions"


class KeptLayouts:
    """The layouts kept of one feature."""

    def __init__(self, store: Store, feature: str) -> None:
        self._folder = store.paths.layouts(feature)

    def load(self, key: str, shape: tuple[int, ...]) -> Vectors | None:
        """Return positions (m, c) of this shape; None where they are absent or damaged."""
        kept = load(self._folder / key, {"key": key}, [_POSITIONS])
        if kept is None:
            return None
        positions = kept.arrays[_POSITIONS]
        usable = positions.shape == shape and positions.dtype == np.float32
        return positions if usable and all_finite(positions) else None

    def keep(self, key: str, positions: Vectors) -> None:
        """Write positions (m, c); does nothing where the store cannot be written."""
        with suppress(OSError):
            save(self._folder / key, {"key": key}, {_POSITIONS: positions})

    def prune(self, keys: set[str]) -> None:
        """Delete all layouts but these and the whole ones; what is no layout stays."""
        keys = {*keys, *map(whole_name, (2, 3))}
        for path in self._folder.glob("*"):
            if path.name not in keys and is_kept(path):
                with suppress(OSError):
                    delete_folder(path, self._folder)


def make_layout(
    method: str, graph: "csr_array", start: Vectors, seed: int, placed: bool
) -> Positions:
    """Return the positions (m, c) of pictures by a method, centered, within -1 and 1.

    Args:
        method: one of `METHODS`.
        graph: (m, m) the fuzzy graph of the pictures.
        start: (m, c) their coordinates on the main axes, or positions.
        seed: of the layout.
        placed: the start is their part of a whole layout.
    """
    if method == "tsne":
        return tsne_layout(graph, start, seed, placed=placed)
    return umap_layout(graph, start, seed, _WINDOW_EPOCHS if placed else None, placed=placed)


def layout_key(
    method: str,
    dimensions: int,
    ids: Ids,
    columns: Vectors,
    seed: int,
    start: Vectors | None = None,
) -> str:
    """Return the key of a layout, a digest of everything that it depends on.

    Args:
        method: one of `METHODS`.
        dimensions: 2 or 3.
        ids: (m,) the pictures.
        columns: (m, c) their coordinates, whose main axes are the initial positions.
        seed: of the layout.
        start: (m, c) their part of the whole layout; None if they start from their main axes.
    """
    found = hashlib.sha256(f"{VERSION} {seed} {columns.shape}".encode())
    found.update(ids.astype("<i8").tobytes())
    found.update(np.ascontiguousarray(columns).tobytes())
    if start is not None:
        found.update(np.ascontiguousarray(start).tobytes())
    return f"{method}-{dimensions}d-{found.hexdigest()[:32]}"


def graph_among(feature: FeatureStore, ids: Ids) -> "csr_array":
    """Return the fuzzy graph (m, m) of the nearest neighbors among some pictures (m,) only.

    The graph of the whole collection has hardly an edge between a few thousand sampled pictures.
    """
    own = FeatureStore(feature.name, feature.dimensions, [Block(ids, feature.take(ids))])
    return fuzzy_graph(exact_neighbors(own, min(K, len(ids) - 1)))
