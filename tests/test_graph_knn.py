"""The graph of nearest neighbours against brute force."""

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graph.knn_graph import FLOOR, knn_graph, weighted_edges
from imgrec.neighbors import Neighbors


def neighbors_of(vectors: np.ndarray, k: int, ids: np.ndarray | None = None) -> Neighbors:
    """Brute force, row by row."""
    ids = np.arange(1, len(vectors) + 1) if ids is None else ids
    lengths = np.linalg.norm(vectors, axis=1)
    neighbors, distances = [], []
    for i, vector in enumerate(vectors):
        scale = lengths * lengths[i]
        cosine = np.divide(vectors @ vector, scale, out=np.zeros(len(vectors)), where=scale > 0)
        others = sorted((1 - cosine[j], j) for j in range(len(vectors)) if j != i)[:k]
        neighbors.append([int(ids[j]) for _, j in others])
        distances.append([max(0.0, float(d)) for d, _ in others])
    return Neighbors(
        np.asarray(ids, np.int64), np.array(neighbors, np.int64), np.array(distances, np.float32)
    )


@settings(deadline=None, max_examples=40)
@given(st.integers(2, 25), st.integers(1, 6), st.integers(0, 2**32 - 1))
def test_an_edge_where_either_is_a_neighbour_of_the_other(n: int, k: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    ids = np.sort(rng.choice(1000, n, replace=False))
    found = neighbors_of(rng.normal(size=(n, 3)), min(k, n - 1), ids)
    expected = {
        (min(a, b), max(a, b))
        for a, of_one in zip(ids.tolist(), found.neighbors.tolist(), strict=True)
        for b in of_one
    }
    graph = knn_graph(found, k)
    assert list(graph) == ids.tolist()
    assert [edge[:2] for edge in weighted_edges(graph)] == sorted(expected)
    assert all(FLOOR <= weight <= 1 for _, _, weight in weighted_edges(graph))
    assert nx.number_of_selfloops(graph) == 0


def test_weights_are_distances_in_the_scale_of_both_pictures() -> None:
    vectors = np.random.default_rng(3).normal(size=(40, 4))
    found = neighbors_of(vectors, 15)
    distance = {
        (int(a), int(b)): float(d)
        for a, of_one, distances in zip(found.ids, found.neighbors, found.distances, strict=True)
        for b, d in zip(of_one, distances, strict=True)
    }
    scale = {int(a): float(found.distances[row, 6]) for row, a in enumerate(found.ids)}
    edges = list(weighted_edges(knn_graph(found, 5)))
    assert len(edges) >= 40 * 5 / 2
    for a, b, weight in edges:
        d = distance.get((a, b), distance.get((b, a)))
        assert d is not None
        assert weight == pytest.approx(max(FLOOR, np.exp(-(d**2) / (scale[a] * scale[b]))))


def test_only_the_nearest_are_joined() -> None:
    found = neighbors_of(np.random.default_rng(4).normal(size=(30, 4)), 15)
    assert knn_graph(found, 15).number_of_edges() > knn_graph(found).number_of_edges()
    assert min(degree for _, degree in knn_graph(found).degree) >= 8


def test_twins_weigh_one_and_what_is_far_of_them_the_least() -> None:
    twins = neighbors_of(np.array([[1.0, 0.0]] * 9 + [[0.0, 1.0]]), 8)
    weights = {(a, b): weight for a, b, weight in weighted_edges(knn_graph(twins))}
    assert weights[1, 2] == 1
    assert {weight for (_, b), weight in weights.items() if b == 10} == {FLOOR}
