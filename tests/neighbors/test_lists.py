"""Lists of candidates, and their exact distances against double precision."""

import numpy as np
import pytest

from imgrec import StoreError
from imgrec.neighbors.lists import Lists, Scores, compared, inverse_lengths, settled, tiles
from imgrec.store.features import Block, FeatureStore
from knn_reference import feature_of, true_lists
from vector_stores import clustered


def test_tiles_contain_the_rows_of_any_blocks() -> None:
    vectors = clustered(60, 5)
    odd, even = np.arange(1, 60, 2), np.arange(0, 60, 2)
    alive = np.ones(60, bool)
    alive[[3, 4, 59]] = False
    blocks = [Block(odd, vectors[odd].astype(np.float16)), Block(even, vectors[even])]
    feature = FeatureStore("x", 5, [block.only(alive[block.ids]) for block in blocks])
    seen = np.zeros((len(feature), 5), np.float32)
    for tile in tiles(feature, 7):
        assert len(tile.rows) <= 7
        seen[tile.rows] = tile.load(feature)
    assert np.array_equal(seen, feature.load())
    assert np.array_equal(feature.ids, np.flatnonzero(alive))


def test_candidates_are_ordered_by_their_true_distances() -> None:
    # Enough vectors for more than one task.
    vectors = clustered(600, 16)
    true = true_lists(vectors, 9)
    own = np.arange(600)[::-1].copy()
    shuffled = np.random.default_rng(0).permuted(true.rows[own], axis=1)
    shuffled = np.insert(shuffled, 4, -1, axis=1)
    found = compared(feature_of(vectors), own, shuffled, 5)
    assert np.array_equal(found.rows, true.rows[own, :5])
    assert np.allclose(found.distances, true.distances[own, :5], atol=1e-6)


def test_two_lists_are_merged() -> None:
    own = np.array([1])
    left = Scores(own, np.array([[3, 1]], np.float32), np.array([[4, 9]]))
    right = Scores(own, np.array([[3, 2]], np.float32), np.array([[2, 7]]))
    left.join(right)
    assert left.found.tolist() == [[2, 4]]
    assert left.best.tolist() == [[3, 3]]


def test_zero_vectors_find_each_other() -> None:
    vectors = clustered(30, 4)
    vectors[[2, 17, 29]] = 0
    feature = feature_of(vectors)
    lists = settled(feature, inverse_lengths(feature), Lists.empty(30, 4))
    assert lists.rows[17].tolist() == [2, 29, 0, 1]
    assert lists.distances[17].tolist() == [0, 0, 1, 1]


def test_the_error_for_a_vector_with_nan_names_the_picture() -> None:
    vectors = clustered(9, 4)
    vectors[4, 1] = np.nan
    with pytest.raises(StoreError, match="x vector of picture 13 "):
        inverse_lengths(feature_of(vectors))
