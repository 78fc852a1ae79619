"""Similarities between the communities of a tree: for links to similar ones, and for layouts."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from graph.communities.parts import induced, similarity
from graph.communities.tree import Community
from graph.communities.weights import Graph, Rows
from imgrec.labels.community_names import LONERS

SIMILAR = 5
# Similarity by (smaller number, larger number).
Pairs = dict[tuple[int, int], float]


@dataclass(frozen=True)
class Comparison:
    """Similarities between communities.

    Attributes:
        similar: for each path, the paths of the most similar communities of its level, in
            descending order of similarity.
        siblings: for each parent's path, the similarities between its children.
    """

    similar: Mapping[str, list[str]]
    siblings: Mapping[str, Pairs]


def compare(tree: Community, graph: Graph) -> Comparison:
    """Compare the communities of each level of a tree; leaves take part in the levels below too.

    Args:
        tree: the numbered tree.
        graph: similarity graph of all its nodes.
    """
    similar: dict[str, list[str]] = {}
    siblings: dict[str, Pairs] = {}
    for depth, (parts, paths) in enumerate(_levels(tree, graph.n), start=1):
        found = similarity(graph, parts, len(paths))
        for i, others in _strongest(found, paths).items():
            if _depth(paths[i]) == depth:
                similar[paths[i]] = [paths[j] for j in others]
        for i, j, weight in zip(
            found.low.tolist(), found.high.tolist(), found.weights, strict=True
        ):
            (parent, a), (other, b) = _apart(paths[i]), _apart(paths[j])
            if parent == other and _depth(paths[i]) == depth:
                siblings.setdefault(parent, {})[min(a, b), max(a, b)] = float(weight)
    return Comparison(similar, siblings)


def pairs_of(graph: Graph, groups: Sequence[Rows]) -> Pairs:
    """Return the similarities of some groups of nodes by their positions in the list.

    Args:
        graph: similarity graph of all nodes.
        groups: disjoint rows of the graph; edges that lead out of them do not count.
    """
    rows = np.sort(np.concatenate(groups))
    inner = induced(graph, rows)
    parts = np.empty(len(rows), np.int64)
    for number, group in enumerate(groups):
        parts[np.searchsorted(rows, group)] = number
    found = similarity(inner, parts, len(groups))
    ends = zip(found.low.tolist(), found.high.tolist(), strict=True)
    return dict(zip(ends, found.weights.tolist(), strict=True))


def parent_of(path: str) -> str:
    """Return the path of the parent community; "" is the whole collection."""
    return path.rpartition(".")[0]


def _levels(tree: Community, n: int) -> Iterator[tuple[Rows, list[str]]]:
    """Yield for each depth the partition (n,) of the nodes, and the paths of its parts."""
    level = list(tree.walk())[:1]
    while any(group.children for _, group in level):
        level = [below for path, group in level for below in _below(path, group)]
        parts = np.empty(n, np.int64)
        for number, (_, group) in enumerate(level):
            parts[group.rows] = number
        yield parts, [path for path, _ in level]


def _below(path: str, group: Community) -> Iterable[tuple[str, Community]]:
    if not group.children:
        return [(path, group)]
    return [(f"{path}.{c.number}" if path else str(c.number), c) for c in group.children]


def _strongest(graph: Graph, paths: list[str]) -> dict[int, list[int]]:
    """Return the most similar parts of each part, without loners; ties by the order of paths."""
    a = np.concatenate([graph.low, graph.high])
    b = np.concatenate([graph.high, graph.low])
    weights = np.concatenate([graph.weights, graph.weights])
    community = np.array([_apart(path)[1] != LONERS for path in paths], bool)[b]
    a, b, weights = a[community], b[community], weights[community]
    order = np.lexsort((b, -weights, a))
    found: dict[int, list[int]] = {}
    for i, j in zip(a[order].tolist(), b[order].tolist(), strict=True):
        others = found.setdefault(i, [])
        if len(others) < SIMILAR:
            others.append(j)
    return found


def _depth(path: str) -> int:
    return path.count(".") + 1


def _apart(path: str) -> tuple[str, int]:
    parent, _, number = path.rpartition(".")
    return parent, int(number)
