"""Stream the edges of the network in blocks, so that memory does not grow with the collection.

An undirected edge joins two pictures if either is among the k nearest neighbors of the other. The
k-NN graph stores it once or twice; a block yields it once: from its lower row if the neighbor lists
are mutual, else from the only row that has it. The memory is that of one block of rows.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from graph.choices import JOINED
from graph.communities.weights import local_weights, scales_of
from imgrec.distances.metrics import Distances
from imgrec.neighbors.neighbors import Neighbors

# Pictures whose edges are in memory at a time.
BLOCK_ROWS = 8_192

Rows = NDArray[np.intp]


@dataclass(frozen=True)
class Edges:
    """A block of m undirected edges; no edge occurs twice.

    Attributes:
        rows: first endpoints, rows of the k-NN graph (m,).
        others: second endpoints, likewise (m,).
        weights: (m,), over 0 to 1, as in `graph.communities.weights`.
        distances: (m,) between the endpoints.
    """

    rows: Rows
    others: Rows
    weights: NDArray[np.float64]
    distances: Distances


def edge_blocks(
    neighbors: Neighbors, joined: int = JOINED, *, block_rows: int = BLOCK_ROWS
) -> Iterator[Edges]:
    """Yield the weighted edges of a k-NN graph in blocks, sorted by their first endpoint.

    Args:
        neighbors: k-NN graph of all pictures.
        joined: how many nearest neighbors of each picture become edges.
        block_rows: how many pictures the edges of a block start at.
    """
    k = min(joined, neighbors.k)
    scales = scales_of(neighbors)
    for start in range(0, len(neighbors.ids), block_rows):
        rows = np.arange(start, min(start + block_rows, len(neighbors.ids)))
        yield _edges_of(neighbors, rows, k, scales)


def edge_count(neighbors: Neighbors, joined: int = JOINED) -> int:
    """Return the number of edges of a k-NN graph."""
    return sum(len(edges.rows) for edges in edge_blocks(neighbors, joined))


def edge_modularity(neighbors: Neighbors, parts: Rows, joined: int = JOINED) -> float:
    """Return the weighted modularity (Newman) of a partition (n,) in the graph of all pictures.

    Args:
        neighbors: k-NN graph of all pictures.
        parts: (n,) the part of each picture, numbered from 0.
        joined: how many nearest neighbors of each picture become edges.
    """
    inside = total = 0.0
    volumes = np.zeros(int(parts.max()) + 1)
    for edges in edge_blocks(neighbors, joined):
        a, b = parts[edges.rows], parts[edges.others]
        total += edges.weights.sum()
        inside += edges.weights[a == b].sum()
        for ends in (a, b):
            volumes += np.bincount(ends, edges.weights, len(volumes))
    return float(inside / total - np.square(volumes / (2 * total)).sum())


def _edges_of(neighbors: Neighbors, rows: Rows, k: int, scales: NDArray[np.float64]) -> Edges:
    others = np.searchsorted(neighbors.ids, neighbors.neighbors[rows, :k])  # (b, k)
    distances = np.array(neighbors.distances[rows, :k])  # (b, k)
    back = neighbors.neighbors[others, :k] == neighbors.ids[rows, None, None]  # (b, k, k)
    from_there = np.where(back, neighbors.distances[others, :k], np.inf).min(axis=2)
    # The two directions of one edge may differ by rounding.
    distances = np.minimum(distances, from_there)
    here = rows[:, None]
    # A mutual edge counts in its lower row only.
    first = (here < others) | ~back.any(axis=2)
    ends = np.broadcast_to(here, others.shape)[first], others[first]
    found = distances[first]
    return Edges(*ends, local_weights(found, *(scales[end] for end in ends)), found)
