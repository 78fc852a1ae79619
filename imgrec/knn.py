"""The k-NN graph of a feature: each picture's nearest by cosine, kept in the store."""

import json
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path

import numpy as np

from imgrec.encoders.spec import EncoderSpec
from imgrec.errors import StoreError
from imgrec.features import FeatureStore
from imgrec.files import new_folder
from imgrec.metrics import COSINE_NOISE, scaled
from imgrec.neighbors import Neighbors
from imgrec.parts import load_array
from imgrec.store import Store

K = 15
_BLOCK_BYTES = 64 << 20


def neighbors_of(store: Store, name: str | None = None, k: int = K) -> Neighbors:
    """Return the k-NN graph of a feature, from the store where it is still right.

    Where pictures came or went since, it is built again and kept. On a store that cannot be
    written it is built and not kept.

    Raises:
        StoreError: there is no such feature, or it has fewer than two pictures.
    """
    return neighbors_in(store, store.spec(name), store.feature(name), k)


def neighbors_in(store: Store, spec: EncoderSpec, feature: FeatureStore, k: int = K) -> Neighbors:
    """Return the k-NN graph of a feature that is open, as `neighbors_of` does.

    Raises:
        StoreError: it has fewer than two pictures.
    """
    if len(feature) < 2:
        raise StoreError(
            f"neighbours need 2 pictures or more, and {store.path} has {len(feature)} with "
            f"{spec.name} vectors: index more"
        )
    kept = kept_neighbors(store, spec, feature, k)
    if kept is not None:
        return kept
    built = exact_neighbors(feature, min(k, len(feature) - 1))
    with suppress(OSError, StoreError), store.writing():  # read-only, full or busy: not kept
        _save(_folder(store, spec), spec, built)
    return built


def kept_neighbors(
    store: Store, spec: EncoderSpec, feature: FeatureStore, k: int = K
) -> Neighbors | None:
    """Return the k-NN graph that the store keeps of a feature, None where it is not right now."""
    return _load(_folder(store, spec), spec, feature, min(k, len(feature) - 1))


def exact_neighbors(feature: FeatureStore, k: int) -> Neighbors:
    """Return the exact k-NN graph under cosine, by blocks of the product with itself.

    Source: numpy, one matrix product a block; memory is the unit vectors (n, d) float32 and
    one block of distances.
    """
    vectors = scaled(feature.load(), 2)
    neighbors = np.empty((len(vectors), k), np.int64)
    distances = np.empty((len(vectors), k), np.float32)
    for rows in _blocks(len(vectors)):
        block = 1 - vectors[rows] @ vectors.T  # (b, n)
        block[block < COSINE_NOISE] = 0
        here = np.arange(len(block))
        block[here, here + rows.start] = np.inf
        nearest = np.argpartition(block, k - 1, axis=1)[:, :k]
        found = np.take_along_axis(block, nearest, axis=1)
        order = np.lexsort((nearest, found), axis=1)
        neighbors[rows] = feature.ids[np.take_along_axis(nearest, order, axis=1)]
        distances[rows] = np.take_along_axis(found, order, axis=1)
    return Neighbors(feature.ids, neighbors, distances)


def closest_id(neighbors: Neighbors, k: int = 5) -> int:
    """Return the id of the picture whose k nearest are nearest: a question that has an answer."""
    return int(neighbors.ids[neighbors.distances[:, :k].mean(axis=1).argmin()])


def _folder(store: Store, spec: EncoderSpec) -> Path:
    return store.path / "knn" / spec.name


def _load(folder: Path, spec: EncoderSpec, feature: FeatureStore, k: int) -> Neighbors | None:
    try:
        made_by = json.loads((folder / "knn.json").read_text("utf-8"))["encoder"]
        arrays = [load_array(folder / f"{name}.npy") for name in ("ids", "neighbors", "distances")]
        kept = Neighbors(*arrays)
    except (OSError, ValueError, LookupError, TypeError, AttributeError, StoreError):
        return None
    same = made_by == asdict(spec) and np.array_equal(kept.ids, feature.ids)
    if not same or kept.k < k:
        return None
    return Neighbors(kept.ids, kept.neighbors[:, :k], kept.distances[:, :k])


def _save(folder: Path, spec: EncoderSpec, built: Neighbors) -> None:
    described = {"k": built.k, "metric": "cosine", "exact": True, "encoder": asdict(spec)}
    with new_folder(folder) as temporary:
        (temporary / "knn.json").write_text(json.dumps(described, indent=2) + "\n", "utf-8")
        np.save(temporary / "ids.npy", built.ids, allow_pickle=False)
        np.save(temporary / "neighbors.npy", built.neighbors, allow_pickle=False)
        np.save(temporary / "distances.npy", built.distances, allow_pickle=False)


def _blocks(count: int) -> Iterator[slice]:
    step = max(1, _BLOCK_BYTES // (4 * count))
    return (slice(start, min(count, start + step)) for start in range(0, count, step))
