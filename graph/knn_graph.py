"""From nearest neighbours to an undirected graph, weighted by how near they are."""

from collections.abc import Iterator

import networkx as nx
import numpy as np
from numpy.typing import NDArray

from imgrec.neighbors import Neighbors

JOINED = 8  # neighbours a picture is joined to; more blur the communities of both photo sets tried
FLOOR = 1e-3  # an edge of weight 0 would be none to Louvain, and no spring in a layout
_SCALE_RANK = 7  # the neighbour whose distance is a picture's own scale


def knn_graph(neighbors: Neighbors, joined: int = JOINED) -> "nx.Graph[int]":
    """Return the graph that joins two pictures where one is among the nearest of the other.

    Nodes are catalogue ids. An edge has a `weight` from `FLOOR` to 1, by local scaling:
    exp(-d² / (s s')), where d is the distance and s, s' those of the two pictures to their
    seventh neighbours; so dense and sparse parts of a collection weigh alike. Nodes and edges
    are added in the order of ids: Louvain depends on it.

    Args:
        neighbors: of every picture.
        joined: how many of them become edges.

    Source: Zelnik-Manor and Perona 2004, Self-Tuning Spectral Clustering.
    """
    n, k = len(neighbors.ids), min(joined, neighbors.k)
    rows = np.repeat(np.arange(n), k)
    others = neighbors.rows()[:, :k].ravel()
    weights = _weights(neighbors, rows, others)  # (n * k,)
    low, high = np.minimum(rows, others), np.maximum(rows, others)
    order = np.lexsort((-weights, high, low))
    low, high, weights = low[order], high[order], weights[order]
    first = np.flatnonzero(np.diff(low * n + high, prepend=-1))
    graph: nx.Graph[int] = nx.Graph()
    graph.add_nodes_from(neighbors.ids.tolist())
    ids = neighbors.ids
    graph.add_weighted_edges_from(
        zip(
            ids[low[first]].tolist(), ids[high[first]].tolist(), weights[first].tolist(),
            strict=True,
        )
    )  # fmt: skip
    return graph


def _weights(
    neighbors: Neighbors, rows: NDArray[np.intp], others: NDArray[np.intp]
) -> NDArray[np.float64]:
    distances = neighbors.distances.astype(np.float64)  # (n, k)
    scales = distances[:, min(_SCALE_RANK, neighbors.k) - 1]  # (n,)
    squares = np.square(distances[:, : len(rows) // len(scales)].ravel())
    products = scales[rows] * scales[others]
    # Twins in plenty have the scale 0: among themselves they are the same, to others nothing.
    ratios = np.divide(squares, products, out=np.full_like(squares, np.inf), where=products > 0)
    ratios[squares == 0] = 0
    weights: NDArray[np.float64] = np.maximum(np.exp(-ratios), FLOOR)
    return weights


def weighted_edges(graph: "nx.Graph[int]") -> Iterator[tuple[int, int, float]]:
    """Yield the edges as (smaller id, larger id, weight), in the order of the graph."""
    for a, b, data in graph.edges(data=True):
        yield min(a, b), max(a, b), float(data["weight"])
