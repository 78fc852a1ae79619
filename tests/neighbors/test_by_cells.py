"""Approximate lists by cells (inverted file): recall against exact lists, degenerate vectors."""

from dataclasses import replace

import numpy as np
import pytest
from sklearn.decomposition import PCA

from imgrec.neighbors.by_cells import (
    CellOptions,
    approximate_lists,
    candidates,
    fitted,
    make_cells,
)
from imgrec.neighbors.descent import Estimates
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


def test_estimates_equal_cosines_but_for_rounding_if_the_axes_span_the_space() -> None:
    vectors = clustered(400, 12)
    feature = feature_of(vectors)
    cells = make_cells(feature, inverse_lengths(feature), replace(MANY, components=12))
    part, estimates = slice(100, 180), Estimates.none(400, 399)
    candidates(cells, part, estimates, visited=99)
    units = (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float64)
    cosines = units @ units.T
    # Two rounded factors, of at most half a step each.
    most = np.abs(cells.coordinates).sum(axis=1).max() * cells.codes.scale**0.5
    for place, own in enumerate(cells.rows[part], start=part.start):
        others = cells.rows[estimates.found[place]]
        assert sorted(others) == sorted({*range(400)} - {own})
        apart = cosines[own, others] - estimates.best[place]
        assert np.ptp(apart) < 2 * most
    untouched = np.delete(estimates.found, np.r_[part], axis=0)
    assert (untouched == -1).all()


def test_axes_are_orthonormal_and_keep_nearly_what_principal_components_keep() -> None:
    sample = clustered(1500, 96)
    axes = fitted(sample, 24)
    assert np.allclose(axes.components @ axes.components.T, np.eye(24), atol=1e-5)
    best = PCA(24, svd_solver="full").fit(sample.astype(np.float64))
    most = best.explained_variance_ratio_.sum()
    assert most - 0.02 < axes.variance_kept < most + 1e-6
    spread = axes.project(sample).var(axis=0)
    assert spread.max() < 8 * spread.min()


@pytest.mark.parametrize("vectors", [np.ones((40, 6), np.float32), np.eye(5, 30, dtype="f4")])
def test_axes_of_few_different_vectors_are_orthonormal(vectors: np.ndarray) -> None:
    axes = fitted(vectors, 24)
    count = min(24, vectors.shape[1])
    assert np.allclose(axes.components @ axes.components.T, np.eye(count), atol=1e-5)
    assert axes.variance_kept == pytest.approx(1 if np.ptp(vectors) else 0, abs=1e-5)


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
