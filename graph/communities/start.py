"""Where communities start from: the partitions of the run before, or nothing."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from graph.communities.weights import Rows

# (n, depth): the part of each node in the partition that was found at each depth of the tree,
# inside its part of the column before; -1 where there is none.
Parts = NDArray[np.int32]

ALL = 1_000


@dataclass(frozen=True)
class Start:
    """The partitions of the run before, for the nodes of this run.

    Attributes:
        parts: (n, depth) as described above; a new node has -1 throughout.
        taken: number of depths at which they are taken as they are, because nothing changed; at
            the others they are continued.
    """

    parts: Parts = field(default_factory=lambda: np.empty((0, 0), np.int32))
    taken: int = 0

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
        before = self.parts[rows, : depth + 1]  # (m, depth + 1)
        known = before[:, depth] >= 0
        if 2 * known.sum() <= len(rows):
            return None
        start = np.empty(len(rows), np.int64)
        found, numbers = np.unique(before[known], axis=0, return_inverse=True)
        start[known] = numbers.reshape(-1)
        start[~known] = len(found) + np.arange((~known).sum())
        return start


NOWHERE = Start()
