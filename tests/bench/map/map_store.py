"""A store of many pictures with thumbnails, labels and dates, for the map of it."""

import shutil
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

import thumbnails
from imgrec import Store
from imgrec.collection.kinds import CLASS, COLOR, FOLDER
from imgrec.encoders.spec import EncoderSpec
from imgrec.pictures.preprocessing import Preprocessing
from imgrec.store.parts import write_part
from thumb_parts import write_thumbs

FEATURE = "lite0"
# Dimensions of a vector: enough for clusters, few enough that their neighbors are found soon.
_DIMENSIONS, _CLUSTERS, _SPREAD = 32, 1_500, 0.5
_PART_ROWS = 8192
_ROOT = "/synthetic"
_SEED = 18
_COLORS = ("red", "blue", "green", "white", "black", "yellow")
_A_FOLDER, _CLASSES, _DATED = 500, 300, 0.6


def written(path: Path, count: int, photos: Path | None) -> Path:
    """Write the store if it is not there; return its path. The ids are 1 to `count`.

    Args:
        path: of the store.
        count: number of pictures.
        photos: a store whose thumbnails are taken, over and over; None to generate some.
    """
    if (path / "done").is_file():
        return path
    shutil.rmtree(path, ignore_errors=True)
    rng = np.random.default_rng(_SEED)
    jpegs = _thumbs_of(photos) if photos else thumbnails.generated()
    centers = rng.standard_normal((_CLUSTERS, _DIMENSIONS), np.float32)
    groups = rng.integers(_CLUSTERS, size=count)
    spec = EncoderSpec(FEATURE, _DIMENSIONS, Preprocessing(224, 256), weights="synthetic")
    with Store.create(path) as store, store.writing():
        store.add_feature(spec)
        store.set_encoder(FEATURE)
        _catalog(store, groups, rng)
        for number, start in enumerate(range(0, count, _PART_ROWS)):
            ids = np.arange(start, min(count, start + _PART_ROWS), dtype=np.int64) + 1
            noise = rng.standard_normal((len(ids), _DIMENSIONS), np.float32)
            vectors = centers[groups[ids - 1]] + np.float32(_SPREAD) * noise
            files: dict[str, NDArray[np.generic] | bytes] = {"ids.npy": ids, "vectors.npy": vectors}
            write_part(store.paths.feature(FEATURE), number, files)
            # Equal ones in succession would stay in the cache of the processor.
            own = [jpegs[i * 7919 % len(jpegs)] for i in ids.tolist()]
            write_thumbs(store.paths.thumbs, number, ids, own)
    # Last: a store that has it is whole.
    (path / "done").touch()
    return path


def _thumbs_of(photos: Path) -> Sequence[bytes]:
    with Store.open(photos) as store:
        kept = store.thumbs()
        return [kept.get(i) for i in kept.ids.tolist()]


def _catalog(store: Store, groups: NDArray[np.int64], rng: np.random.Generator) -> None:
    numbers = range(1, len(groups) + 1)
    folders = {i: f"album-{i // _A_FOLDER:04d}" for i in numbers}
    dated = rng.random(len(groups)) < _DATED
    with store.catalog.transaction() as db:
        db.execute("INSERT INTO roots (path) VALUES (?)", [_ROOT])
        db.executemany(
            "INSERT INTO images (id, root_id, path, size, mtime_ns, width, height, format, status) "
            "VALUES (?, 1, ?, ?, ?, 4000, 3000, 'JPEG', 'ok')",
            ((i, f"{folders[i]}/{i:06d}.jpg", 100_000 + i, 10**18 + i) for i in numbers),
        )
        db.executemany(
            "INSERT INTO metadata (image_id, name, value) VALUES (?, 'taken', ?)",
            (
                (i, f"{2004 + i % 20}-{1 + i % 12:02d}-{1 + i % 28:02d}T12:00:00")
                for i in numbers
                if dated[i - 1]
            ),
        )
    labels = store.catalog.labels
    labels.replace(FOLDER, folders)
    labels.replace(COLOR, {i: _COLORS[i % len(_COLORS)] for i in numbers})
    labels.replace(CLASS, {i: f"class {groups[i - 1] % _CLASSES}" for i in numbers})
