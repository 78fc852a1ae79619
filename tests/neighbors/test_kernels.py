"""The compiled loops of the k-NN graph, against numpy."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from imgrec.distances.metrics import cosine
from imgrec.neighbors.kernels import (
    BEYOND,
    EMPTY,
    compare,
    compare_likely,
    keep_best,
    take_nearest,
)


@settings(max_examples=60)
@given(st.integers(1, 90), st.integers(1, 12), st.integers(1, 9), st.integers(0, 99))
def test_the_best_candidates_are_kept_in_any_order_of_arrival(
    m: int, c: int, levels: int, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    # Few levels, so that there are many ties.
    scores = rng.integers(levels, size=(3, m)).astype(np.float32)
    rows, own = rng.permutation(m) + 10, np.array([10, 10 + m // 2, 999])
    best, found = np.full((3, c), EMPTY, np.float32), np.full((3, c), -1)
    for part in np.array_split(np.arange(m), 3):
        keep_best(np.ascontiguousarray(scores[:, part]), rows[part], own, best, found)
    for i in range(3):
        others = np.flatnonzero(rows != own[i])
        order = others[np.lexsort((rows[others], -scores[i, others]))][:c]
        assert found[i, : len(order)].tolist() == rows[order].tolist()
        assert best[i, : len(order)].tolist() == scores[i, order].tolist()
        assert (found[i, len(order) :] == -1).all()


def test_distances_equal_those_of_the_metric_and_are_symmetric() -> None:
    rng = np.random.default_rng(3)
    vectors = rng.normal(size=(40, 33)).astype(np.float32)
    vectors[7], vectors[9], vectors[11] = 0, 0, 3 * vectors[12]
    every = np.arange(40)
    out = np.empty((40, 40), np.float32)
    compare(vectors, every, np.tile(every, (40, 1)), out)
    assert np.allclose(out, cosine(vectors, vectors), atol=1e-6)
    assert np.array_equal(out, out.T)
    assert out[11, 12] == 0
    assert (out[7, 9], out[7, 8]) == (0, 1)


@pytest.mark.parametrize("power", [-18, -12, -9, 9, 12, 18])
def test_distances_are_the_same_in_any_unit(power: int) -> None:
    # The squared lengths are float32 numbers, their products may be none.
    vectors = np.random.default_rng(3).normal(size=(9, 24)).astype(np.float32)
    scaled, every = vectors * np.float32(10.0**power), np.tile(np.arange(9), (9, 1))
    out, likely = np.empty((9, 9), np.float32), np.empty((9, 9), np.float32)
    compare(scaled, every[0], every, out)
    compare_likely(scaled, every[0], every, np.zeros((9, 9), np.float32), 9, likely)
    assert np.allclose(out, cosine(vectors, vectors), atol=1e-6)
    assert np.array_equal(out, likely)


def test_an_absent_candidate_is_farther_than_all_others() -> None:
    out = np.empty((1, 2), np.float32)
    compare(-np.eye(2, dtype=np.float32), np.array([0]), np.array([[-1, 1]]), out)
    assert out.tolist() == [[BEYOND, 1]]


@given(st.integers(1, 6), st.integers(0, 9), st.integers(0, 10_000))
def test_the_nearest_are_taken_by_distance_then_row(k: int, more: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    distances = rng.integers(0, 4, (5, k + more)).astype(np.float32)
    candidates = np.argsort(rng.random((5, k + more)), axis=1)
    rows, nearest = np.full((5, k), 77), np.full((5, k), np.nan, np.float32)
    take_nearest(distances, candidates, rows, nearest)
    order = np.lexsort((candidates, distances), axis=1)[:, :k]
    assert np.array_equal(rows, np.take_along_axis(candidates, order, axis=1))
    assert np.array_equal(nearest, np.take_along_axis(distances, order, axis=1))


def test_only_what_may_be_among_the_nearest_is_compared() -> None:
    vectors = np.random.default_rng(3).standard_normal((900, 20)).astype(np.float32)
    own = np.arange(40)
    others = np.tile(np.arange(100, 900), (40, 1))
    every = np.empty(others.shape, np.float32)
    compare(vectors, own, others, every)
    noise = np.random.default_rng(4).standard_normal(every.shape).astype(np.float32) / 50
    # The constant of each row is unknown.
    estimates = 1 - every + noise + np.arange(40, dtype=np.float32)[:, None]
    order = np.argsort(-estimates, axis=1)
    others, every, estimates = (
        np.ascontiguousarray(np.take_along_axis(values, order, axis=1))
        for values in (others, every, estimates)
    )
    likely = np.empty(others.shape, np.float32)
    compare_likely(vectors, own, others, estimates, 10, likely)
    compared = likely < 9
    assert np.array_equal(likely[compared], every[compared])
    assert (np.sort(likely, axis=1)[:, :10] == np.sort(every, axis=1)[:, :10]).mean() > 0.98
    assert compared.mean() < 0.2
    # Descending: what is compared comes before what is not.
    assert (np.diff(compared.astype(int), axis=1) <= 0).all()


def test_no_likely_candidate_and_fewer_than_wanted() -> None:
    vectors = np.eye(4, dtype=np.float32)
    others = np.array([[1, -1, -1], [-1, -1, -1]])
    likely = np.empty(others.shape, np.float32)
    compare_likely(vectors, np.arange(2), others, np.zeros(others.shape, np.float32), 3, likely)
    assert likely.tolist() == [[1, 9, 9], [9, 9, 9]]
