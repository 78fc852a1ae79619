"""Tests of subgraphs against a look at every edge."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from graph.communities.parts import induced
from graphs_by_hand import edges_of, random_graph


@given(st.integers(2, 30), st.integers(0, 2**32 - 1), st.integers(0, 30))
def test_a_subgraph_has_the_edges_between_its_rows(n: int, seed: int, count: int) -> None:
    rng = np.random.default_rng(seed)
    graph = random_graph(n, 3 * n, rng)
    rows = np.sort(rng.choice(n, min(n, count), replace=False))
    found = induced(graph, rows)
    assert found.n == len(rows)
    every = edges_of(graph, np.arange(n))
    assert edges_of(found, rows) == [edge for edge in every if {*edge[:2]} <= {*rows.tolist()}]
