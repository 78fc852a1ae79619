"""Tests of the similarity between communities of one level."""

import numpy as np
import pytest

from graph.communities.comparison import compare, parent_of
from graph.communities.tree import Community
from graph.communities.weights import joined


def test_communities_are_compared_with_those_of_their_level() -> None:
    def leaf(number: int, *rows: int) -> Community:
        return Community(np.array(rows), number=number)

    divided = Community(np.array([0, 1, 2, 3]), (leaf(1, 0, 1), leaf(2, 2, 3)), 1)
    tree = Community(np.arange(8), (divided, leaf(2, 4, 5), leaf(0, 6, 7)))
    a = np.array([0, 2, 4, 6, 1, 3, 5, 7])
    b = np.array([1, 3, 5, 7, 2, 4, 6, 0])
    graph = joined(8, a, b, np.array([1, 1, 1, 1, 0.5, 0.4, 0.3, 0.2]))
    found = compare(tree, graph)
    assert found.similar == {"1": ["2"], "2": ["1"], "0": ["2", "1"], "1.1": ["1.2"],
                             "1.2": ["1.1", "2"]}  # fmt: skip
    assert set(found.siblings) == {"", "1"}
    volume_1, volume_2 = 2 * 2 + 1.0 + 0.4 + 0.2, 2 + 0.4 + 0.3
    assert found.siblings[""][1, 2] == pytest.approx(0.4 / np.sqrt(volume_1 * volume_2))
    assert found.siblings["1"] == {(1, 2): pytest.approx(0.5 / np.sqrt(2.7 * 2.9))}


def test_the_parent_of_a_path() -> None:
    assert [parent_of(path) for path in ("3.1.2", "3.1", "3")] == ["3.1", "3", ""]
