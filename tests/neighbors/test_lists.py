"""Lists of candidates, and their exact distances against double precision."""

import numpy as np
import pytest

from imgrec import StoreError
from imgrec.neighbors.lists import (
    Lists,
    Scores,
    compared,
    inverse_lengths,
    parts,
    settled,
    tiles,
)
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
        assert tile.load(feature).dtype == np.float32
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


@pytest.mark.parametrize(
    ("count", "step", "expected"),
    [
        (0, 4, []),
        (3, 4, [(0, 3)]),
        (4, 4, [(0, 4)]),
        (5, 4, [(0, 4), (4, 5)]),
        (8, 4, [(0, 4), (4, 8)]),
    ],
)
def test_parts_cover_every_row_once(count: int, step: int, expected: list[tuple[int, int]]) -> None:
    assert [(part.start, part.stop) for part in parts(count, step)] == expected


def test_a_tile_lies_in_one_block_and_says_where() -> None:
    vectors = clustered(12, 3)
    blocks = [Block(np.arange(5), vectors[:5]), Block(np.arange(5, 12), vectors[5:])]
    found = tiles(FeatureStore("x", 3, blocks), 4)
    assert [(tile.block, tile.rows.tolist()) for tile in found] == [
        (0, [0, 1, 2, 3]),
        (0, [4]),
        (1, [5, 6, 7, 8]),
        (1, [9, 10, 11]),
    ]
    assert [tile.inside.start for tile in found] == [0, 4, 0, 4]
    # The mapped file itself, where all of its rows are live.
    assert np.shares_memory(found[1].load(FeatureStore("x", 3, blocks)), vectors)


def test_inverse_lengths_of_all_blocks_with_zero_vectors() -> None:
    vectors = np.array([[3, 4], [0, 0], [0, 0.5], [-8, 6]], np.float32)
    assert inverse_lengths(feature_of(vectors, 3)).tolist() == pytest.approx([0.2, 0, 2, 0.1])
    assert inverse_lengths(feature_of(vectors)).dtype == np.float32


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_the_first_picture_with_values_that_are_no_numbers_is_named(value: float) -> None:
    vectors = clustered(9, 4)
    vectors[[3, 7], 1] = value
    with pytest.raises(StoreError) as error:
        inverse_lengths(feature_of(vectors, 4))
    assert str(error.value) == (
        "the x vector of picture 11 holds values that are no numbers: "
        "delete the feature's folder and run imgrec index again"
    )


def test_lists_are_empty_at_first() -> None:
    lists = Lists.empty(3, 2)
    assert lists.rows.tolist() == [[-1, -1]] * 3
    assert (lists.distances.shape, lists.distances.dtype) == ((3, 2), np.float32)
    scores = Scores.none(np.array([5, 6]), 3)
    assert scores.found.tolist() == [[-1] * 3] * 2
    assert scores.own.tolist() == [5, 6]
    assert (scores.best < -1).all()
    assert scores.best.dtype == np.float32


def test_the_best_candidates_are_kept_of_all_lists_or_of_some() -> None:
    scores = Scores.none(np.array([10, 11]), 2)
    scores.keep(np.array([[0.5, 0.9, 0.7], [0.1, 0.2, 0.3]], np.float32), np.array([4, 5, 6]))
    assert scores.found.tolist() == [[5, 6], [6, 5]]
    assert np.allclose(scores.best, [[0.9, 0.7], [0.3, 0.2]])
    # Only the second list, whose own row is no candidate.
    scores.keep(np.array([[0.8, 0.25, 1]], np.float32), np.array([7, 8, 11]), np.array([1]))
    assert scores.found.tolist() == [[5, 6], [7, 6]]
    assert np.allclose(scores.best, [[0.9, 0.7], [0.8, 0.3]])


def test_merged_lists_of_several_rows_keep_the_best_of_both() -> None:
    own = np.array([1, 2])
    left = Scores(own, np.array([[5, 1], [4, 2]], np.float32), np.array([[4, 9], [3, 8]]))
    right = Scores(own, np.array([[3, 2], [9, 7]], np.float32), np.array([[2, 7], [5, 6]]))
    left.join(right)
    assert left.found.tolist() == [[4, 2], [5, 6]]
    assert left.best.tolist() == [[5, 3], [9, 7]]


def test_places_without_a_candidate_hold_none_at_a_distance_beyond_all() -> None:
    vectors = np.array([[1, 0], [0, 1], [-1, 0], [1, 1]], np.float32)
    candidates = np.array([[-1, 2, 3], [-1, -1, 0]])
    found = compared(feature_of(vectors), np.array([0, 1]), candidates, 3)
    assert found.rows.tolist() == [[3, 2, -1], [0, -1, -1]]
    assert found.distances.tolist() == [
        pytest.approx([1 - 0.5**0.5, 2, 9]),
        pytest.approx([1, 9, 9]),
    ]


@pytest.mark.parametrize("k", [1, 2, 3])
def test_zero_vectors_with_fewer_and_more_of_them_than_neighbors(k: int) -> None:
    vectors = np.eye(6, dtype=np.float32)
    vectors[[1, 4]] = 0
    feature = feature_of(vectors)
    lists = Lists(np.zeros((6, k), np.int64), np.full((6, k), 0.5, np.float32))
    found = settled(feature, inverse_lengths(feature), lists)
    assert found.rows[1].tolist() == [4, 0, 2][:k]
    assert found.rows[4].tolist() == [1, 0, 2][:k]
    assert found.distances[[1, 4]].tolist() == [[0, 1, 1][:k]] * 2
    # The lists of all other rows stay as they are.
    assert (found.rows[[0, 2, 3, 5]] == 0).all()
    assert (found.distances[[0, 2, 3, 5]] == 0.5).all()
