"""A store of many vectors with thumbnails, as indexing photographs with `lite0` leaves it."""

import io
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter

from imgrec import Store
from imgrec.derived.kept import update_indexes
from imgrec.encoders.spec import EncoderSpec
from imgrec.pictures.preprocessing import Preprocessing
from imgrec.store.parts import write_part
from thumb_parts import write_thumbs

FEATURE = "lite0"
_SPEC = EncoderSpec(
    name=FEATURE, dimensions=1280, preprocessing=Preprocessing(224, 256), weights="synthetic"
)
_ROOT = "/synthetic"
_PART_ROWS = 8192
_LATENT, _CLUSTERS = 64, 3000
# Different thumbnails; the others repeat them.
_THUMBS, _SIDE_PX = 256, 128
_SEED = 17


def written(path: Path, count: int, dimensions: int) -> Path:
    """Write the store if it is not there; return its path. The ids are 1 to `count`."""
    if (path / "done").is_file():
        # An older version may have left it, whose indexes would not be used.
        with Store.create(path) as store, store.writing():
            update_indexes(store)
        return path
    shutil.rmtree(path, ignore_errors=True)
    rng = np.random.default_rng(_SEED)
    centers = rng.standard_normal((_CLUSTERS, _LATENT), np.float32)
    layer = rng.standard_normal((_LATENT, dimensions), np.float32) / 8
    jpegs = [_jpeg(rng) for _ in range(_THUMBS)]
    with Store.create(path) as store, store.writing():
        store.add_feature(replace(_SPEC, dimensions=dimensions))
        store.set_encoder(FEATURE)
        _catalog(store, count)
        for number, start in enumerate(range(0, count, _PART_ROWS)):
            ids = np.arange(start, min(count, start + _PART_ROWS), dtype=np.int64) + 1
            vectors = _vectors(centers, layer, len(ids), rng)
            files: dict[str, NDArray[np.generic] | bytes] = {"ids.npy": ids, "vectors.npy": vectors}
            write_part(store.paths.feature(FEATURE), number, files)
            write_thumbs(store.paths.thumbs, number, ids, [jpegs[i % _THUMBS] for i in ids])
        update_indexes(store)
    # Last: a store that has it is whole.
    (path / "done").touch()
    return path


def _catalog(store: Store, count: int) -> None:
    folders = [f"album-{row // 500:04d}" for row in range(count)]
    with store.catalog.transaction() as db:
        db.execute("INSERT INTO roots (path) VALUES (?)", [_ROOT])
        db.executemany(
            "INSERT INTO images (id, root_id, path, size, mtime_ns, width, height, format, status) "
            "VALUES (?, 1, ?, ?, ?, 500, 375, 'JPEG', 'ok')",
            (
                (row + 1, f"{folder}/{row:06d}.jpg", 100_000 + row, 10**18 + row)
                for row, folder in enumerate(folders)
            ),
        )
    store.catalog.labels.replace("folder", dict(enumerate(folders, start=1)))
    colors = ["red", "blue", "green", "white", "black", "yellow"]
    store.catalog.labels.replace("color", {i + 1: colors[i % len(colors)] for i in range(count)})


def _vectors(
    centers: NDArray[np.float32], layer: NDArray[np.float32], count: int, rng: np.random.Generator
) -> NDArray[np.float32]:
    """Return unit vectors (count, d) in clusters, without negative values, as after ReLU."""
    noise = rng.standard_normal((count, _LATENT), np.float32)
    latent = centers[rng.integers(len(centers), size=count)] + np.float32(0.35) * noise
    vectors: NDArray[np.float32] = np.maximum(latent @ layer, 0)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    return vectors


def _jpeg(rng: np.random.Generator) -> bytes:
    pixels = rng.integers(0, 256, (6, 8, 3), dtype=np.uint8)
    large = Image.fromarray(pixels).resize((_SIDE_PX, _SIDE_PX * 3 // 4), Image.Resampling.BICUBIC)
    grain = Image.effect_noise(large.size, 24).convert("RGB").filter(ImageFilter.BLUR)
    buffer = io.BytesIO()
    Image.blend(large, grain, 0.25).save(buffer, "JPEG", quality=80)
    return buffer.getvalue()
