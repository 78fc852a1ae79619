"""Layouts of some pictures, kept in the store: whoever wants one first makes it for all.

    layouts/<feature>/<method>-<c>d-<digest>.npy    (m, c) float32, c = 2 or 3

The name is made of all that a layout hangs on. Nothing here is needed: what is absent, damaged
or cannot be written is made anew.
"""

import hashlib
import io
from contextlib import suppress
from pathlib import Path
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
from imgrec.store.store import Store
from imgrec.system.atomic_files import write_bytes

if TYPE_CHECKING:
    from scipy.sparse import csr_array

TITLES = {"umap": "UMAP", "tsne": "t-SNE"}
MAKERS = {"umap": umap_layout, "tsne": tsne_layout}
VERSION = 2  # raised whenever the same pictures would be laid out otherwise


class KeptLayouts:
    """The layouts of one feature, there or not."""

    def __init__(self, store: Store, feature: str) -> None:
        self._folder = store.path / "layouts" / feature

    def load(self, key: str, shape: tuple[int, ...]) -> Vectors | None:
        """Return positions (m, c) of this shape, None where there are none."""
        with suppress(OSError, ValueError, EOFError):
            positions: Vectors = np.load(self._path(key), allow_pickle=False)
            if positions.shape == shape and np.isfinite(positions).all():
                return positions
        return None

    def keep(self, key: str, positions: Vectors) -> None:
        """Write positions (m, c)."""
        buffer = io.BytesIO()
        np.save(buffer, positions, allow_pickle=False)
        with suppress(OSError):  # a store that is read-only or full
            self._folder.mkdir(parents=True, exist_ok=True)
            write_bytes(self._path(key), buffer.getvalue())

    def prune(self, keys: set[str]) -> None:
        """Delete all layouts but these."""
        for path in self._folder.glob("*"):
            if path.stem not in keys:
                with suppress(OSError):
                    path.unlink()

    def _path(self, key: str) -> Path:
        return self._folder / f"{key}.npy"


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
