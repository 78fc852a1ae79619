"""Tests of both Louvain implementations: reproducible, and as good as that of networkx."""

from itertools import pairwise

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graph.choices import AUTO, IGRAPH, PYTHON_LOUVAIN
from graph.communities.louvain import (
    MOST_IN_PYTHON,
    chosen_engine,
    levels,
    modularity,
    ranked,
)
from graph.communities.weights import Graph, joined, knn_graph
from graphs_by_hand import neighbors_of, random_graph

EACH = pytest.mark.parametrize("engine", [IGRAPH, PYTHON_LOUVAIN])


def networkx_of(graph: Graph) -> "nx.Graph[int]":
    made: nx.Graph[int] = nx.Graph()
    made.add_nodes_from(range(graph.n))
    made.add_weighted_edges_from(
        zip(graph.low.tolist(), graph.high.tolist(), graph.weights.tolist(), strict=True)
    )
    return made


def sets_of(parts: np.ndarray) -> list[set[int]]:
    return [set(np.flatnonzero(parts == part).tolist()) for part in range(parts.max() + 1)]


@EACH
@settings(max_examples=30)
@given(st.integers(2, 60), st.integers(0, 2**32 - 1))
def test_levels_are_partitions_each_within_the_next(engine: str, n: int, seed: int) -> None:
    graph = random_graph(n, 2 * n, np.random.default_rng(seed))
    found = levels(graph, engine, seed=1)
    for parts in found:
        sizes = np.bincount(parts)
        assert len(parts) == n
        assert sizes.min() > 0
        assert (np.diff(sizes) <= 0).all()
    for finer, coarser in pairwise(found):
        assert len(np.unique(np.stack([finer, coarser]), axis=1).T) == finer.max() + 1
    again = levels(graph, engine, seed=1)
    assert all(np.array_equal(a, b) for a, b in zip(found, again, strict=True))


@EACH
def test_modularity_is_networkxs_and_no_worse_than_its_louvain(engine: str) -> None:
    rng = np.random.default_rng(7)
    kinds = rng.integers(0, 6, 240)
    vectors = np.eye(6)[kinds] + rng.normal(scale=0.25, size=(240, 6))
    graph = knn_graph(neighbors_of(vectors, 10))
    parts = levels(graph, engine)[-1]
    made = networkx_of(graph)
    found = modularity(graph, parts)
    assert found == pytest.approx(nx.community.modularity(made, sets_of(parts)))
    theirs = nx.community.louvain_communities(made, seed=0)
    assert found >= nx.community.modularity(made, theirs) - 0.01


@EACH
def test_two_cliques_are_two_communities(engine: str) -> None:
    pairs = [(a + base, b + base) for base in (0, 5) for a in range(5) for b in range(a)]
    low, high = np.array([*pairs, (4, 5)]).T
    graph = joined(10, low, high, np.array([0.9] * len(pairs) + [0.1]))
    assert levels(graph, engine)[-1].tolist() == [0] * 5 + [1] * 5


@EACH
def test_a_higher_resolution_makes_smaller_communities(engine: str) -> None:
    graph = random_graph(200, 1200, np.random.default_rng(3))
    coarse, fine = (levels(graph, engine, 0, r)[-1].max() for r in (0.5, 4.0))
    assert coarse < fine


@EACH
def test_without_edges_every_node_is_its_own(engine: str) -> None:
    graph = random_graph(4, 0, np.random.default_rng(0))
    assert [parts.tolist() for parts in levels(graph, engine)] == [[0, 1, 2, 3]]
    assert modularity(graph, np.arange(4)) == 0


def test_numbers_go_by_size_then_by_the_smallest_node() -> None:
    assert ranked(np.array([7, 3, 3, 9, 9, 3, 7])).tolist() == [1, 0, 0, 2, 2, 0, 1]


def test_the_size_chooses_the_library_where_none_is_named() -> None:
    assert chosen_engine(AUTO, MOST_IN_PYTHON) == PYTHON_LOUVAIN
    assert chosen_engine(AUTO, MOST_IN_PYTHON + 1) == IGRAPH
    assert chosen_engine(IGRAPH, 3) == IGRAPH
    assert chosen_engine(PYTHON_LOUVAIN, 10**6) == PYTHON_LOUVAIN
