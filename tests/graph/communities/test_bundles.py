"""Tests of bundles: nodes partition the pictures, edges are the heaviest between their pictures."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graph.communities.bundles import Bundles, bundled
from graphs_by_hand import matrix_of, random_graph


@settings(max_examples=50)
@given(st.integers(1, 40), st.integers(0, 2**32 - 1))
def test_nodes_are_a_partition_and_edges_the_heaviest_between(n: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    ids = np.sort(rng.choice(1000, n, replace=False))
    shuffled = rng.permutation(ids).tolist()
    cut = int(rng.integers(0, n + 1))
    groups = [shuffled[:cut]] if cut else []
    made = Bundles.of(ids, groups)
    rows = [made.rows(node).tolist() for node in range(len(made))]
    assert sorted(row for of_node in rows for row in of_node) == list(range(n))
    assert made.sizes.tolist() == [len(of_node) for of_node in rows]
    for node, of_node in enumerate(rows):
        assert made.picture(node) == ids[of_node[0]]
    if cut:
        node = int(made.node[np.searchsorted(ids, groups[0][0])])
        assert ids[made.rows(node)[0]] == groups[0][0]
        assert sorted(ids[made.rows(node)]) == sorted(groups[0])
    graph = random_graph(n, 3 * n if n > 1 else 0, rng)
    dense = matrix_of(graph)
    expected = np.array([[dense[np.ix_(a, b)].max() for b in rows] for a in rows])
    np.fill_diagonal(expected, 0)
    assert matrix_of(bundled(graph, made)) == pytest.approx(expected)


def test_a_very_large_group_is_several_bundles() -> None:
    made = Bundles.of(np.arange(1, 11), [list(range(10, 0, -1))], most=4)
    assert [made.picture(node) for node in range(len(made))] == [2, 6, 10]
    assert made.sizes.tolist() == [2, 4, 4]


def test_a_bundle_costs_what_its_list_takes() -> None:
    made = Bundles.of(np.arange(1, 203), [list(range(1, 201))])
    assert made.costs(160).tolist() == [32, 1, 1]


@pytest.mark.parametrize("groups", [[[1, 2], [2, 3]], [[1, 1]], [[1, 99]], [[1, 4]]])
def test_groups_that_are_none(groups: list[list[int]]) -> None:
    with pytest.raises(ValueError, match="the group of picture"):
        Bundles.of(np.array([1, 2, 3, 5]), groups)
