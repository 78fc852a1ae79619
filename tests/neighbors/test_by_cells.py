"""Approximate lists by cells (inverted file): recall against exact lists, degenerate vectors."""

from dataclasses import replace

import numpy as np
import pytest

from imgrec.neighbors.by_cells import CellOptions, approximate_lists, candidates, make_cells
from imgrec.neighbors.lists import inverse_lengths
from knn_reference import check_lists, feature_of, share_found, true_lists
from vector_stores import clustered

MANY = CellOptions(components=16, candidates=24, visited=8, cell_rows=40, task_rows=64)


def test_high_recall_from_few_cells() -> None:
    vectors = clustered(2500, 48)
    done: list[int] = []
    found = approximate_lists(feature_of(vectors), 10, done.append, MANY)
    check_lists(vectors, found)
    assert share_found(found, true_lists(vectors, 10)) > 0.97
    assert sum(done) == 2500


def test_the_same_vectors_give_the_same_lists() -> None:
    vectors = clustered(900, 48)
    once, twice = (approximate_lists(feature_of(vectors), 10, options=MANY) for _ in range(2))
    assert np.array_equal(once.rows, twice.rows)
    assert np.array_equal(once.distances, twice.distances)


def test_cells_hold_every_row_once_and_none_is_large() -> None:
    vectors = np.concatenate([clustered(500, 48), np.ones((700, 48), np.float32)])
    feature = feature_of(vectors)
    cells = make_cells(feature, inverse_lengths(feature), MANY)
    assert sorted(cells.rows) == list(range(1200))
    sizes = np.diff(cells.starts)
    assert sizes.min() > 0
    assert sizes.max() <= 160
    assert cells.starts[-1] == 1200


def test_estimates_equal_cosines_if_the_axes_span_the_space() -> None:
    vectors = clustered(400, 12)
    feature = feature_of(vectors)
    cells = make_cells(feature, inverse_lengths(feature), replace(MANY, components=12))
    part = slice(100, 180)
    found = candidates(cells, part, 10, visited=99)
    true = true_lists(vectors, 10).rows[cells.rows[part]]
    assert np.array_equal(np.sort(found), np.sort(true))


@pytest.mark.parametrize("odd", ["equal", "zeros", "two places", "one dimension", "few"])
def test_degenerate_vectors_have_complete_lists(odd: str) -> None:
    vectors = {
        "equal": np.ones((600, 8), np.float32),
        "zeros": np.concatenate([np.zeros((300, 8), np.float32), clustered(300, 8)]),
        "two places": np.repeat(np.eye(8, dtype=np.float32)[:2], [590, 10], axis=0),
        "one dimension": np.linspace(-1, 1, 600, dtype=np.float32)[:, None],
        "few": clustered(16, 8),
    }[odd]
    found = approximate_lists(feature_of(vectors), 15, options=MANY)
    check_lists(vectors, found)
    if odd != "few":
        true = true_lists(vectors[vectors.any(axis=1)], 15)
        near = found.distances[vectors.any(axis=1)]
        assert np.isclose(near, true.distances, atol=2e-6).mean() > 0.97


def test_a_dense_group_at_the_center_is_found_from_all_directions() -> None:
    around = np.random.default_rng(0).random((600, 64), dtype=np.float32)
    vectors = np.concatenate([np.ones((400, 64), np.float32), around])
    found = approximate_lists(feature_of(vectors), 10, options=MANY)
    assert (found.rows[400:] < 400).all()
