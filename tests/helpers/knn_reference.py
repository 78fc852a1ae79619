"""References for k-NN lists: exact lists in double precision, recall, and invariants."""

import numpy as np
from numpy.typing import NDArray
from sklearn.neighbors import NearestNeighbors

from imgrec.neighbors.lists import Lists
from imgrec.store.features import Block, FeatureStore

Vectors = NDArray[np.float32]


def feature_of(vectors: Vectors, block_rows: int = 170) -> FeatureStore:
    """Return vectors as a feature in several blocks; row i belongs to the picture 2 i + 5."""
    ids = 2 * np.arange(len(vectors)) + 5
    starts = range(0, len(vectors), block_rows)
    blocks = [
        Block(ids[s : s + block_rows], vectors[s : s + block_rows], source=f"block {s}")
        for s in starts
    ]
    return FeatureStore("x", vectors.shape[1], blocks)


def true_lists(vectors: Vectors, k: int) -> Lists:
    """Return the k nearest neighbors of every row, by scikit-learn in double precision."""
    brute = NearestNeighbors(metric="cosine", algorithm="brute").fit(vectors.astype(np.float64))
    distances, rows = brute.kneighbors(n_neighbors=k)
    return Lists(rows, distances)


def share_found(lists: Lists, true: Lists) -> float:
    """Return the share of the true nearest neighbors that the lists contain."""
    pairs = zip(lists.rows.tolist(), true.rows.tolist(), strict=True)
    return sum(len({*a} & {*b}) for a, b in pairs) / true.rows.size


def check_lists(vectors: Vectors, lists: Lists) -> None:
    """Assert the invariants of lists.

    They ascend by distance, then row; contain no row twice and no row itself; distances are exact.
    """
    n, k = lists.rows.shape
    assert lists.rows.min() >= 0
    assert lists.rows.max() < n
    assert all(len({*row}) == k for row in lists.rows.tolist())
    assert (lists.rows != np.arange(n)[:, None]).all()
    order = np.lexsort((lists.rows, lists.distances), axis=1)
    assert (order == np.arange(k)).all()
    units = vectors.astype(np.float64)
    units /= np.maximum(np.linalg.norm(units, axis=1, keepdims=True), 1e-30)
    cosines = np.einsum("nd,nkd->nk", units, units[lists.rows])
    some = vectors.any(axis=1)
    expected = np.where(some[:, None] | some[lists.rows], 1 - cosines, 0)
    assert np.allclose(lists.distances, expected, atol=2e-6)
