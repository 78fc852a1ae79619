"""The tree of communities: the graph divided recursively until every leaf fits on a page.

Each level is a partition of the parent's subgraph by Louvain or Leiden. If an overview would have
too many children, similar ones are grouped under a level in between; a group that has no structure
is cut into pages of equal size. Nodes without a community (loners) get a group of their own.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from graph.addresses import balanced
from graph.choices import PAGE_SIZE
from graph.communities.detection import is_as_good, levels
from graph.communities.parts import gathered, induced, renumbered, similarity, split
from graph.communities.start import NOWHERE, Start
from graph.communities.weights import FLOOR, Graph, Rows, Weights
from imgrec.labels.community_names import LONERS

Mask = NDArray[np.bool_]

# Communities on one overview; more are grouped under another level.
MOST_CHILDREN = 80
# Groups of fewer nodes are not communities.
_TINY = 3
# Resolutions tried in turn on a group that does not divide.
_RESOLUTIONS = (1.0, 2.0, 4.0, 8.0, 16.0)
# A division whose largest part has a larger share of the group counts as none.
_LARGEST_SHARE = 0.9
_DEEPEST = 6


@dataclass(frozen=True)
class Community:
    """A community: a node of the tree.

    Attributes:
        rows: (m,) ascending nodes of the graph.
        children: the communities it is divided into; empty for a leaf.
        number: its number among its siblings, from 1; `LONERS` for the group of loners.
        parts: (m,) the partition by structure that its children were made from; None if it has no
            children, or these are equal cuts or groups of communities.
    """

    rows: Rows
    children: tuple["Community", ...] = ()
    number: int = -1
    parts: Rows | None = None

    def walk(self, path: str = "") -> Iterator[tuple[str, "Community"]]:
        """Yield this community and all below it with their paths, such as "3.1", parents first."""
        yield path, self
        for child in self.children:
            yield from child.walk(f"{path}.{child.number}" if path else str(child.number))


@dataclass(frozen=True)
class Grower:
    """Divides a graph recursively into communities.

    Attributes:
        costs: (n,) the cost of every node: the share of a page it takes, times the page size.
        page_size: maximum total cost of a leaf.
        engine: finds communities, as in `graph.communities.detection`.
        seed: random seed.
        most_children: communities on one overview; more are grouped under another level.
        start: partitions of the run before, to continue.
    """

    costs: Weights
    page_size: int = PAGE_SIZE
    engine: str = "igraph"
    seed: int = 0
    most_children: int = MOST_CHILDREN
    start: Start = NOWHERE

    def levels(self, graph: Graph) -> list[Rows]:
        """Return the partitions of the whole graph, from the finest to the best.

        They continue those of the run before, unless a new one is better by more than
        `graph.communities.detection.MOST_LOST` in modularity.
        """
        start = self.start.at(np.arange(graph.n), 0)
        if start is not None and self.start.taken:
            return [start]
        new = levels(graph, self.engine, self.seed)
        if start is None:
            return new
        continued = levels(graph, self.engine, self.seed, start=start)
        return continued if is_as_good(graph, continued[-1], new[-1]) else new

    def grown(self, graph: Graph, parts: Rows) -> Community:
        """Return the tree of a graph; its root is the whole collection.

        Args:
            graph: similarity graph of all n nodes.
            parts: (n,) the best partition of the whole graph.
        """
        rows = np.arange(graph.n)
        return Community(rows, tuple(self._children(graph, rows, parts, 0)), parts=parts)

    def _children(self, graph: Graph, rows: Rows, parts: Rows, depth: int) -> list[Community]:
        """Return the groups of a partition: few enough for an overview, loners in one of them."""
        alone = _loners(graph, parts, FLOOR if depth == 0 else 0)
        if alone.all():
            return [self._cut(rows, LONERS)]
        kept = np.flatnonzero(~alone)
        groups = [
            self._group(inner, rows[kept[local]], depth + 1)
            for local, inner in split(induced(graph, kept), renumbered(parts[kept]))
        ]
        found = self._bounded(groups, graph, rows, depth)
        return [*found, self._cut(rows[alone], LONERS)] if alone.any() else found

    def _group(self, graph: Graph, rows: Rows, depth: int) -> Community:
        if self._fits(rows):
            return Community(rows)
        parts = self._parted(graph, rows, depth) if depth < _DEEPEST else None
        if parts is None:
            return self._cut(rows)
        children = tuple(self._children(graph, rows, parts, depth))
        return Community(rows, children, parts=parts)

    def _parted(self, graph: Graph, rows: Rows, depth: int) -> Rows | None:
        """Return the partition of a subgraph by its structure; None if none is found.

        It continues that of the run before under the condition of `levels`.
        """
        start = self.start.at(rows, depth)
        if depth < self.start.taken:
            return start
        for resolution in _RESOLUTIONS:
            new = self._pages_of(graph, rows, resolution)
            if new is not None and start is not None:
                continued = self._pages_of(graph, rows, resolution, start)
                if continued is not None and is_as_good(graph, continued, new):
                    return continued
            if new is not None:
                return new
        return None

    def _pages_of(
        self, graph: Graph, rows: Rows, resolution: float, start: Rows | None = None
    ) -> Rows | None:
        """Return a partition whose similar parts are joined while they fit on one page.

        None if nearly all nodes are in one part, or in tiny ones.
        """
        found = levels(graph, self.engine, self.seed, resolution, start)[-1]
        parts = gathered(graph, found, self.costs[rows], self.page_size)
        large = np.bincount(parts).max() > _LARGEST_SHARE * graph.n
        return None if large or _loners(graph, parts, 0).all() else parts

    def _bounded(
        self, groups: list[Community], graph: Graph, rows: Rows, depth: int
    ) -> list[Community]:
        """Return the groups, similar ones joined until an overview can show them."""
        if len(groups) <= self.most_children:
            return groups
        # The last part holds the loners.
        parts = np.full(graph.n, len(groups))
        for number, group in enumerate(groups):
            parts[np.searchsorted(rows, group.rows)] = number
        # Below the first overview the level of the labels is not known yet.
        start = self.start if depth == 0 else NOWHERE
        return self._joined(groups, _similar(graph, parts, len(groups)), start)

    def _joined(
        self, groups: list[Community], similar: Graph, start: Start, level: int = 0
    ) -> list[Community]:
        if len(groups) <= self.most_children:
            return groups
        found = []
        before = start.of_groups([group.rows for group in groups], level)
        for local, inner in split(similar, self._few(similar, before)):
            members = [groups[i] for i in local]
            rows = np.sort(np.concatenate([member.rows for member in members]))
            if len(members) == 1:
                found += members
            elif self._fits(rows):
                found.append(Community(rows))
            else:
                children = self._joined(members, inner, start, level + 1)
                found.append(Community(rows, tuple(children)))
        return sorted(found, key=lambda group: (-len(group.rows), group.rows[0]))

    def _few(self, similar: Graph, before: Rows | None) -> Rows:
        """Return the finest partition with few enough parts; equal cuts if there is none.

        It continues that of the run before under the condition of `levels`.
        """
        if before is not None and self.start.taken and self._are_few(before):
            return before
        for resolution in _RESOLUTIONS:
            for new in levels(similar, self.engine, self.seed, resolution):
                if self._are_few(new):
                    return self._continued(similar, before, new, resolution)
        parts = np.empty(similar.n, np.int64)
        order = np.argsort(levels(similar, self.engine, self.seed)[-1], kind="stable")
        for number, of_part in enumerate(balanced(similar.n, -(-similar.n // self.most_children))):
            parts[order[of_part]] = number
        kept = before is not None and self._are_few(before) and is_as_good(similar, before, parts)
        return before if before is not None and kept else parts

    def _continued(self, similar: Graph, before: Rows | None, new: Rows, resolution: float) -> Rows:
        if before is None:
            return new
        continued = levels(similar, self.engine, self.seed, resolution, before)[-1]
        good = self._are_few(continued) and is_as_good(similar, continued, new)
        return continued if good else new

    def _are_few(self, parts: Rows) -> bool:
        return bool(1 < parts.max() + 1 <= self.most_children)

    def _cut(self, rows: Rows, number: int = -1) -> Community:
        """Return a group without structure, cut into pages of equal size if it needs several."""
        if self._fits(rows):
            return Community(rows, number=number)
        pages = self._pages(rows)
        if len(pages) > self.most_children:
            pages = [rows[s] for s in balanced(len(rows), -(-len(rows) // self.most_children))]
        return Community(rows, tuple(self._cut(page) for page in pages), number)

    def _pages(self, rows: Rows) -> list[Rows]:
        before = np.cumsum(self.costs[rows]) - self.costs[rows]
        total = self.costs[rows].sum()
        count = int(np.ceil(total / self.page_size))
        while True:
            pages = np.floor(before * count / total + 1e-9).astype(np.int64)
            found = np.split(rows, np.flatnonzero(np.diff(pages)) + 1)
            if all(map(self._fits, found)):
                return found
            count += 1

    def _fits(self, rows: Rows) -> bool:
        return bool(self.costs[rows].sum() <= self.page_size + 1e-6)


def _similar(graph: Graph, parts: Rows, count: int) -> Graph:
    """Return the similarities of the first `count` parts."""
    found = similarity(graph, parts, count + 1)
    kept = found.high < count
    return Graph(count, found.low[kept], found.high[kept], found.weights[kept])


def _loners(graph: Graph, parts: Rows, weak: float) -> Mask:
    """Return a mask (n,) of loners: no edge above `weak`, or a tiny group; a single one is none."""
    strongest = np.zeros(graph.n)
    for ends in (graph.low, graph.high):
        np.maximum.at(strongest, ends, graph.weights)
    apart = strongest <= weak
    sizes = np.bincount(parts[~apart], minlength=parts.max() + 1)
    alone: Mask = apart | (sizes[parts] < _TINY)
    return alone if alone.sum() > 1 else np.zeros_like(alone)
