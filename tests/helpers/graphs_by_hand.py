"""k-NN graphs of small vectors by brute force, and random similarity graphs."""

import numpy as np

from graph.communities.weights import Graph, joined
from imgrec.neighbors.neighbors import Neighbors


def neighbors_of(vectors: np.ndarray, k: int, ids: np.ndarray | None = None) -> Neighbors:
    """Return the k nearest neighbors by cosine, found by brute force row by row."""
    ids = np.arange(1, len(vectors) + 1) if ids is None else ids
    lengths = np.linalg.norm(vectors, axis=1)
    neighbors, distances = [], []
    for i, vector in enumerate(vectors):
        scale = lengths * lengths[i]
        cosine = np.divide(vectors @ vector, scale, out=np.zeros(len(vectors)), where=scale > 0)
        others = sorted((1 - cosine[j], j) for j in range(len(vectors)) if j != i)[:k]
        neighbors.append([int(ids[j]) for _, j in others])
        distances.append([max(0.0, float(d)) for d, _ in others])
    return Neighbors(
        np.asarray(ids, np.int64), np.array(neighbors, np.int64), np.array(distances, np.float32)
    )


def edges_of(graph: Graph, ids: np.ndarray) -> list[tuple[int, int, float]]:
    """Return the edges as (smaller id, larger id, weight)."""
    low, high = ids[graph.low].tolist(), ids[graph.high].tolist()
    return list(zip(low, high, graph.weights.tolist(), strict=True))


def random_graph(n: int, edges: int, rng: np.random.Generator) -> Graph:
    a, b = rng.integers(0, n, (2, edges))
    kept = a != b
    return joined(n, a[kept], b[kept], rng.uniform(0.01, 1, kept.sum()))


def matrix_of(graph: Graph) -> np.ndarray:
    dense = np.zeros((graph.n, graph.n))
    dense[graph.low, graph.high] = dense[graph.high, graph.low] = graph.weights
    return dense
