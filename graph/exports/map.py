"""The map of a collection: a place for each picture, similar ones near each other.

    graph/<feature>/
        kept.json              what it was made from
        ids.npy, map.npy       (n,) catalog ids, (n, 2) float32

Nothing of it is needed: what is absent, damaged, old or cannot be written is made anew.
"""

import hashlib
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from graph.choices import JOINED
from graph.exports.edges import edge_blocks
from imgrec.collection import Ids
from imgrec.distances.axes import fit_axes, sample_ids
from imgrec.distances.metrics import scaled
from imgrec.errors import StoreError
from imgrec.layouts.umap import Positions, umap_layout
from imgrec.neighbors.neighbors import Neighbors
from imgrec.store.features import FeatureStore
from imgrec.store.kept import load, save
from imgrec.store.store import Store

if TYPE_CHECKING:
    from scipy.sparse import csr_array

VERSION = 1  # raised whenever the same neighbors would be laid out otherwise
_FIT_ROWS = 32_768
_BLOCK_ROWS = 8_192


@dataclass(frozen=True)
class Map:
    """Where each picture stands.

    Attributes:
        ids: (n,) int64, ascending.
        positions: (n, 2) float32, x to the right and y up, from -1 to 1, 0 in the middle.
    """

    ids: Ids
    positions: Positions


def map_of(store: Store, neighbors: Neighbors, name: str | None = None, seed: int = 0) -> Map:
    """Return the map of a feature, from the store where it was made from the same neighbors.

    On a store that cannot be written it is made and not kept.

    Args:
        store: open.
        neighbors: of the feature.
        name: of the feature, by default the store's own.
        seed: the same gives the same bytes.

    Raises:
        StoreError: there is no such feature, or it has other pictures than the neighbors.
    """
    spec, feature = store.spec(name), store.feature(name)
    if not np.array_equal(feature.ids, neighbors.ids):
        raise StoreError(f"{store.path} has changed meanwhile: run the same command again")
    folder = store.paths.map(spec.name)
    made_from = _made_from(neighbors, seed)
    kept = _load(folder, made_from)
    if kept is not None:
        return kept
    made = Map(neighbors.ids, lay_out(neighbors, principal_plane(feature), seed))
    with suppress(OSError):  # a store that is read-only or full
        _save(folder, made_from, made)
    return made


def lay_out(neighbors: Neighbors, start: NDArray[np.floating], seed: int = 0) -> Positions:
    """Return positions (n, 2) of pictures, centered, from -1 to 1.

    They begin at `start` and are drawn together by the edges of the network, apart by chance
    pairs. Where to begin decides how groups without edges between them stand to each other.

    Args:
        neighbors: of every picture.
        start: (n, 2) finite, in any unit.
        seed: the same gives the same bytes.

    Raises:
        ImgrecError: umap-learn finds no place for what it compiles.

    Source: `imgrec.layouts.umap`.
    """
    return umap_layout(_adjacency(neighbors), start, seed)


def principal_plane(feature: FeatureStore) -> NDArray[np.float32]:
    """Return the coordinates (n, 2) of unit vectors on the two axes along which they spread most.

    An axis along which nothing differs is 0.
    """
    axes = fit_axes(scaled(feature.take(sample_ids(feature.ids, _FIT_ROWS)), 2), 2)
    plane = np.zeros((len(feature), 2), np.float32)
    for start in range(0, len(feature), _BLOCK_ROWS):
        rows = np.arange(start, min(start + _BLOCK_ROWS, len(feature)))
        found = axes.project(scaled(feature.take_rows(rows), 2))  # (b, 2 or less)
        plane[rows, : found.shape[1]] = found
    return plane


def _adjacency(neighbors: Neighbors) -> "csr_array":
    """The weights (n, n) of the edges, both ways."""
    from scipy.sparse import coo_array

    blocks = list(edge_blocks(neighbors))
    rows = np.concatenate([block.rows for block in blocks]).astype(np.int32)
    others = np.concatenate([block.others for block in blocks]).astype(np.int32)
    weights = np.concatenate([block.weights for block in blocks], dtype=np.float32)
    n = len(neighbors.ids)
    half = coo_array((weights, (rows, others)), shape=(n, n)).tocsr()
    whole = (half + half.T).tocsr()
    whole.sort_indices()
    return whole


def _made_from(neighbors: Neighbors, seed: int) -> dict[str, Any]:
    """What a map hangs on: the neighbors that become edges, and how they are laid out."""
    digest = hashlib.blake2b(neighbors.ids.tobytes(), digest_size=16)
    for start in range(0, len(neighbors.ids), _BLOCK_ROWS):
        rows = slice(start, start + _BLOCK_ROWS)
        digest.update(np.ascontiguousarray(neighbors.neighbors[rows, :JOINED]).tobytes())
        digest.update(np.ascontiguousarray(neighbors.distances[rows, :JOINED]).tobytes())
    return {"version": VERSION, "seed": seed, "neighbors": digest.hexdigest()}


def _load(folder: Path, made_from: dict[str, Any]) -> Map | None:
    kept = load(folder, made_from, ("ids", "map"))
    return Map(kept.arrays["ids"], kept.arrays["map"]) if kept else None


def _save(folder: Path, made_from: dict[str, Any], made: Map) -> None:
    save(folder, made_from, {"ids": made.ids, "map": made.positions})
