"""Tests of Louvain by either library and of Leiden: reproducible, as good as networkx's Louvain."""

from itertools import pairwise

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import adjusted_rand_score

from graph.choices import AUTO, IGRAPH, LEIDEN, LOUVAIN, PYTHON_LOUVAIN
from graph.communities.detection import (
    MOST_IN_PYTHON,
    MOST_LOST,
    chosen_engine,
    is_as_good,
    levels,
    modularity,
    ranked,
)
from graph.communities.weights import Graph, joined, knn_graph
from graphs_by_hand import neighbors_of, random_graph

EACH = pytest.mark.parametrize("engine", [IGRAPH, PYTHON_LOUVAIN, LEIDEN])


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
    assert chosen_engine(LOUVAIN, AUTO, MOST_IN_PYTHON) == PYTHON_LOUVAIN
    assert chosen_engine(LOUVAIN, AUTO, MOST_IN_PYTHON + 1) == IGRAPH
    assert chosen_engine(LOUVAIN, IGRAPH, 3) == IGRAPH
    assert chosen_engine(LOUVAIN, PYTHON_LOUVAIN, 10**6) == PYTHON_LOUVAIN
    assert chosen_engine(LEIDEN, AUTO, 3) == chosen_engine(LEIDEN, AUTO, 10**6) == LEIDEN


def blurred(n: int = 400, seed: int = 5) -> Graph:
    """Return a k-NN graph of ten overlapping groups, in which seeds disagree."""
    rng = np.random.default_rng(seed)
    vectors = np.eye(10)[rng.integers(0, 10, n)] + rng.normal(scale=0.45, size=(n, 10))
    return knn_graph(neighbors_of(vectors, 8))


@EACH
def test_a_better_partition_than_the_one_started_from_is_found(engine: str) -> None:
    graph = blurred()
    rng = np.random.default_rng(0)
    start = levels(graph, engine)[-1]
    moved = np.where(rng.random(graph.n) < 0.1, rng.permutation(start), start)
    found = levels(graph, engine, start=moved)[-1]
    assert modularity(graph, found) > modularity(graph, moved)
    # Most nodes stay; from nothing, another seed agrees less.
    again = levels(graph, engine, seed=1)[-1]
    assert adjusted_rand_score(found, start) > max(0.7, adjusted_rand_score(again, start))


@EACH
def test_a_new_node_is_put_where_it_belongs(engine: str) -> None:
    pairs = [(a + base, b + base) for base in (0, 5) for a in range(5) for b in range(a)]
    low, high = np.array([*pairs, (4, 5), (4, 10), (3, 10)]).T
    graph = joined(11, low, high, np.array([0.9] * len(pairs) + [0.1, 0.8, 0.8]))
    start = np.array([0] * 5 + [1] * 5 + [2])
    assert levels(graph, engine, start=start)[-1].tolist() == [0] * 5 + [1] * 5 + [0]


def test_leiden_is_of_higher_modularity_and_its_communities_hang_together() -> None:
    graph = blurred()
    by_louvain, by_leiden = (
        [levels(graph, engine, seed)[-1] for seed in range(5)]
        for engine in (PYTHON_LOUVAIN, LEIDEN)
    )
    means = [np.mean([modularity(graph, p) for p in of]) for of in (by_louvain, by_leiden)]
    assert means[1] > means[0]
    made = networkx_of(graph)
    for parts in by_leiden:
        assert all(nx.is_connected(made.subgraph(nodes)) for nodes in sets_of(parts))


def test_a_continued_partition_may_lack_little_modularity() -> None:
    graph = blurred()
    best = levels(graph, LEIDEN)[-1]
    worse = best.copy()
    for node in range(graph.n):
        assert is_as_good(graph, worse, best) == (
            modularity(graph, worse) >= modularity(graph, best) - MOST_LOST
        )
        worse[node] = 0
    assert not is_as_good(graph, worse, best)
    assert is_as_good(graph, best, worse)
