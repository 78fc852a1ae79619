"""Questions that few ask: zero vectors, and filters that leave out all that is asked about."""

from pathlib import Path

import numpy as np
import pytest
from scipy.spatial.distance import cdist

import vector_stores
from imgrec import Answer, Recommender, Store

VECTORS = vector_stores.clustered(3000, 40)


def _ids(answer: Answer) -> list[int]:
    return [result.id for result in answer.results]


@pytest.mark.parametrize("grown", [False, True])
def test_the_graph_gives_all_pictures_of_a_filter_that_leaves_out_others(
    tmp_path: Path, grown: bool
) -> None:
    """Neither the pictures asked about nor those the graph lacks pass the filter."""
    vectors = VECTORS[:1500]
    path = vector_stores.make(tmp_path / "store", {"vec": vectors})
    vector_stores.update(path)
    if grown:
        vector_stores.add_pictures(path, range(1501, 1511))
        vector_stores.add_part(path, "vec", np.arange(1501, 1511), VECTORS[1500:1510])
    nearest = np.argsort(cdist(vectors[:1], vectors, "cosine")[0]) + 1
    rare = [*nearest[8:14].tolist(), *nearest[-6:].tolist()]
    with Store.create(path) as store:
        store.catalog.labels.replace("rare", dict.fromkeys(rare, "yes"))
    asked = nearest[: 1 if grown else 6].tolist()
    with Recommender.open(path, cache="none") as opened:
        answers = [
            opened.query(asked, 10, fuse="min", where=["rare=yes"], index=way)
            for way in ("exact", "hnsw")
        ]
    assert _ids(answers[1]) == _ids(answers[0])
    assert len(answers[1].results) == 10


@pytest.mark.parametrize("way", ["exact", "sketch", "hnsw"])
def test_zero_vectors_are_nearest_to_a_zero_vector(tmp_path: Path, way: str) -> None:
    vectors = VECTORS.copy()
    vectors[::30] = 0
    path = vector_stores.make(tmp_path / "store", {"vec": vectors})
    vector_stores.update(path)
    with Recommender.open(path, cache="none") as opened:
        answer = opened.query([2, 1], 20, fuse="min", index=way)
    assert answer.index == way
    assert {result.distance for result in answer.results} == {0}
    assert {result.id % 30 for result in answer.results} == {1}
