"""A synthetic store: vectors in clusters, like those of an embedding, and color histograms."""

import os
import shutil
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from imgrec import Store
from imgrec.encoders.rgb import RgbHistogram
from imgrec.encoders.spec import EncoderSpec, Vectors
from imgrec.pictures.preprocessing import Preprocessing
from imgrec.store.parts import write_part

DIMENSIONS = 2048
# Row i of the matrix is the picture with id FIRST_ID + i.
FIRST_ID = 1
_PART_ROWS = 1024
_ROOT = "/synthetic"
_SEED = 20
_CLUSTERS, _SUPERS, _LATENT, _BUMPS = 3000, 80, 64, 3
# The minimum of the mean cluster size.
_LEAST_ROWS = 20
_PIXELS = 224 * 224

_EMBEDDING = EncoderSpec(
    name="resnet50",
    dimensions=DIMENSIONS,
    preprocessing=Preprocessing(crop_px=224, resize_px=232, fit="crop"),
    weights="synthetic",
    in_worker=False,
)
_RGB = RgbHistogram().spec


@dataclass(frozen=True)
class Place:
    """The folder of a collection of one size, and its files.

    Attributes:
        folder: of all files.
        count: of the pictures.
        dimensions: of the embedding.
        rgb: whether there are color histograms too.
    """

    folder: Path
    count: int
    dimensions: int = DIMENSIONS
    rgb: bool = True

    @property
    def embedding(self) -> EncoderSpec:
        """The spec of the embedding."""
        return replace(_EMBEDDING, dimensions=self.dimensions)

    @property
    def specs(self) -> tuple[EncoderSpec, ...]:
        """The specs of all features."""
        return (self.embedding, _RGB) if self.rgb else (self.embedding,)

    @property
    def store(self) -> Path:
        """The path of the store of imgrec."""
        return self.folder / "store"

    @property
    def matrix(self) -> Path:
        """The path of the vectors (n, d) in one `.npy` file, for the other libraries."""
        return self.folder / "matrix.npy"


@dataclass(frozen=True)
class Shape:
    """The parameters that all parts share.

    Attributes:
        share: (c,) share of the pictures in each of c clusters; sums to 1.
        centers: (c, 64) cluster centers in the latent space.
        layer: (64, d) random linear layer from the latent space to the vectors.
        bumps: (c, 3 channels, 3 bumps, 3) position, width and weight of each bump.
    """

    share: NDArray[np.float64]
    centers: Vectors
    layer: Vectors
    bumps: Vectors


def written(place: Place) -> None:
    """Write the store and the matrix, on all cores."""
    shutil.rmtree(place.folder, ignore_errors=True)
    place.folder.mkdir(parents=True)
    with Store.create(place.store) as store, store.writing():
        for spec in place.specs:
            store.add_feature(spec)
        store.set_encoder(place.embedding.name)
        _catalog(store, place.count)
        with ProcessPoolExecutor(os.cpu_count()) as pool:
            numbers = range(-(-place.count // _PART_ROWS))
            list(pool.map(partial(_write, place), numbers, chunksize=8))
        _join(store, place)


def opened(place: Place) -> Vectors:
    """Return the matrix (n, d), memory-mapped and in the page cache."""
    matrix: Vectors = np.load(place.matrix, mmap_mode="r", allow_pickle=False)
    for start in range(0, len(matrix), 8 * _PART_ROWS):
        matrix[start : start + 8 * _PART_ROWS].max()
    return matrix


def synthetic(count: int, dimensions: int = DIMENSIONS) -> Vectors:
    """Return the embedding (n, d) of a collection of this size, without writing it."""
    shape = shape_of(count, dimensions)
    made = np.empty((count, dimensions), np.float32)
    for number, first in enumerate(range(0, count, _PART_ROWS)):
        part = made[first : first + _PART_ROWS]
        rng = np.random.default_rng([_SEED, number])
        part[:] = vectors_of(shape, rng.choice(len(shape.share), len(part), p=shape.share), rng)
    return made


def _catalog(store: Store, count: int) -> None:
    folders = [f"part-{row // _PART_ROWS:04d}" for row in range(count)]
    with store.catalog.transaction() as db:
        db.execute("INSERT INTO roots (path) VALUES (?)", [_ROOT])
        db.executemany(
            "INSERT INTO images (id, root_id, path, size, mtime_ns, width, height, format, status) "
            "VALUES (?, 1, ?, ?, ?, 500, 375, 'JPEG', 'ok')",
            (
                (row + FIRST_ID, f"{folder}/{row:06d}.jpg", 100_000 + row, 10**18 + row)
                for row, folder in enumerate(folders)
            ),
        )
    store.catalog.labels.replace("folder", dict(enumerate(folders, start=FIRST_ID)))


def _write(place: Place, number: int) -> None:
    first = number * _PART_ROWS
    m = min(_PART_ROWS, place.count - first)
    shape = shape_of(place.count, place.dimensions)
    rng = np.random.default_rng([_SEED, number])
    clusters = rng.choice(len(shape.share), m, p=shape.share)
    ids = np.arange(first, first + m, dtype=np.int64) + FIRST_ID
    # The other cores compute other parts.
    with threadpool_limits(1):
        made = [vectors_of(shape, clusters, rng)]
        made += [_histograms(shape, clusters, rng)] if place.rgb else []
    for spec, vectors in zip(place.specs, made, strict=True):
        folder = place.store / "features" / spec.name
        write_part(folder, number, {"ids.npy": ids, "vectors.npy": vectors})


def shape_of(count: int, dimensions: int) -> Shape:
    rng = np.random.default_rng(_SEED)
    clusters = max(1, min(_CLUSTERS, count // _LEAST_ROWS))
    supers = rng.standard_normal((_SUPERS, _LATENT), np.float32)
    around = rng.standard_normal((clusters, _LATENT), np.float32)
    share = np.arange(1, clusters + 1) ** -0.8
    size = (clusters, 3, _BUMPS)
    bumps = np.stack(
        [rng.uniform(0, 256, size), rng.uniform(6, 40, size), rng.uniform(0.1, 1, size)], axis=-1
    )
    return Shape(
        share=share / share.sum(),
        centers=supers[rng.integers(_SUPERS, size=clusters)] + np.float32(0.6) * around,
        layer=rng.standard_normal((_LATENT, dimensions), np.float32) / 8,
        bumps=bumps.astype(np.float32),
    )


def vectors_of(shape: Shape, clusters: NDArray[np.int64], rng: np.random.Generator) -> Vectors:
    """Return unit vectors (m, d) without negative values, as after ReLU and pooling."""
    noise = rng.standard_normal((len(clusters), _LATENT), np.float32)
    latent = shape.centers[clusters] + np.float32(0.35) * noise  # (m, 64)
    vectors = np.maximum(latent @ shape.layer, 0)  # (m, d)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    return vectors


def _histograms(shape: Shape, clusters: NDArray[np.int64], rng: np.random.Generator) -> Vectors:
    """Return histograms (m, 768): the shifted, noisy bumps of a cluster; channels sum to 1/3."""
    m = len(clusters)
    moved = rng.standard_normal((m, 3, _BUMPS, 3), np.float32)
    places, widths, weights = np.moveaxis(shape.bumps[clusters], -1, 0)[..., None]
    places = places + 10 * moved[..., :1]  # (m, 3, bumps, 1)
    widths = widths * np.exp(0.2 * moved[..., 1:2])
    weights = weights * np.exp(0.4 * moved[..., 2:])
    levels = np.arange(256, dtype=np.float32)
    expected = np.zeros((m, 3, 256), np.float32)
    for bump in range(_BUMPS):
        distance = (levels - places[:, :, bump]) / widths[:, :, bump]  # (m, 3, 256)
        expected += weights[:, :, bump] / widths[:, :, bump] * np.exp(-0.5 * distance**2)
    expected *= _PIXELS / expected.sum(axis=2, keepdims=True)
    rough = rng.standard_normal(expected.shape, np.float32) * (0.15 * expected + 4)
    # Most empty bins stay 0.
    counts = np.floor(np.maximum(expected + rough - 4, 0))
    shares: Vectors = counts / (3 * counts.sum(axis=2, keepdims=True))
    return shares.reshape(m, -1)


def _join(store: Store, place: Place) -> None:
    header = {"descr": "<f4", "fortran_order": False, "shape": (place.count, place.dimensions)}
    temporary = place.matrix.with_suffix(".tmp")
    with temporary.open("wb") as file:
        np.lib.format.write_array_header_1_0(file, header)
        for _, vectors in store.feature(place.embedding.name).slices():
            file.write(vectors.data)
    # Renamed last: if the matrix exists, the folder is complete.
    temporary.rename(place.matrix)
