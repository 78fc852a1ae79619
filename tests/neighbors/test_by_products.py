"""Exact lists by matrix products, against scikit-learn; the recall measured with them."""

import numpy as np

from imgrec.neighbors.by_products import Blocks, exact_lists, nearest, recall
from imgrec.neighbors.lists import Lists, Scores, inverse_lengths
from knn_reference import check_lists, feature_of, true_lists
from vector_stores import clustered

SEVERAL = Blocks(query_rows=64, tile_rows=50)


def test_lists_equal_those_of_scikit_learn() -> None:
    vectors = clustered(500, 24)
    done: list[int] = []
    found = exact_lists(feature_of(vectors), 7, done.append, SEVERAL)
    true = true_lists(vectors, 7)
    assert np.array_equal(found.rows, true.rows)
    check_lists(vectors, found)
    assert sum(done) == 500


def test_many_equal_vectors_are_ordered_by_row() -> None:
    vectors = np.repeat(clustered(4, 24), 60, axis=0) * np.linspace(1, 3, 240, dtype="f4")[:, None]
    found = exact_lists(feature_of(vectors), 5, blocks=SEVERAL)
    assert found.rows[0].tolist() == [1, 2, 3, 4, 5]
    assert found.rows[239].tolist() == [180, 181, 182, 183, 184]
    assert not found.distances.any()


def test_new_rows_are_merged_into_lists() -> None:
    vectors = clustered(300, 24)
    feature, lengths = feature_of(vectors), inverse_lengths(feature_of(vectors))
    new = np.arange(3, 300, 40)
    entered = Scores.none(np.arange(300), 4)
    nearest(feature, lengths, new, 6, entered, blocks=SEVERAL)
    every = true_lists(vectors, 299).rows
    for row in range(300):
        assert entered.found[row].tolist() == [r for r in every[row] if r in new][:4]


def test_recall_is_the_share_of_true_neighbors_found() -> None:
    vectors = clustered(400, 24)
    feature, lengths = feature_of(vectors), inverse_lengths(feature_of(vectors))
    lists, wider = exact_lists(feature, 10), exact_lists(feature, 14)
    assert recall(feature, lengths, lists, 100) == (1.0, 100)
    worse = Lists(wider.rows[:, 4:], wider.distances[:, 4:])
    assert recall(feature, lengths, worse, 100) == (0.6, 100)
