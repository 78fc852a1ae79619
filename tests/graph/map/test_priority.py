"""The order of pictures: faces by depth, then central ones, then second pictures of bundles."""

from types import SimpleNamespace
from typing import Any

import numpy as np

from graph.communities.bundles import Bundles
from graph.map.priority import ranks_of


def _guide(groups: list[list[int]], faces: dict[str, int], n: int) -> Any:
    return SimpleNamespace(bundles=Bundles.of(np.arange(1, n + 1), groups), faces=faces)


def test_faces_come_first_then_central_ones_then_the_others_of_bundles() -> None:
    # Rows 0 to 5; rows 4 and 5 are a bundle that row 4 stands for.
    guide = _guide([[5, 6]], {"": 3, "1": 3, "2": 1, "2.1": 0, "1.1": 3}, 6)
    # Row 2 is nobody's neighbor, row 4 that of three, row 5 that of four.
    neighbors = np.array([[4, 5], [4, 5], [4, 5], [5, 0], [0, 1], [0, 1]])
    order = np.argsort(ranks_of(guide, neighbors))
    assert order.tolist() == [3, 1, 0, 4, 2, 5]


def test_ranks_are_a_permutation_and_ties_keep_their_order() -> None:
    guide = _guide([], {"": 2}, 4)
    neighbors = np.zeros((4, 0), np.int64)
    assert ranks_of(guide, neighbors).tolist() == [1, 2, 0, 3]
