"""Tests of the weighted k-NN graph against brute force."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graph.communities.weights import FLOOR, knn_graph
from graphs_by_hand import edges_of, matrix_of, neighbors_of, random_graph


@settings(max_examples=40)
@given(st.integers(2, 25), st.integers(1, 6), st.integers(0, 2**32 - 1))
def test_an_edge_where_either_is_a_neighbor_of_the_other(n: int, k: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    ids = np.sort(rng.choice(1000, n, replace=False))
    found = neighbors_of(rng.normal(size=(n, 3)), min(k, n - 1), ids)
    expected = {
        (min(a, b), max(a, b))
        for a, of_one in zip(ids.tolist(), found.neighbors.tolist(), strict=True)
        for b in of_one
    }
    graph = knn_graph(found, k)
    assert graph.n == n
    edges = edges_of(graph, ids)
    assert [edge[:2] for edge in edges] == sorted(expected)
    assert all(FLOOR <= weight <= 1 for _, _, weight in edges)


def test_weights_are_distances_in_the_scale_of_both_pictures() -> None:
    vectors = np.random.default_rng(3).normal(size=(40, 4))
    found = neighbors_of(vectors, 15)
    distance = {
        (int(a), int(b)): float(d)
        for a, of_one, distances in zip(found.ids, found.neighbors, found.distances, strict=True)
        for b, d in zip(of_one, distances, strict=True)
    }
    scale = {int(a): float(found.distances[row, 6]) for row, a in enumerate(found.ids)}
    edges = edges_of(knn_graph(found, 5), found.ids)
    assert len(edges) >= 40 * 5 / 2
    for a, b, weight in edges:
        d = distance.get((a, b), distance.get((b, a)))
        assert d is not None
        assert weight == pytest.approx(max(FLOOR, np.exp(-(d**2) / (scale[a] * scale[b]))))


def test_only_the_nearest_are_joined() -> None:
    found = neighbors_of(np.random.default_rng(4).normal(size=(30, 4)), 15)
    graph = knn_graph(found)
    assert len(knn_graph(found, 15).low) > len(graph.low)
    assert np.bincount(np.concatenate([graph.low, graph.high])).min() >= 8


def test_twins_weigh_one_and_what_is_far_of_them_the_least() -> None:
    twins = neighbors_of(np.array([[1.0, 0.0]] * 9 + [[0.0, 1.0]]), 8)
    weights = {(a, b): weight for a, b, weight in edges_of(knn_graph(twins), twins.ids)}
    assert weights[1, 2] == 1
    assert {weight for (_, b), weight in weights.items() if b == 10} == {FLOOR}


@settings(max_examples=40)
@given(st.integers(2, 30), st.integers(1, 6), st.integers(0, 2**32 - 1))
def test_contracted_and_within_against_a_matrix(n: int, count: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    graph = random_graph(n, 3 * n, rng)
    parts = rng.integers(0, count, n)
    dense = matrix_of(graph)
    assert graph.degrees() == pytest.approx(dense.sum(axis=1))
    one_hot = np.eye(count)[parts]
    between = one_hot.T @ dense @ one_hot
    np.fill_diagonal(between, 0)
    assert matrix_of(graph.contracted(parts, count)) == pytest.approx(between)
    same = parts[:, None] == parts
    assert matrix_of(graph.within(parts)) == pytest.approx(np.where(same, dense, 0))
