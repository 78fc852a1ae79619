"""Where communities start from: the partitions and labels of the run before, or nothing."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from graph.communities.weights import Rows

# (n, depth): the part of each node in the partition that was found at each depth of the tree,
# inside its part of the column before; -1 where there is none.
Parts = NDArray[np.int32]
# (n, levels): the numbers of the label of each node, such as 3, 1; -1 beyond its end.
Paths = NDArray[np.int64]

ALL = 1_000


@dataclass(frozen=True)
class Start:
    """The partitions and labels of the run before, for the nodes of this run.

    Attributes:
        parts: (n, depth) as described above; a new node has -1 throughout.
        taken: number of depths at which they are taken as they are, because nothing changed; at
            the others they are continued.
        paths: (n, levels) as described above. They differ from `parts` where an overview had too
            many communities, which were grouped under a level in between.
    """

    parts: Parts = field(default_factory=lambda: np.empty((0, 0), np.int32))
    taken: int = 0
    paths: Paths = field(default_factory=lambda: np.empty((0, 0), np.int64))

    def at(self, rows: Rows, depth: int) -> Rows | None:
        """Return the partition (m,) of some nodes to start from, numbered from 0; None for none.

        New nodes are parts of their own; there is no start if most nodes are new. Nodes that were
        in another part of the depth above stay with those they were with there.

        Args:
            rows: (m,) the nodes.
            depth: of the partition, 0 for that of the whole graph.
        """
        if depth >= self.parts.shape[1]:
            return None
        return _partition(_joint(self.parts[rows, : depth + 1]))

    def of_groups(self, groups: Sequence[Rows], level: int) -> Rows | None:
        """Return the partition (g,) of groups of nodes by where most nodes of each were before.

        Args:
            groups: the nodes of each group.
            level: of the labels, 0 for their first number.
        """
        if level >= self.paths.shape[1]:
            return None
        places = _joint(self.paths[:, : level + 1])
        return _partition(np.array([_most(places[rows]) for rows in groups]))


NOWHERE = Start()


def _joint(columns: NDArray[np.integer]) -> Rows:
    """Return a number (m,) for each distinct row (m, c); -1 where the last column is negative."""
    found = np.unique(columns, axis=0, return_inverse=True)[1].reshape(-1)
    return np.where(columns[:, -1] < 0, -1, found)


def _most(places: Rows) -> int:
    """Return the most frequent of some numbers; -1 if most of them are negative."""
    known = places[places >= 0]
    return int(np.bincount(known).argmax()) if 2 * len(known) > len(places) else -1


def _partition(numbers: Rows) -> Rows | None:
    """Return a partition numbered from 0, the negative ones apart; None if most are negative."""
    known = numbers >= 0
    if 2 * known.sum() <= len(numbers):
        return None
    parts = np.empty(len(numbers), np.int64)
    found, parts[known] = np.unique(numbers[known], return_inverse=True)
    parts[~known] = len(found) + np.arange((~known).sum())
    return parts
