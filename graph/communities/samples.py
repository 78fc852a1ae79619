"""Pictures that stand for a community: central ones that differ from each other.

One picture of a community tells little, and the most central ones are all alike. So members are
taken in descending order of their weighted degree, and those that are joined to a chosen one are
left for later (a greedy maximal independent set). A community that is divided takes turns between
its parts, the largest first.
"""

from collections.abc import Mapping, Sequence
from itertools import chain, zip_longest

import numpy as np

from graph.communities.parts import split
from graph.communities.tree import Community
from graph.communities.weights import Graph, Rows

# Pictures of a community on an overview, at most.
MOST_SAMPLES = 9


def samples_of(
    groups: Mapping[str, Community], graph: Graph, faces: Mapping[str, int]
) -> dict[str, list[int]]:
    """Return up to `MOST_SAMPLES` nodes that stand for each community, its face first.

    Args:
        groups: all communities by path, parents first.
        graph: similarity graph of all nodes.
        faces: the node that represents each community.
    """
    found: dict[str, list[int]] = {}
    leaves = [path for path, group in groups.items() if not group.children]
    parts = np.empty(graph.n, np.int64)
    for number, path in enumerate(leaves):
        parts[groups[path].rows] = number
    for path, (rows, inner) in zip(leaves, split(graph, parts), strict=True):
        face = int(np.searchsorted(rows, faces[path]))
        found[path] = rows[apart(inner, face)].tolist()
    # Reversed: children before their parents.
    for path, group in reversed(list(groups.items())):
        if group.children:
            below = sorted(group.children, key=lambda child: (-len(child.rows), child.number))
            turns = zip_longest(
                *(found[f"{path}.{c.number}" if path else str(c.number)] for c in below)
            )
            found[path] = _first([faces[path]], chain.from_iterable(turns))
    return found


def apart(graph: Graph, start: int, most: int = MOST_SAMPLES) -> Rows:
    """Return up to `most` nodes, `start` first: of high degree, joined to each other if need be.

    Args:
        graph: of one community.
        start: the first node.
        most: number of nodes.
    """
    degrees = graph.degrees()
    # How many chosen nodes each node is joined to.
    touched = np.zeros(graph.n, np.int64)
    chosen = [start]
    while len(chosen) < min(most, graph.n):
        last = chosen[-1]
        for ends, others in ((graph.low, graph.high), (graph.high, graph.low)):
            np.add.at(touched, others[ends == last], 1)
        touched[chosen] = graph.n
        chosen.append(int(np.lexsort((np.arange(graph.n), -degrees, touched))[0]))
    return np.array(chosen, np.int64)


def _first(start: Sequence[int], more: "chain[int | None]") -> list[int]:
    """Return the first different nodes, at most `MOST_SAMPLES`; None is skipped."""
    found = dict.fromkeys(start)
    for node in more:
        if len(found) == MOST_SAMPLES:
            break
        if node is not None:
            found[node] = None
    return list(found)
