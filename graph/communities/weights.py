"""The similarity graph: from k-NN lists to an undirected weighted graph, held as edge arrays.

Weights use local scaling: each distance is relative to the local density around both pictures, so
that dense and sparse regions of a collection divide equally well.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from graph.choices import JOINED
from imgrec.neighbors.neighbors import Neighbors

Rows = NDArray[np.int64]
Weights = NDArray[np.float64]

# Least weight: with 0 an edge would not exist for Louvain and layouts.
FLOOR = 1e-3
# The distance to the neighbor of this rank is a picture's local scale.
_SCALE_RANK = 7


@dataclass(frozen=True)
class Graph:
    """An undirected weighted graph; edge e connects the nodes `low[e]` and `high[e]`.

    Invariant: edges are sorted by (low, high), unique, and low < high.

    Attributes:
        n: number of nodes, which are the rows 0 to n - 1.
        low: (m,) the smaller row of each edge.
        high: (m,) the larger row of each edge.
        weights: (m,) float64, above 0.
    """

    n: int
    low: Rows
    high: Rows
    weights: Weights

    def degrees(self) -> Weights:
        """Return the weighted degree of each node, (n,)."""
        at_low = np.bincount(self.low, self.weights, self.n)
        return np.asarray(at_low + np.bincount(self.high, self.weights, self.n))

    def within(self, parts: Rows) -> "Graph":
        """Return the graph without the edges between different parts of a partition (n,)."""
        kept = parts[self.low] == parts[self.high]
        return Graph(self.n, self.low[kept], self.high[kept], self.weights[kept])

    def contracted(self, parts: Rows, count: int) -> "Graph":
        """Return the graph of the parts of a partition (n,), without self-loops."""
        a, b = parts[self.low], parts[self.high]
        across = a != b
        return joined(count, a[across], b[across], self.weights[across])


def joined(n: int, a: Rows, b: Rows, weights: Weights) -> Graph:
    """Return the graph of edges given in any order; weights of equal edges are added."""
    low, high = np.minimum(a, b), np.maximum(a, b)
    keys, where = np.unique(low * n + high, return_inverse=True)
    summed = np.bincount(where, weights, len(keys)).astype(np.float64)
    return Graph(n, keys // max(1, n), keys % max(1, n), summed)


def knn_graph(neighbors: Neighbors, joined: int = JOINED) -> Graph:
    """Return the union k-NN graph: an edge if either picture is among the nearest of the other.

    Its rows are those of `neighbors.ids`. A weight is exp(-d² / (s s')), from `FLOOR` to 1, where
    d is the distance and s, s' are the distances of the two pictures to their seventh neighbors.

    Args:
        neighbors: nearest neighbors of every picture.
        joined: number of neighbors that become edges.

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
    """Return the local scale (n,) of each picture: the distance to its seventh neighbor."""
    rank = min(_SCALE_RANK, neighbors.k)
    return neighbors.distances[:, rank - 1].astype(np.float64)


def local_weights(distances: NDArray[np.floating], scale: Weights, other: Weights) -> Weights:
    """Return the weights exp(-d² / (s s')) of pairs of pictures, at least `FLOOR`; 1 for d = 0.

    Args:
        distances: distances d of the pairs, of any shape.
        scale: local scales s of the first pictures.
        other: local scales s' of the second pictures.
    """
    squares, products = np.square(distances.astype(np.float64)), scale * other
    # A picture with seven copies has scale 0: weight 1 to its copies, `FLOOR` to all others.
    ratios = np.divide(squares, products, out=np.full_like(squares, np.inf), where=products > 0)
    ratios[squares == 0] = 0
    weights: Weights = np.maximum(np.exp(-ratios), FLOOR)
    return weights
