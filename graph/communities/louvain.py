"""Community detection by the Louvain method, deterministic for a seed, by either of two libraries.

python-louvain for small graphs; igraph, which is twenty times as fast at the same modularity, for
large ones.
"""

import random
from collections.abc import Iterator
from contextlib import contextmanager

import community
import igraph
import networkx as nx
import numpy as np

from graph.choices import AUTO, IGRAPH, PYTHON_LOUVAIN
from graph.communities.weights import Graph, Rows

# Up to so many nodes python-louvain takes some seconds.
MOST_IN_PYTHON = 5_000


def chosen_engine(engine: str, n: int) -> str:
    """Return the library to use for a collection of n pictures."""
    if engine != AUTO:
        return engine
    return PYTHON_LOUVAIN if n <= MOST_IN_PYTHON else IGRAPH


def levels(graph: Graph, engine: str, seed: int = 0, resolution: float = 1.0) -> list[Rows]:
    """Return the partitions of the levels of Louvain, from the finest to the best.

    Each is an array (n,) with the community number of every node. Communities are numbered by
    descending size from 0; ties go to the one with the smallest node.

    Args:
        graph: weighted graph of n nodes.
        engine: `PYTHON_LOUVAIN` or `IGRAPH`.
        seed: random seed of the order in which nodes are visited.
        resolution: values above 1 give smaller communities.

    Source: Blondel, Guillaume, Lambiotte, Lefebvre, Fast unfolding of communities, 2008.
    """
    if not len(graph.low):
        return [np.arange(graph.n)]
    find = _python_levels if engine == PYTHON_LOUVAIN else _igraph_levels
    return [ranked(parts) for parts in find(graph, seed, resolution)]


def modularity(graph: Graph, parts: Rows) -> float:
    """Return the weighted modularity (Newman) of a partition (n,); 0 for a graph without edges."""
    total = graph.weights.sum()
    if not total:
        return 0.0
    inside = graph.weights[parts[graph.low] == parts[graph.high]].sum() / total
    volumes = np.bincount(parts, graph.degrees()) / (2 * total)
    return float(inside - np.square(volumes).sum())


def ranked(parts: Rows) -> Rows:
    """Return a partition renumbered by descending size; ties go to the smallest node."""
    _, first, where, counts = np.unique(
        parts, return_index=True, return_inverse=True, return_counts=True
    )
    order = np.lexsort((first, -counts))
    ranks = np.empty(len(order), np.int64)
    ranks[order] = np.arange(len(order))
    return ranks[where]


@contextmanager
def seeded(seed: int) -> Iterator[None]:
    """Make igraph use a random number generator with this seed in the block."""
    igraph.set_random_number_generator(random.Random(seed))
    try:
        yield
    finally:
        # igraph's default.
        igraph.set_random_number_generator(random)


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
    # python-louvain's resolution is the inverse of that of igraph and networkx.
    steps = community.generate_dendrogram(made, resolution=1 / resolution, random_state=seed)
    found, parts = [], np.arange(graph.n)
    for step in steps:
        parts = np.array([step[i] for i in range(len(step))], np.int64)[parts]
        found.append(parts)
    return found
