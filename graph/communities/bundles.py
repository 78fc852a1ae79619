"""Bundles: near-duplicates contracted to one node of the graph, shown by a representative."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from graph.communities.weights import Graph, Rows, Weights
from imgrec.collection import Ids

# Pictures of one bundle; larger groups are split, since a page lists all of them.
MOST_BUNDLED = 500
# Pictures of one page, members of bundles included.
MOST_LISTED = 1_000


@dataclass(frozen=True)
class Bundles:
    """The assignment of n pictures to u nodes.

    Attributes:
        ids: (n,) ascending picture ids.
        node: (n,) the node of each picture, 0 to u - 1.
        representatives: (u,) the row of the picture that represents each node.
    """

    ids: Ids
    node: Rows
    representatives: Rows

    @classmethod
    def of(
        cls, ids: Ids, groups: Sequence[Sequence[int]] = (), *, most: int = MOST_BUNDLED
    ) -> "Bundles":
        """Make one node of each group, and one of each picture that is in no group.

        Args:
            ids: (n,) ascending picture ids.
            groups: disjoint groups of ids, the representative first.
            most: pictures of one bundle; larger groups are split.

        Raises:
            ValueError: a picture is in two groups, or not among `ids`.
        """
        first = np.arange(len(ids))
        seen: set[int] = set()
        for group in _parts(groups, most):
            rows = np.searchsorted(ids, group)
            known = rows < len(ids)
            if not known.all() or not np.array_equal(ids[rows], group):
                raise ValueError(
                    f"the group of picture {group[0]} holds one that is not in the collection"
                )
            if not seen.isdisjoint(group) or len(set(group)) < len(group):
                raise ValueError(f"the group of picture {group[0]} holds one twice")
            seen.update(group)
            first[rows] = rows[0]
        representatives, node = np.unique(first, return_inverse=True)
        return cls(ids, node, representatives)

    def __len__(self) -> int:
        return len(self.representatives)

    @cached_property
    def sizes(self) -> Rows:
        """The number of pictures of each node, (u,)."""
        return np.bincount(self.node, minlength=len(self))

    def costs(self, page_size: int) -> Weights:
        """Return the cost (u,) of each node: the share of a page it takes, times the page size."""
        costs: Weights = np.maximum(1.0, self.sizes * (page_size / MOST_LISTED))
        return costs

    def picture(self, node: int) -> int:
        """Return the id of the picture that represents a node."""
        return int(self.ids[self.representatives[node]])

    def rows(self, node: int) -> Rows:
        """Return the rows of a node's pictures, its representative first."""
        found: Rows = self._by_node[self._starts[node] : self._starts[node + 1]]
        if len(found) == 1:
            return found
        of_node = self.representatives[node]
        return np.concatenate([[of_node], found[found != of_node]])

    @cached_property
    def _by_node(self) -> Rows:
        return np.argsort(self.node, kind="stable")

    @cached_property
    def _starts(self) -> Rows:
        return np.concatenate([[0], np.cumsum(self.sizes)])


def bundled(graph: Graph, bundles: Bundles) -> Graph:
    """Return the contracted graph of the nodes.

    The weight of an edge is the maximum, not the sum, of those between the pictures of its nodes:
    a picture that exists a hundred times attracts no more than one that exists once.
    """
    a, b = bundles.node[graph.low], bundles.node[graph.high]
    low, high, n = np.minimum(a, b), np.maximum(a, b), len(bundles)
    order = np.lexsort((-graph.weights, high, low))
    order = order[low[order] != high[order]]
    keys = low[order] * n + high[order]
    heaviest = order[np.diff(keys, prepend=-1) > 0]
    return Graph(n, low[heaviest], high[heaviest], graph.weights[heaviest])


def _parts(groups: Sequence[Sequence[int]], most: int) -> Iterator[Sequence[int]]:
    for group in groups:
        for start in range(0, len(group), most):
            yield group[start : start + most]
