"""A store whose pictures have odd paths and labels, and the same questions to any engine."""

from collections.abc import Callable
from pathlib import Path

import numpy as np

from imgrec import Recommender, Store
from imgrec.system.file_names import text
from vector_stores import Vectors, clustered, histograms, make

COUNT, DIMENSIONS, PART_ROWS = 2500, 24, 700
# By id; the last byte of the first one is not UTF-8.
ODD_PATHS = {
    3: "odd/\udcff.jpg",
    5: "odd/猫 ü.jpg",
    7: "odd/a\nb\"'.jpg",
    9: "odd/u\u0308.jpg",
}
# Of pictures 1 and 2; commas stand within a value and between several.
COLLECTIONS = {1: ["a, b", "c"], 2: ["c"]}
# Nearest ids (k,) and distances (k,) to the vector of a picture, which may be among them.
Ask = Callable[[Vectors, int], tuple[list[int], list[float]]]


def exotic_store(path: Path, half: tuple[str, ...] = ()) -> Path:
    """Make a store of `lite0`, `mini` and `rgb` vectors.

    Args:
        path: of the store.
        half: the features that are stored as float16.
    """
    features = {
        "lite0": clustered(COUNT, DIMENSIONS),
        "mini": clustered(COUNT, 16, seed=3),
        "rgb": histograms(COUNT, 12),
    }
    features = {n: v.astype("f2") if n in half else v for n, v in features.items()}
    make(path, features, PART_ROWS)
    with Store.create(path) as store, store.catalog.transaction() as db:
        db.executemany(
            "UPDATE images SET path = CAST(? AS TEXT), digest = 'd' || id WHERE id = ?",
            [(text(name), i) for i, name in ODD_PATHS.items()],
        )
        db.execute("UPDATE images SET digest = printf('%032x', id)")
        db.executemany(
            "INSERT INTO labels (image_id, kind, value) VALUES (?, 'collection', ?)",
            [(i, value) for i, values in COLLECTIONS.items() for value in values],
        )
    return path


def check_same_answers(path: Path, feature: str, ask: Ask, *, within: float = 1e-5) -> None:
    """Compare the nearest pictures and their distances with those of an exact search here."""
    with Recommender.open(path) as recommender:
        vectors = recommender.store.feature(feature)
        for image_id in (1, 3, 777, COUNT):
            answer = recommender.query([image_id], k=10, encoder=feature, index="exact")
            query = vectors.take(np.array([image_id]))[0]
            ids, distances = ask(query, 11)
            assert ids[0] == image_id
            assert ids[1:] == [result.id for result in answer]
            expected = [0, *(result.distance for result in answer)]
            assert np.allclose(distances, expected, atol=within, rtol=0)
