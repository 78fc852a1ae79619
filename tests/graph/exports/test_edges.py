"""Tests of the edges that are streamed in blocks, against the edges of the whole graph."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graph.communities.weights import knn_graph
from graph.exports.edges import edge_blocks, edge_count
from graphs_by_hand import neighbors_of
from imgrec.neighbors.neighbors import Neighbors


def edges_of(
    neighbors: Neighbors, joined: int, **sizes: int
) -> list[tuple[int, int, float, float]]:
    ids = neighbors.ids
    return [
        (*sorted((int(ids[a]), int(ids[b]))), float(weight), float(distance))
        for block in edge_blocks(neighbors, joined, **sizes)
        for a, b, weight, distance in zip(
            block.rows, block.others, block.weights, block.distances, strict=True
        )
    ]


@settings(max_examples=40)
@given(st.integers(2, 25), st.integers(1, 9), st.integers(1, 9), st.integers(0, 2**32 - 1))
def test_the_edges_of_the_network(n: int, k: int, joined: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    ids = np.sort(rng.choice(1000, n, replace=False))
    # Rounded, so that some vectors are equal.
    vectors = np.round(rng.normal(size=(n, 3)))
    neighbors = neighbors_of(vectors, min(k, n - 1), ids)
    graph = knn_graph(neighbors, joined)
    ends = zip(ids[graph.low].tolist(), ids[graph.high].tolist(), strict=True)
    weights = dict(zip(ends, graph.weights.tolist(), strict=True))
    found = edges_of(neighbors, joined)
    assert len(found) == len(weights) == edge_count(neighbors, joined)
    place = {int(i): row for row, i in enumerate(ids)}
    for a, b, weight, distance in found:
        assert weight == pytest.approx(weights[a, b], rel=1e-6)
        lengths = np.linalg.norm(vectors[[place[a], place[b]]], axis=1).prod()
        expected = 1 - vectors[place[a]] @ vectors[place[b]] / lengths if lengths else 1.0
        assert distance == pytest.approx(max(expected, 0), abs=1e-6)


def test_blocks_do_not_change_them() -> None:
    neighbors = neighbors_of(np.random.default_rng(0).normal(size=(50, 4)), 6)
    assert len(list(edge_blocks(neighbors, 5, block_rows=7))) == 8
    assert edges_of(neighbors, 5, block_rows=7) == edges_of(neighbors, 5)
