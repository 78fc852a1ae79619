"""Operations on a partitioned graph: subgraphs, similarity of parts, joining of similar parts."""

from dataclasses import replace

import numpy as np

from graph.communities.weights import Graph, Rows, Weights

# Up to so many parts all pairs are compared.
_MOST_GATHERED = 500


def split(graph: Graph, parts: Rows) -> list[tuple[Rows, Graph]]:
    """Return for each part of a partition (n,) its rows and its subgraph, renumbered from 0."""
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
    """Return the similarities of the parts of a partition (n,), as a weighted graph of parts.

    A similarity is the weight between two parts divided by the geometric mean of their weighted
    degrees, 0 to 1 (Salton's cosine).
    """
    between = graph.contracted(parts, count)
    volumes = np.bincount(parts, graph.degrees(), count)
    scale = np.sqrt(volumes[between.low] * volumes[between.high])
    return replace(between, weights=between.weights / scale)


def gathered(graph: Graph, parts: Rows, costs: Weights, most: float) -> Rows:
    """Return a coarser partition (n,): the most similar parts joined while their cost allows.

    Greedy: always the most similar pair whose joint cost is at most `most`; ties go to the
    smallest numbers. Parts without an edge between them are never joined.
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
    """Return a partition renumbered from 0 without gaps, in the same order."""
    return np.unique(parts, return_inverse=True)[1]


def induced(graph: Graph, rows: Rows) -> Graph:
    """Return the subgraph of ascending rows, renumbered from 0."""
    if len(rows) == graph.n:
        return graph
    # Edges are sorted by their smaller row: only those of these rows are looked at.
    starts = np.searchsorted(graph.low, rows)
    counts = np.searchsorted(graph.low, rows, side="right") - starts
    low = np.repeat(np.arange(len(rows)), counts)
    edges = np.arange(len(low)) + np.repeat(starts - (np.cumsum(counts) - counts), counts)
    high = np.searchsorted(rows, graph.high[edges])
    kept = rows[np.minimum(high, len(rows) - 1)] == graph.high[edges] if len(rows) else high < 0
    return Graph(len(rows), low[kept], high[kept], graph.weights[edges[kept]])
