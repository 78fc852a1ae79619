"""Layouts of some pictures, kept in the store: whoever wants one first makes it for all.

    layouts/<feature>/<method>-<c>d-<digest>/
        kept.json              its own name, and the checksum
        positions.npy          (m, c) float32, c = 2 or 3

The name is made of all that a layout hangs on. Nothing here is needed: what is absent, damaged
or cannot be written is made anew.
"""

import hashlib
import shutil
from contextlib import suppress
from typing import TYPE_CHECKING

import numpy as np

from imgrec.collection import Ids
from imgrec.distances.axes import fit_axes
from imgrec.encoders.spec import Vectors
from imgrec.layouts.fuzzy_graph import fuzzy_graph
from imgrec.layouts.tsne import tsne_layout
from imgrec.layouts.umap import umap_layout
from imgrec.neighbors.graph import K, exact_neighbors
from imgrec.store.features import Block, FeatureStore
from imgrec.store.kept import load, save
from imgrec.store.store import Store

if TYPE_CHECKING:
    from scipy.sparse import csr_array

TITLES = {"umap": "UMAP", "tsne": "t-SNE"}
MAKERS = {"umap": umap_layout, "tsne": tsne_layout}
VERSION = 2  # raised whenever the same pictures would be laid out otherwise
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
        usable = positions.shape == shape and np.isfinite(positions).all()
        return positions if usable else None

    def keep(self, key: str, positions: Vectors) -> None:
        """Write positions (m, c); does nothing where the store cannot be written."""
        with suppress(OSError):
            save(self._folder / key, {"key": key}, {_POSITIONS: positions})

    def prune(self, keys: set[str]) -> None:
        """Delete all layouts but these."""
        for path in self._folder.glob("*"):
            if path.name not in keys:
                shutil.rmtree(path, ignore_errors=True)


def layout_key(method: str, dimensions: int, ids: Ids, columns: Vectors, seed: int) -> str:
    """Return the name of a layout.

    Args:
        method: of `METHODS`.
        dimensions: 2 or 3.
        ids: (m,) the pictures.
        columns: (m, c) of them, whose main axes it begins with.
        seed: of the layout.
    """
    found = hashlib.sha256(f"{VERSION} {seed} {columns.shape}".encode())
    found.update(ids.astype("<i8").tobytes())
    found.update(np.ascontiguousarray(columns).tobytes())
    return f"{method}-{dimensions}d-{found.hexdigest()[:32]}"


def main_axes(columns: Vectors) -> Vectors:
    """Return rows on the three axes along which they spread most (m, 3), 0 beyond the last."""
    axes = np.zeros((len(columns), 3), np.float32)
    found = fit_axes(columns, 3).project(columns)
    axes[:, : found.shape[1]] = found
    return axes


def graph_among(feature: FeatureStore, ids: Ids) -> "csr_array":
    """Return how like some pictures (m,) are to each other alone, as weights (m, m).

    Of a few thousand pictures of many the graph of all of them knows hardly a pair.
    """
    own = FeatureStore(feature.name, feature.dimensions, [Block(ids, feature.take(ids))])
    return fuzzy_graph(exact_neighbors(own, min(K, len(ids) - 1)))
