"""From nearest neighbors to an undirected graph as arrays, weighted by how near they are."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from graph.choices import JOINED
from imgrec.neighbors.neighbors import Neighbors

Rows = NDArray[np.int64]
Weights = NDArray[np.float64]

FLOOR = 1e-3  # an edge of weight 0 would be none to Louvain, and no spring in a layout
_SCALE_RANK = 7  # the neighbor whose distance is a picture's own scale


@dataclass(frozen=True)
class Graph:
    """An undirected graph of n nodes; edge e joins `low[e]` and `high[e]`.

    Attributes:
        n: nodes; they are the rows 0 to n - 1.
        low: (m,) the smaller row of each edge; edges ascend by (low, high), none comes twice.
        high: (m,) the larger row.
        weights: (m,) above 0.
    """

    n: int
    low: Rows
    high: Rows
    weights: Weights

    def degrees(self) -> Weights:
        """Return the sum of the weights at each node (n,)."""
        at_low = np.bincount(self.low, self.weights, self.n)
        return np.asarray(at_low + np.bincount(self.high, self.weights, self.n))

    def within(self, parts: Rows) -> "Graph":
        """Return the graph without the edges that join nodes of different parts (n,)."""
        kept = parts[self.low] == parts[self.high]
        return Graph(self.n, self.low[kept], self.high[kept], self.weights[kept])

    def contracted(self, parts: Rows, count: int) -> "Graph":
        """Return the graph whose nodes are the parts (n,), from 0; what lies within is dropped."""
        a, b = parts[self.low], parts[self.high]
        across = a != b
        return joined(count, a[across], b[across], self.weights[across])


def joined(n: int, a: Rows, b: Rows, weights: Weights) -> Graph:
    """Return the graph of some edges, in any order; the weights of equal ones are added."""
    low, high = np.minimum(a, b), np.maximum(a, b)
    keys, where = np.unique(low * n + high, return_inverse=True)
    summed = np.bincount(where, weights, len(keys)).astype(np.float64)
    return Graph(n, keys // max(1, n), keys % max(1, n), summed)


def knn_graph(neighbors: Neighbors, joined: int = JOINED) -> Graph:
    """Return the graph that joins two pictures where one is among the nearest of the other.

    Its rows are those of `neighbors.ids`. A weight is from `FLOOR` to 1, by local scaling:
    exp(-d² / (s s')), where d is the distance and s, s' those of the two pictures to their
    seventh neighbors; so dense and sparse parts of a collection weigh alike.

    Args:
        neighbors: of every picture.
        joined: how many of them become edges.

    Source: Zelnik-Manor and Perona 2004, Self-Tuning Spectral Clustering.
    """
    n, k = len(neighbors.ids), min(joined, neighbors.k)
    rows = np.repeat(np.arange(n), k)
    others = neighbors.rows()[:, :k].ravel()
    distances, scales = neighbors.distances[:, :k].ravel(), scales_of(neighbors)
    weights = local_weights(distances, scales[rows], scales[others])  # (n * k,)
    low, high = np.minimum(rows, others), np.maximum(rows, others)
    order = np.lexsort((-weights, high, low))
    low, high, weights = low[order], high[order], weights[order]
    first = np.flatnonzero(np.diff(low * n + high, prepend=-1))
    return Graph(n, low[first], high[first], weights[first])


def scales_of(neighbors: Neighbors) -> Weights:
    """Return the scale (n,) of each picture: the distance to its seventh neighbor."""
    rank = min(_SCALE_RANK, neighbors.k)
    return neighbors.distances[:, rank - 1].astype(np.float64)


def local_weights(distances: NDArray[np.floating], scale: Weights, other: Weights) -> Weights:
    """Return exp(-d² / (s s')) for pairs of pictures, at least `FLOOR`; 1 for d = 0.

    Args:
        distances: of the pairs, of any shape.
        scale: of the one picture of each pair.
        other: of the other one.
    """
    squares, products = np.square(distances.astype(np.float64)), scale * other
    # Twins in plenty have the scale 0: among themselves they are the same, to others nothing.
    ratios = np.divide(squares, products, out=np.full_like(squares, np.inf), where=products > 0)
    ratios[squares == 0] = 0
    weights: Weights = np.maximum(np.exp(-ratios), FLOOR)
    return weights
