"""Communities: a partition, ordered and compared as promised."""

import math
from itertools import pairwise

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graph.communities import (
    Community,
    find_communities,
    modularity,
    ordered,
    partition,
    similarities,
    strongest,
)
from graph.guide import face
from graph.knn_graph import knn_graph
from test_graph_knn import neighbors_of


def weighted(*edges: tuple[int, int, float]) -> "nx.Graph[int]":
    graph: nx.Graph[int] = nx.Graph()
    graph.add_nodes_from(sorted({node for edge in edges for node in edge[:2]}))
    graph.add_weighted_edges_from(edges)
    return graph


@settings(deadline=None, max_examples=40)
@given(st.integers(2, 60), st.integers(1, 20), st.integers(0, 2**32 - 1))
def test_communities_are_a_partition(n: int, page_size: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    graph = knn_graph(neighbors_of(rng.normal(size=(n, 4)), min(5, n - 1)))
    found = find_communities(graph, page_size, seed=1)
    assert sorted(i for c in found for i in c.members) == list(graph)
    assert [c.number for c in found] == list(range(1, len(found) + 1))
    keys = [(-len(c.members), min(c.members)) for c in found]
    assert keys == sorted(keys)
    reference = nx.community.modularity(graph, [set(c.members) for c in found], weight="weight")
    assert modularity(graph, found) == pytest.approx(reference)
    for community in found:
        inner = graph.subgraph(community.members)
        degrees = dict(inner.degree(weight="weight"))
        assert degrees[community.center] == max(degrees.values())


def test_two_cliques_are_two_communities() -> None:
    cliques = [(a + base, b + base, 0.9) for base in (0, 10) for a in range(5) for b in range(a)]
    graph = weighted(*sorted((min(a, b), max(a, b), w) for a, b, w in [*cliques, (4, 10, 0.1)]))
    assert partition(graph) == [[0, 1, 2, 3, 4], [10, 11, 12, 13, 14]]


def test_the_center_has_the_highest_weighted_degree_and_ties_go_to_the_smallest_id() -> None:
    star = weighted((1, 5, 0.5), (2, 5, 0.5), (3, 5, 0.5), (4, 5, 0.5))
    assert [c.center for c in find_communities(star, 10)] == [5]
    even = weighted((7, 9, 0.5))
    assert find_communities(even, 10) == [Community(1, (7, 9), 7)]


def test_a_community_shows_the_most_central_picture_of_the_folder_it_is_mostly_of() -> None:
    star = weighted((1, 5, 0.9), (2, 5, 0.5), (3, 5, 0.5), (1, 2, 0.3), (4, 5, 0.1))
    (community,) = find_communities(star, 10)[:1]
    assert (community.center, set(community.members)) == (5, {1, 2, 3, 4, 5})
    assert face(star, community, {1: "a", 2: "a", 3: "a", 5: "b"}) == 1
    assert face(star, community, {1: "a", 2: "a", 5: "b"}) == 5
    assert face(star, community, {2: "a", 3: "a", 4: "a", 5: "a"}) == 5
    assert face(star, community, {}) == 5


def test_similarity_is_weight_between_over_the_mean_of_degrees() -> None:
    graph = weighted((1, 2, 0.8), (3, 4, 0.6), (2, 3, 0.2), (5, 6, 1.0))
    found = similarities(graph, [[1, 2], [3, 4], [5, 6]])
    assert found == {(0, 1): pytest.approx(0.2 / math.sqrt(1.8 * 1.4))}


def test_strongest_takes_the_heaviest_and_breaks_ties_by_id() -> None:
    pairs = {(1, 2): 0.5, (1, 3): 0.9, (1, 4): 0.5, (3, 4): 0.1}
    assert strongest(pairs, 2) == {
        1: [(3, 0.9), (2, 0.5)], 2: [(1, 0.5)], 3: [(1, 0.9), (4, 0.1)], 4: [(1, 0.5), (3, 0.1)]
    }  # fmt: skip


def test_members_of_a_large_community_stand_by_their_own_groups() -> None:
    rng = np.random.default_rng(3)
    kinds = rng.permutation(np.repeat(np.arange(3), 20))
    vectors = np.eye(3)[kinds] * 2 + 1 + rng.normal(scale=0.05, size=(60, 3))
    graph = knn_graph(neighbors_of(vectors, 8))
    order = ordered(graph, page_size=20)
    assert sorted(order) == list(graph)
    runs = [int(kinds[i - 1]) for i in order]
    assert sum(a != b for a, b in pairwise(runs)) == 2


def test_the_order_does_not_hang_on_that_of_a_set() -> None:
    rng = np.random.default_rng(5)
    graph = knn_graph(neighbors_of(rng.normal(size=(50, 4)), 5))
    view, members = graph.subgraph(range(1, 50)), list(range(1, 50))
    assert ordered(view, 10) == ordered(graph.subgraph(members[::-1]), 10)


@pytest.mark.parametrize("vector", [np.ones((9, 3)), np.zeros((9, 3))])
def test_identical_pictures_make_communities(vector: np.ndarray) -> None:
    found = find_communities(knn_graph(neighbors_of(vector, 4)), 3)
    assert sorted(i for c in found for i in c.members) == list(range(1, 10))
