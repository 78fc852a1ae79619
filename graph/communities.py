"""Communities of a graph: found by Louvain, numbered by size, compared with each other."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import community as louvain
import networkx as nx
import numpy as np

from graph.knn_graph import weighted_edges


@dataclass(frozen=True)
class Community:
    """Pictures that are more like each other than like the rest.

    Attributes:
        number: from 1, the largest first.
        members: ids, those that are alike beside each other (see `ordered`).
        center: the member of the highest weighted degree within.
    """

    number: int
    members: tuple[int, ...]
    center: int


def find_communities(graph: "nx.Graph[int]", page_size: int, seed: int = 0) -> list[Community]:
    """Return the communities of a graph with edges, the largest first, ties by smallest id.

    Args:
        graph: weighted, nodes in id order.
        page_size: groups up to this size need no order of their own.
        seed: of Louvain.
    """
    groups = partition(graph, seed)
    return [
        _community(number, graph.subgraph(group), page_size, seed)
        for number, group in enumerate(groups, start=1)
    ]


def partition(graph: "nx.Graph[int]", seed: int = 0) -> list[list[int]]:
    """Return the groups Louvain finds, the largest first, ties by smallest id; ids ascend.

    Source: Blondel, Guillaume, Lambiotte, Lefebvre 2008, as in python-louvain.
    """
    if not graph.number_of_edges():
        return [[node] for node in sorted(graph)]
    of_node: dict[int, int] = louvain.best_partition(graph, random_state=seed)
    groups: dict[int, list[int]] = {}
    for node in sorted(of_node):
        groups.setdefault(of_node[node], []).append(node)
    return sorted(groups.values(), key=lambda group: (-len(group), group[0]))


def modularity(graph: "nx.Graph[int]", communities: Iterable[Community]) -> float:
    """Return Newman's modularity of the communities, weighted."""
    of_node = {node: c.number for c in communities for node in c.members}
    return float(louvain.modularity(of_node, graph))


def ordered(graph: "nx.Graph[int]", page_size: int, seed: int = 0) -> list[int]:
    """Return the nodes so that those that are alike stand beside each other.

    A graph larger than a page is parted by Louvain again and its groups are chained: the
    largest first, then always the one most similar to the last.
    """
    if len(graph) <= page_size:
        return sorted(graph)
    graph = _in_id_order(graph)
    groups = partition(graph, seed)
    if len(groups) == 1:
        return groups[0]
    chain = _chained(len(groups), similarities(graph, groups))
    return [node for i in chain for node in ordered(graph.subgraph(groups[i]), page_size, seed)]


def similarities(
    graph: "nx.Graph[int]", groups: Iterable[Iterable[int]]
) -> dict[tuple[int, int], float]:
    """Return how similar two groups are, for each pair (i, j), i < j, with edges between.

    It is the weight between them over the geometric mean of their weighted degrees, from 0
    to 1: the cosine of the groups as nodes of the graph.
    """
    of_node = {node: i for i, group in enumerate(groups) for node in group}
    volumes: dict[int, float] = {}
    between: dict[tuple[int, int], float] = {}
    for a, b, weight in weighted_edges(graph):
        i, j = sorted((of_node[a], of_node[b]))
        volumes[i] = volumes.get(i, 0.0) + weight
        volumes[j] = volumes.get(j, 0.0) + weight
        if i != j:
            between[i, j] = between.get((i, j), 0.0) + weight
    return {
        pair: float(between[pair] / np.sqrt(volumes[pair[0]] * volumes[pair[1]]))
        for pair in sorted(between)
    }


def strongest(
    pairs: Mapping[tuple[int, int], float], each: int
) -> dict[int, list[tuple[int, float]]]:
    """Return for each node of weighted pairs its strongest others, ties by smallest node."""
    others: dict[int, list[tuple[int, float]]] = {}
    for (a, b), weight in pairs.items():
        others.setdefault(a, []).append((b, weight))
        others.setdefault(b, []).append((a, weight))
    return {
        node: sorted(found, key=lambda other: (-other[1], other[0]))[:each]
        for node, found in sorted(others.items())
    }


def most_central(graph: "nx.Graph[int]", among: Iterable[int]) -> int:
    """Return which of some nodes has the highest weighted degree, ties by smallest id."""
    degrees = dict(graph.degree(among, weight="weight"))
    return min(degrees, key=lambda node: (-degrees[node], node))


def _community(number: int, inner: "nx.Graph[int]", page_size: int, seed: int) -> Community:
    return Community(number, tuple(ordered(inner, page_size, seed)), most_central(inner, inner))


def _in_id_order(graph: "nx.Graph[int]") -> "nx.Graph[int]":
    """A copy whose order does not hang on that of a set; a subgraph view's does."""
    copy: nx.Graph[int] = nx.Graph()
    copy.add_nodes_from(sorted(graph))
    copy.add_weighted_edges_from(sorted(weighted_edges(graph)))
    return copy


def _chained(count: int, similar: Mapping[tuple[int, int], float]) -> list[int]:
    chain, left = [0], set(range(1, count))
    while left:
        last = chain[-1]
        nearest = min(
            left, key=lambda i: (-similar.get((min(i, last), max(i, last)), 0.0), i)
        )  # fmt: skip
        chain.append(nearest)
        left.remove(nearest)
    return chain
