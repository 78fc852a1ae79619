"""Community detection by Louvain or Leiden, deterministic for a seed, from scratch or from a start.

Both methods maximize the weighted modularity of a partition by moving nodes to the communities of
their neighbors. Louvain merges the communities it found into nodes and moves these, level by level.
Leiden also refines: it splits a community that is not well connected, so that its partitions are
of higher modularity and vary less with the seed. Louvain is by python-louvain for small graphs and
by igraph, which is twenty times as fast at the same modularity, for large ones; Leiden is igraph's.

A start is the partition of an earlier run: nodes move from there, so that most stay where they
were. Leiden then iterates once, which is nearest to the start at hardly any less modularity.
igraph's Louvain takes no start; there, too, one iteration of Leiden continues it.
"""

import random
from collections.abc import Iterator
from contextlib import contextmanager

import community
import igraph
import networkx as nx
import numpy as np

from graph.choices import AUTO, IGRAPH, LEIDEN, PYTHON_LOUVAIN
from graph.communities.weights import Graph, Rows

# Up to so many nodes python-louvain takes some seconds.
MOST_IN_PYTHON = 5_000
# Modularity that a continued partition may lack to a new one.
MOST_LOST = 0.005
# Iterations of Leiden until nothing improves.
_UNTIL_STABLE = -1


def chosen_engine(method: str, engine: str, n: int) -> str:
    """Return what finds the communities of n nodes: `PYTHON_LOUVAIN`, `IGRAPH` or `LEIDEN`."""
    if method == LEIDEN:
        return LEIDEN
    if engine != AUTO:
        return engine
    return PYTHON_LOUVAIN if n <= MOST_IN_PYTHON else IGRAPH


def levels(
    graph: Graph,
    engine: str,
    seed: int = 0,
    resolution: float = 1.0,
    start: Rows | None = None,
) -> list[Rows]:
    """Return the partitions of the levels of Louvain, from the finest to the best; Leiden has one.

    Each is an array (n,) with the community number of every node. Communities are numbered by
    descending size from 0; ties go to the one with the smallest node.

    Args:
        graph: weighted graph of n nodes.
        engine: `PYTHON_LOUVAIN`, `IGRAPH` or `LEIDEN`.
        seed: random seed of the order in which nodes are visited.
        resolution: values above 1 give smaller communities.
        start: (n,) the partition to continue, numbered from 0; None for one node a community.

    Source: Blondel, Guillaume, Lambiotte, Lefebvre, Fast unfolding of communities, 2008; Traag,
    Waltman, van Eck, From Louvain to Leiden: guaranteeing well-connected communities, 2019.
    """
    if not len(graph.low):
        return [np.arange(graph.n)]
    if engine == PYTHON_LOUVAIN:
        found = _python_levels(graph, seed, resolution, start)
    elif start is not None:
        found = [_leiden(graph, seed, resolution, start, 1)]
    elif engine == LEIDEN:
        found = [_leiden(graph, seed, resolution, None, _UNTIL_STABLE)]
    else:
        found = _igraph_levels(graph, seed, resolution)
    return [ranked(parts) for parts in found]


def modularity(graph: Graph, parts: Rows) -> float:
    """Return the weighted modularity (Newman) of a partition (n,); 0 for a graph without edges."""
    total = graph.weights.sum()
    if not total:
        return 0.0
    inside = graph.weights[parts[graph.low] == parts[graph.high]].sum() / total
    volumes = np.bincount(parts, graph.degrees()) / (2 * total)
    return float(inside - np.square(volumes).sum())


def is_as_good(graph: Graph, continued: Rows, new: Rows) -> bool:
    """Return True if a continued partition lacks at most `MOST_LOST` of a new one's modularity."""
    return modularity(graph, continued) >= modularity(graph, new) - MOST_LOST


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
    made = _igraph_of(graph)
    with seeded(seed):
        found = made.community_multilevel(
            graph.weights.tolist(), return_levels=True, resolution=resolution
        )
    return [np.asarray(level.membership, np.int64) for level in found] or [np.arange(graph.n)]


def _leiden(
    graph: Graph, seed: int, resolution: float, start: Rows | None, iterations: int
) -> Rows:
    made = _igraph_of(graph)
    with seeded(seed):
        found = made.community_leiden(
            objective_function="modularity",
            weights=graph.weights.tolist(),
            resolution=resolution,
            initial_membership=None if start is None else start.tolist(),
            n_iterations=iterations,
        )
    return np.asarray(found.membership, np.int64)


def _igraph_of(graph: Graph) -> igraph.Graph:
    edges = np.stack([graph.low, graph.high], axis=1)
    return igraph.Graph(graph.n, edges.data)


def _python_levels(graph: Graph, seed: int, resolution: float, start: Rows | None) -> list[Rows]:
    made: nx.Graph[int] = nx.Graph()
    made.add_nodes_from(range(graph.n))
    made.add_weighted_edges_from(
        zip(graph.low.tolist(), graph.high.tolist(), graph.weights.tolist(), strict=True)
    )
    begun = None if start is None else dict(enumerate(start.tolist()))
    # python-louvain's resolution is the inverse of that of igraph and networkx.
    steps = community.generate_dendrogram(made, begun, resolution=1 / resolution, random_state=seed)
    found, parts = [], np.arange(graph.n)
    for step in steps:
        parts = np.array([step[i] for i in range(len(step))], np.int64)[parts]
        found.append(parts)
    return found
