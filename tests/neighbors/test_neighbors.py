"""Neighbors as ids and as rows, and the k smallest of some values."""

import numpy as np
import pytest

from imgrec import Neighbors, StoreError
from imgrec.neighbors.neighbors import top_k

IDS = np.array([3, 5, 8, 40], np.int64)
NEAR = np.array([[5, 8], [3, 40], [40, 3], [8, 5]], np.int64)
DISTANCES = np.zeros((4, 2), np.float32)


def test_neighbors_as_rows() -> None:
    neighbors = Neighbors(IDS, NEAR, DISTANCES)
    assert neighbors.k == 2
    assert neighbors.rows().tolist() == [[1, 2], [0, 3], [3, 0], [2, 1]]
    assert Neighbors(IDS, NEAR[:, :1], DISTANCES[:, :1]).k == 1
    nothing = Neighbors(IDS[:0], NEAR[:0], DISTANCES[:0])
    assert (nothing.k, nothing.rows().shape) == (2, (0, 2))


@pytest.mark.parametrize("stray", [-1, 0, 4, 41])
def test_a_neighbor_that_is_none_of_the_pictures_is_named(stray: int) -> None:
    near = NEAR.copy()
    near[2, 1] = stray
    with pytest.raises(StoreError) as error:
        Neighbors(IDS, near, DISTANCES).rows()
    assert str(error.value) == (
        f"the k-NN graph names picture {stray}, which it has no row of: delete the folder knn of "
        "the store and run the same command again, which makes it anew"
    )


@pytest.mark.parametrize(
    ("ids", "near", "distances", "message"),
    [
        (IDS[:3], NEAR, DISTANCES, "ids (3,), neighbors (4, 2), distances (4, 2)"),
        (IDS, NEAR[:3], DISTANCES, "ids (4,), neighbors (3, 2), distances (4, 2)"),
        (IDS, NEAR, DISTANCES[:, :1], "ids (4,), neighbors (4, 2), distances (4, 1)"),
    ],
)
def test_arrays_that_do_not_match_are_refused(
    ids: np.ndarray, near: np.ndarray, distances: np.ndarray, message: str
) -> None:
    with pytest.raises(StoreError) as error:
        Neighbors(ids, near, distances)
    assert str(error.value) == f"neighbors do not match: {message}"


@pytest.mark.parametrize(
    ("k", "expected"),
    [
        (-1, []),
        (0, []),
        (1, [1]),
        (2, [1, 3]),
        # Of three equal values the first ones in catalog order.
        (3, [1, 3, 0]),
        (4, [1, 3, 0, 2]),
        (5, [1, 3, 0, 2, 5]),
        (6, [1, 3, 0, 2, 5, 4]),
        (99, [1, 3, 0, 2, 5, 4]),
    ],
)
def test_the_k_smallest_ascend_and_ties_keep_their_order(k: int, expected: list[int]) -> None:
    found = top_k(np.array([0.5, 0.1, 0.5, 0.2, 0.9, 0.5], np.float32), k)
    assert found.tolist() == expected
    assert found.dtype == np.intp
    assert top_k(np.zeros(0, np.float32), k).tolist() == []


def test_many_ties_at_the_limit_and_infinite_values() -> None:
    rng = np.random.default_rng(1)
    values = rng.integers(0, 3, 1000).astype(np.float32)
    values[::7] = np.inf
    for k in (1, 10, 500, 999):
        assert top_k(values, k).tolist() == np.argsort(values, kind="stable")[:k].tolist()
