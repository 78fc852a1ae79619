"""Graphs in parts: the graph within each, how similar they are, those that go together."""

from dataclasses import replace

import numpy as np

from graph.communities.weights import Graph, Rows, Weights

_MOST_GATHERED = 500  # parts that are compared each with each


def split(graph: Graph, parts: Rows) -> list[tuple[Rows, Graph]]:
    """Return the rows of each part (n,), from 0, and the graph within it, its rows from 0."""
    count = int(parts.max()) + 1
    order = np.argsort(parts, kind="stable")
    starts = np.searchsorted(parts[order], np.arange(count + 1))
    place = np.empty(graph.n, np.int64)
    place[order] = np.arange(graph.n) - starts[parts[order]]
    inner = graph.within(parts)
    by_part = np.argsort(parts[inner.low], kind="stable")
    low, high, weights = inner.low[by_part], inner.high[by_part], inner.weights[by_part]
    edges = np.searchsorted(parts[low], np.arange(count + 1))
    return [
        (
            order[starts[i] : starts[i + 1]],
            Graph(
                int(starts[i + 1] - starts[i]),
                place[low[edges[i] : edges[i + 1]]],
                place[high[edges[i] : edges[i + 1]]],
                weights[edges[i] : edges[i + 1]],
            ),
        )
        for i in range(count)
    ]


def similarity(graph: Graph, parts: Rows, count: int) -> Graph:
    """Return how similar the parts (n,) of a graph are, as a graph of them.

    A weight is what lies between two parts over the geometric mean of their weighted degrees,
    from 0 to 1: the cosine of the parts as nodes of the graph.
    """
    between = graph.contracted(parts, count)
    volumes = np.bincount(parts, graph.degrees(), count)
    scale = np.sqrt(volumes[between.low] * volumes[between.high])
    return replace(between, weights=between.weights / scale)


def gathered(graph: Graph, parts: Rows, costs: Weights, most: float) -> Rows:
    """Return a partition (n,) whose parts were joined while two together cost at most `most`.

    Always the two most similar ones are joined, ties by the smallest numbers; parts that
    nothing joins stay apart.
    """
    count = int(parts.max()) + 1
    if count > _MOST_GATHERED:
        return parts
    between = graph.contracted(parts, count)
    weights = np.zeros((count, count))
    weights[between.low, between.high] = weights[between.high, between.low] = between.weights
    volumes = np.bincount(parts, graph.degrees(), count)
    spent = np.bincount(parts, costs, count)
    part = np.arange(count)
    while True:
        scale = np.sqrt(np.outer(volumes, volumes))
        similar = np.divide(weights, scale, out=np.zeros_like(weights), where=scale > 0)
        similar[spent[:, None] + spent > most + 1e-6] = 0
        a, b = np.unravel_index(similar.argmax(), similar.shape)
        if not similar[a, b]:
            return renumbered(part[parts])
        weights[a] += weights[b]
        weights[:, a] = weights[a]
        weights[b] = weights[:, b] = weights[a, a] = 0
        for totals in (volumes, spent):
            totals[a] += totals[b]
        part[part == b] = a


def renumbered(parts: Rows) -> Rows:
    """Return a partition whose parts are numbered from 0 without gaps, in the same order."""
    return np.unique(parts, return_inverse=True)[1]


def induced(graph: Graph, rows: Rows) -> Graph:
    """The graph of some of its nodes, ascending, renumbered."""
    if len(rows) == graph.n:
        return graph
    place = np.full(graph.n, -1)
    place[rows] = np.arange(len(rows))
    low, high = place[graph.low], place[graph.high]
    kept = (low >= 0) & (high >= 0)
    return Graph(len(rows), low[kept], high[kept], graph.weights[kept])
