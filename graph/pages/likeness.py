"""The order of a contact sheet by likeness: each picture beside those most like it.

A tree of the pictures is built by average linkage over the similarities of the network; its leaves,
turned so that neighbors are as alike as can be, are the order. No floating-point sum depends on the
number of threads, so that the same network gives the same order.
"""

from collections.abc import Mapping

import numpy as np
from scipy.cluster.hierarchy import leaves_list, linkage, optimal_leaf_ordering
from scipy.spatial.distance import squareform

# Up to so many pictures the tree is turned; beyond it that takes seconds.
MOST_TURNED = 300


def likeness_order(n: int, pairs: Mapping[tuple[int, int], float]) -> list[int]:
    """Return the numbers 0 to n - 1 in an order in which neighbors are alike.

    Args:
        n: number of pictures.
        pairs: similarities, over 0 to 1, by two numbers; all others are 0.

    Source: Bar-Joseph, Gifford, Jaakkola, Fast optimal leaf ordering for hierarchical clustering,
    Bioinformatics 17 (2001), as implemented by SciPy.
    """
    if n < 3:
        return list(range(n))
    distances = np.ones((n, n))
    for (a, b), weight in pairs.items():
        distances[a, b] = distances[b, a] = max(0.0, 1 - weight)
    np.fill_diagonal(distances, 0)
    condensed = squareform(distances, checks=False)
    tree = linkage(condensed, "average")
    if n <= MOST_TURNED:
        tree = optimal_leaf_ordering(tree, condensed)
    order: list[int] = leaves_list(tree).tolist()
    return order
