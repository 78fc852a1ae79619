"""Stores of chosen vectors without pictures, in several parts, that tests can extend and change."""

import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from imgrec.derived.kept import update_indexes
from imgrec.encoders.rgb import RgbHistogram
from imgrec.encoders.spec import EncoderSpec
from imgrec.pictures.preprocessing import Preprocessing
from imgrec.store.parts import part_numbers, write_part
from imgrec.store.store import Store

Vectors = NDArray[np.float32]


def spec_of(name: str, dimensions: int) -> EncoderSpec:
    """Return the spec of a histogram for `rgb`, else of an embedding."""
    if name == "rgb":
        return RgbHistogram(dimensions // 3).spec
    return EncoderSpec(name, dimensions, Preprocessing(8, 8))


def clustered(count: int, dimensions: int, seed: int = 0) -> Vectors:
    """Return vectors (count, dimensions) in clusters, of various norms, with negative values."""
    rng = np.random.default_rng(seed)
    centers = rng.normal(size=(max(2, count // 30), 12))
    latent = centers[rng.integers(len(centers), size=count)] + 0.4 * rng.normal(size=(count, 12))
    vectors = latent @ rng.normal(size=(12, dimensions)) + 0.3 * rng.normal(
        size=(count, dimensions)
    )
    return vectors.astype(np.float32)


def histograms(count: int, dimensions: int, seed: int = 1) -> Vectors:
    """Return histograms (count, dimensions): not negative, sums of 1, some bins empty."""
    raw = np.maximum(clustered(count, dimensions, seed), 0) + 1e-9
    return (raw / raw.sum(axis=1, keepdims=True)).astype(np.float32)


def make(path: Path, features: Mapping[str, Vectors], part_rows: int = 500) -> Path:
    """Make a store with ids 1 to n, labels `half` = low or high, and paths f<i % 7>/<i>."""
    count = len(next(iter(features.values())))
    with Store.create(path) as store:
        store.catalog.db.execute("INSERT INTO roots (id, path) VALUES (1, '/pictures')")
        store.set_encoder(next(iter(features)))
    add_pictures(path, range(1, count + 1))
    for name, vectors in features.items():
        for start in range(0, count, part_rows):
            ids = np.arange(start + 1, min(count, start + part_rows) + 1)
            add_part(path, name, ids, vectors[ids - 1])
    return path


def add_pictures(path: Path, ids: Sequence[int]) -> None:
    with Store.create(path) as store:
        store.catalog.db.executemany(
            "INSERT INTO images (id, root_id, path, size, mtime_ns, status) "
            "VALUES (?, 1, ?, 1, 1, 'ok')",
            [(i, f"f{i % 7}/{i:06d}.jpg") for i in ids],
        )
        every = store.catalog.ids("ok").tolist()
        halves = {i: "low" if i <= max(every) // 2 else "high" for i in every}
        store.catalog.labels.replace("half", halves)


def add_part(path: Path, name: str, ids: NDArray[np.int64], vectors: Vectors) -> None:
    with Store.create(path) as store:
        store.add_feature(spec_of(name, vectors.shape[1]))
        folder = store.paths.feature(name)
        number = 1 + max(part_numbers(folder), default=-1)
        write_part(folder, number, {"ids.npy": ids.astype(np.int64), "vectors.npy": vectors})


def remove(path: Path, ids: Sequence[int]) -> None:
    """Set the status of pictures to missing."""
    with Store.create(path) as store, store.catalog.transaction() as db:
        db.executemany(
            "UPDATE images SET status = 'missing' WHERE id = ?", [(int(i),) for i in ids]
        )


def rebuild(path: Path, name: str, vectors: Vectors) -> None:
    """Replace the vectors of the ids 1 to n, as a new version of the encoder does."""
    shutil.rmtree(path / "features" / name)
    add_part(path, name, np.arange(1, len(vectors) + 1), vectors)


def update(path: Path, *, hnsw: bool = True) -> list[str]:
    """Update the indexes, with a sketch of even the smallest feature; return the lines said."""
    with Store.create(path) as store, store.writing():
        return update_indexes(store, hnsw=hnsw, sketch_values=0)
