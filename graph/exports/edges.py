"""The edges of the network, block by block: they need no memory that grows with the collection."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from graph.choices import JOINED
from graph.communities.weights import local_weights, scales_of
from imgrec.distances.metrics import Distances
from imgrec.neighbors.neighbors import Neighbors

_BLOCK_ROWS = 8_192

Rows = NDArray[np.intp]


@dataclass(frozen=True)
class Edges:
    """Some edges; each joins two pictures once.

    Attributes:
        rows: (m,) positions in the ids of the neighbors.
        others: (m,) likewise, the other ends.
        weights: (m,) as in `graph.communities.weights`.
        distances: (m,) between the two.
    """

    rows: Rows
    others: Rows
    weights: NDArray[np.float64]
    distances: Distances


def edge_blocks(neighbors: Neighbors, joined: int = JOINED) -> Iterator[Edges]:
    """Yield the edges of `graph.communities.weights`, in the order of their first picture.

    Args:
        neighbors: of every picture.
        joined: how many of them become edges.
    """
    k = min(joined, neighbors.k)
    scales = scales_of(neighbors)
    for start in range(0, len(neighbors.ids), _BLOCK_ROWS):
        rows = np.arange(start, min(start + _BLOCK_ROWS, len(neighbors.ids)))
        yield _edges_of(neighbors, rows, k, scales)


def edge_count(neighbors: Neighbors, joined: int = JOINED) -> int:
    """Return how many edges there are."""
    return sum(len(edges.rows) for edges in edge_blocks(neighbors, joined))


def _edges_of(neighbors: Neighbors, rows: Rows, k: int, scales: NDArray[np.float64]) -> Edges:
    others = np.searchsorted(neighbors.ids, neighbors.neighbors[rows, :k])  # (b, k)
    distances = np.array(neighbors.distances[rows, :k])  # (b, k)
    back = neighbors.neighbors[others, :k] == neighbors.ids[rows, None, None]  # (b, k, k)
    from_there = np.where(back, neighbors.distances[others, :k], np.inf).min(axis=2)
    distances = np.minimum(distances, from_there)  # rounding may make them differ
    here = rows[:, None]
    first = (here < others) | ~back.any(axis=2)  # else the other one has named it already
    ends = np.broadcast_to(here, others.shape)[first], others[first]
    found = distances[first]
    return Edges(*ends, local_weights(found, *(scales[end] for end in ends)), found)
