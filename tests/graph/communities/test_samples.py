"""Tests of the pictures that stand for a community: its face first, then unlike each other."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from graph.communities.samples import MOST_SAMPLES, apart, samples_of
from graph.communities.tree import Community
from graph.communities.weights import Graph, joined


def graph_of(n: int, edges: list[tuple[int, int, float]]) -> Graph:
    low, high, weights = (np.array(column) for column in zip(*edges, strict=True))
    return joined(n, low.astype(np.int64), high.astype(np.int64), weights.astype(float))


def test_those_joined_to_a_chosen_one_come_last() -> None:
    # A clique of four around 0, and three nodes that hang on 0 alone.
    clique = [(a, b, 1.0) for a in range(4) for b in range(a)]
    graph = graph_of(7, [*clique, (0, 4, 0.5), (1, 5, 0.4), (2, 6, 0.3)])
    # All but 5 and 6 are joined to 0, and these are not joined to each other.
    assert apart(graph, 0).tolist()[:3] == [0, 5, 6]
    assert apart(graph, 4, most=2).tolist() == [4, 1]


@given(st.integers(1, 30), st.integers(0, 2**32 - 1))
def test_samples_are_different_members_from_the_start(n: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    low, high = np.triu_indices(n, 1)
    kept = rng.random(len(low)) < 0.3
    graph = Graph(n, low[kept], high[kept], rng.random(kept.sum()) + 0.01)
    start = int(rng.integers(n))
    found = apart(graph, start).tolist()
    assert found[0] == start
    assert len(set(found)) == len(found) == min(n, MOST_SAMPLES)
    # The largest possible start of the list is independent: the next node touches a chosen one
    # only if every other node does.
    edges = {frozenset(pair) for pair in zip(graph.low.tolist(), graph.high.tolist(), strict=True)}
    for i in range(1, len(found)):
        touches = [
            sum(frozenset((node, one)) in edges for one in found[:i])
            for node in range(n)
            if node not in found[:i]
        ]
        assert sum(frozenset((found[i], one)) in edges for one in found[:i]) == min(touches)


def test_parts_of_a_community_take_turns_the_largest_first() -> None:
    rows = np.arange(30)
    parts = [Community(rows[:8], number=1), Community(rows[8:26], number=2),
             Community(rows[26:], number=3)]  # fmt: skip
    tree = Community(rows, tuple(parts))
    graph = graph_of(30, [(i, i + 1, 1.0) for i in range(29)])
    faces = {"": 3, "1": 3, "2": 20, "3": 27}
    found = samples_of(dict(tree.walk()), graph, faces)
    assert [found[path][0] for path in ("", "1", "2", "3")] == [3, 3, 20, 27]
    part = np.repeat([1, 2, 3], [8, 18, 4])
    # The face, then one of each in turn; 3 itself is the first of the part of eight.
    assert part[found[""]].tolist() == [1, 2, 3, 2, 1, 3, 2, 1, 3]
