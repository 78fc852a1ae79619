"""Louvain's communities by either of two libraries, the same each time."""

import random
from collections.abc import Iterator
from contextlib import contextmanager

import community
import igraph
import networkx as nx
import numpy as np

from graph.choices import AUTO, IGRAPH, PYTHON_LOUVAIN
from graph.communities.weights import Graph, Rows

MOST_IN_PYTHON = 5_000  # nodes, some seconds; igraph is twenty times faster and as good


def chosen_engine(engine: str, n: int) -> str:
    """Return the library that parts a collection of n pictures."""
    if engine != AUTO:
        return engine
    return PYTHON_LOUVAIN if n <= MOST_IN_PYTHON else IGRAPH


def levels(graph: Graph, engine: str, seed: int = 0, resolution: float = 1.0) -> list[Rows]:
    """Return the partitions that Louvain goes through, the finest first, the best last.

    Each is the number of the community of every node (n,): by size, the largest is 0, ties
    by the smallest node.

    Args:
        graph: weighted.
        engine: `PYTHON_LOUVAIN` or `IGRAPH`.
        seed: of the order in which nodes are visited.
        resolution: above 1 communities are smaller.

    Source: Blondel, Guillaume, Lambiotte, Lefebvre 2008.
    """
    if not len(graph.low):
        return [np.arange(graph.n)]
    find = _python_levels if engine == PYTHON_LOUVAIN else _igraph_levels
    return [ranked(parts) for parts in find(graph, seed, resolution)]


def modularity(graph: Graph, parts: Rows) -> float:
    """Return Newman's modularity of a partition (n,), weighted; 0 without edges."""
    total = graph.weights.sum()
    if not total:
        return 0.0
    inside = graph.weights[parts[graph.low] == parts[graph.high]].sum() / total
    volumes = np.bincount(parts, graph.degrees()) / (2 * total)
    return float(inside - np.square(volumes).sum())


def ranked(parts: Rows) -> Rows:
    """Return a partition numbered by size, the largest 0, ties by the smallest node."""
    _, first, where, counts = np.unique(
        parts, return_index=True, return_inverse=True, return_counts=True
    )
    order = np.lexsort((first, -counts))
    ranks = np.empty(len(order), np.int64)
    ranks[order] = np.arange(len(order))
    return ranks[where]


@contextmanager
def seeded(seed: int) -> Iterator[None]:
    """Let igraph draw its random numbers from a generator of this seed."""
    igraph.set_random_number_generator(random.Random(seed))
    try:
        yield
    finally:
        igraph.set_random_number_generator(random)  # as it is by default


def _igraph_levels(graph: Graph, seed: int, resolution: float) -> list[Rows]:
    edges = np.stack([graph.low, graph.high], axis=1)
    made = igraph.Graph(graph.n, edges.data)
    with seeded(seed):
        found = made.community_multilevel(
            graph.weights.tolist(), return_levels=True, resolution=resolution
        )
    return [np.asarray(level.membership, np.int64) for level in found] or [np.arange(graph.n)]


def _python_levels(graph: Graph, seed: int, resolution: float) -> list[Rows]:
    made: nx.Graph[int] = nx.Graph()
    made.add_nodes_from(range(graph.n))
    made.add_weighted_edges_from(
        zip(graph.low.tolist(), graph.high.tolist(), graph.weights.tolist(), strict=True)
    )
    # Its resolution is a time: one over what igraph and networkx mean by the word.
    steps = community.generate_dendrogram(made, resolution=1 / resolution, random_state=seed)
    found, parts = [], np.arange(graph.n)
    for step in steps:
        parts = np.array([step[i] for i in range(len(step))], np.int64)[parts]
        found.append(parts)
    return found
