"""The map of a collection: a two-dimensional layout in which similar pictures are near each other.

The weighted edges of the network are laid out by UMAP, which starts from the principal plane of the
vectors, so that unconnected groups get meaningful places too. The result is kept in the store:

    graph/<feature>/
        kept.json              stamp (what the map depends on) and checksums
        ids.npy, map.npy       (n,) catalog ids, (n, 2) float32

This is a cache: a map that is absent, damaged or stale is computed again, and if the store cannot
be written, the map is not kept.
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
from imgrec.store.arrays import all_finite, match
from imgrec.store.features import FeatureStore
from imgrec.store.kept import load, save
from imgrec.store.store import Store
from imgrec.system.progress import progress
from imgrec.system.stage_costs import layout_stage

if TYPE_CHECKING:
    from scipy.sparse import csr_array

# Part of the stamp. Increase it when the same neighbors would get a different layout.
VERSION = 3
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
    """Return the map of a feature: the kept one if it is up to date, else a new one.

    Args:
        store: open.
        neighbors: k-NN graph of the feature.
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
    folder = store.paths.map(spec.name)
    made_from = _made_from(neighbors, seed)
    kept = _load(folder, made_from)
    if kept is not None and np.array_equal(kept.ids, neighbors.ids):
        return kept
    with progress(layout_stage("umap", 2), quiet=quiet):
        made = Map(neighbors.ids, lay_out(neighbors, principal_plane(feature), seed))
    # The store may be read-only, or the disk full.
    with suppress(OSError):
        _save(folder, made_from, made)
    return made


def lay_out(neighbors: Neighbors, start: NDArray[np.floating], seed: int = 0) -> Positions:
    """Return positions (n, 2) of pictures, centered, from -1 to 1, by UMAP.

    Edges attract their endpoints, and random pairs repel each other (negative sampling). The
    placement of groups that no edge connects comes from `start`.

    Args:
        neighbors: k-NN graph of all pictures.
        start: initial positions (n, 2), finite, in any unit.
        seed: of the random pairs; the same seed gives the same bytes.

    Source: `imgrec.layouts.umap`.
    """
    return umap_layout(_adjacency(neighbors), start, seed)


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


def _adjacency(neighbors: Neighbors) -> "csr_array":
    """Return the symmetric matrix (n, n) of the edge weights."""
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
    """Return the stamp of a map: everything that determines it, with a digest of the neighbors."""
    digest = hashlib.blake2b(neighbors.ids.tobytes(), digest_size=16)
    for start in range(0, len(neighbors.ids), _BLOCK_ROWS):
        rows = slice(start, start + _BLOCK_ROWS)
        digest.update(np.ascontiguousarray(neighbors.neighbors[rows, :JOINED]).tobytes())
        digest.update(np.ascontiguousarray(neighbors.distances[rows, :JOINED]).tobytes())
    return {"version": VERSION, "seed": seed, "neighbors": digest.hexdigest()}


def _load(folder: Path, made_from: dict[str, Any]) -> Map | None:
    kept = load(folder, made_from, ("ids", "map"))
    if (
        kept is None
        or match(kept.arrays, {"ids": "int64 n", "map": "float32 n two"}, two=2) is None
    ):
        return None
    if not all_finite(kept.arrays["map"]):
        return None
    return Map(kept.arrays["ids"], kept.arrays["map"])


def _save(folder: Path, made_from: dict[str, Any], made: Map) -> None:
    save(folder, made_from, {"ids": made.ids, "map": made.positions})
