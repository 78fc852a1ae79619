"""Neighbors of neighbors: where the nearest that a list lacks are most likely found.

Source: Dong, Moses, Li 2011, Efficient k-Nearest Neighbor Graph Construction (NN-descent).
"""

from collections.abc import Callable

import numpy as np

from imgrec.neighbors.lists import NONE, Lists, Rows, compared, parts
from imgrec.store.features import FeatureStore

_STEP_ROWS = 8192  # with all their candidates some tens of MB


def two_hops(neighbors: Rows, rows: Rows) -> Rows:
    """Return the neighbors (b, k + k²) of rows (b,), and the neighbors of these.

    Args:
        neighbors: (n, k) rows, -1 for none.
        rows: whose are wanted.
    """
    first = neighbors[rows]  # (b, k)
    second = neighbors[first]  # (b, k, k); those of -1 are of the last row, and go
    second[first < 0] = NONE
    return np.concatenate([first, second.reshape(len(rows), -1)], axis=1)


def without_twins(own: Rows, candidates: Rows) -> Rows:
    """Return candidates (b, c) in which no row is twice, and none its own; -1 in their places."""
    ordered = np.sort(np.where(candidates == own[:, None], NONE, candidates), axis=1)
    ordered[:, 1:][ordered[:, 1:] == ordered[:, :-1]] = NONE
    return ordered


def refined(
    feature: FeatureStore, lists: Lists, progress: Callable[[int], object] = lambda count: None
) -> Lists:
    """Return lists of all rows that hold the nearest of two hops.

    Args:
        feature: with the vectors.
        lists: of all rows.
        progress: called with the number of rows done.
    """
    better = Lists.empty(*lists.rows.shape)
    for part in parts(len(feature), _STEP_ROWS):
        own = np.arange(part.start, part.stop)
        candidates = without_twins(own, two_hops(lists.rows, own))
        found = compared(feature, own, candidates, lists.rows.shape[1])
        better.rows[part], better.distances[part] = found.rows, found.distances
        progress(len(own))
    return better
