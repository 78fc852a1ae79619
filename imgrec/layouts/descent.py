"""UMAP's stochastic descent over a given graph: in threads, without races, reproducible.

umap-learn draws one edge after the other and moves both of its ends at once. In threads two edges
then write the same position at the same time, and the result is another in each run; so whoever
wants the same bytes twice gets one thread. Here an epoch has a double buffer: each picture reads
the positions of the epoch before and writes only its own. Rows are shared among threads, and the
bytes are the same for any number of them. (The loops may reassociate sums, so another processor
may give other bytes.)

What an epoch does to a picture i with the edges (i, j):

- **Attraction.** An edge is drawn with the probability of its weight, by a hash of both of its
  ends and the epoch, so both ends draw it in the same epochs. Forces are those between the old
  positions, thus equal and opposite: attraction moves no center of mass. On 20,000 synthetic
  pictures trustworthiness is .972 so, and .967 if each end draws for itself and pulls from where
  it has just moved to. The pull is doubled: the graph has each edge twice, and umap-learn moves
  both ends by each.
- **Repulsion.** After each edge drawn `NEGATIVES` pictures drawn at random push. They are a run of
  consecutive rows, begun at a hash of the picture and the epoch, of a copy of all positions in
  random order: memory is read in order, and the loop runs in vector instructions.
- **Momentum.** Half of the last step is made again, so what pushes in the same direction in each
  epoch, group against group, gets twice as far, while noise averages out. With it groups separate
  at a learning rate of a tenth of umap-learn's, at which all edges of a picture may pull at once.

Rows are worked on in an order in which joined pictures are near each other in memory, not in that
of the collection: at 400,000, where positions do not fit into the nearer caches, an epoch then
takes less than half of the time. Powers and logarithms are looked up (`imgrec.layouts.forces`).
"""

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from imgrec.encoders.spec import Vectors
from imgrec.layouts.forces import Coefficients, force_tables
from imgrec.system.threads import in_threads

if TYPE_CHECKING:
    from scipy.sparse import csr_array

    from imgrec.layouts.kernels import Move

# The learning rate of the first epoch.
RATE = 0.1
_MOMENTUM = 0.5
# Forces of an edge that is drawn, see above.
_PULL = np.float32(2)
# The negatives get another random order after so many epochs.
_SHUFFLED_EPOCHS = 20
# Rows of one task.
_TASK_ROWS = 8_192


def descend(
    graph: "csr_array",
    start: NDArray[np.floating],
    epochs: int,
    seed: int = 0,
    rate: float = RATE,
    moving: NDArray[np.bool_] | None = None,
) -> Vectors:
    """Return positions (n, c) after a descent from initial ones; the learning rate falls to 0.

    Args:
        graph: (n, n) symmetric, the weights not negative.
        start: (n, c) finite, in UMAP's unit: joined pictures come to lie within about 1. c is 2
            or 3.
        epochs: so often the edges of the greatest weight are drawn, the others in proportion.
        seed: the same gives the same bytes.
        rate: the learning rate of the first epoch.
        moving: (n,) the pictures that move, the others hold their place; None for all. The work is
            that of the moving ones.
    """
    # Imports numba, and compiles where nothing is kept.
    from imgrec.layouts.kernels import NEGATIVES, move_of

    move = move_of(start.shape[1])
    rows = _near_rows(graph)
    moved = len(rows)
    if moving is not None:
        rows, moved = np.concatenate([rows[moving[rows]], rows[~moving[rows]]]), int(moving.sum())
    edges = _Edges.of(graph[rows][:, rows].tocsr())
    attraction, repulsion = force_tables()
    tables = (_PULL * attraction, repulsion)
    rng = np.random.default_rng(seed)
    old = np.asarray(start, np.float32)[rows]
    n = len(old)
    # Two epochs ago they were at the same place: no momentum yet.
    new = old.copy()
    drawn = np.empty((old.shape[1], n + NEGATIVES * edges.most()), np.float32)
    tasks = [slice(first, min(first + _TASK_ROWS, moved)) for first in range(0, moved, _TASK_ROWS)]
    order = np.zeros(0, np.intp)
    for epoch in range(epochs):
        if epoch % _SHUFFLED_EPOCHS == 0:
            order = rng.permutation(n)
        _lay_out_drawn(old, order, drawn)
        falling = np.float32(rate * (1 - epoch / epochs))
        chance = rng.integers(2**64, dtype=np.uint64)
        arguments = (
            *(old, new, drawn, edges.starts, edges.ends, edges.weights, *tables),
            *(falling, np.float32(_MOMENTUM), chance),
        )
        in_threads(partial(_move_rows, move, arguments), tasks)
        old, new = new, old
    positions = np.empty_like(old)
    positions[rows] = old
    return positions


def _near_rows(graph: "csr_array") -> NDArray[np.intp]:
    """Return the rows (n,) of a graph in an order in which joined rows are near each other.

    Source: Cuthill and McKee 1969, reversed.
    """
    from scipy.sparse.csgraph import reverse_cuthill_mckee

    return np.asarray(reverse_cuthill_mckee(graph.tocsr(), symmetric_mode=True), np.intp)


def _move_rows(move: "Move", arguments: tuple[Any, ...], rows: slice) -> None:
    move(*arguments, rows.start, rows.stop)


@dataclass(frozen=True)
class _Edges:
    """A symmetric graph in CSR form: `ends[starts[i] : starts[i + 1]]` are joined to i.

    Attributes:
        starts: (n + 1,) int64.
        ends: (m,) int32.
        weights: (m,) float32, the greatest is 1.
    """

    starts: NDArray[np.int64]
    ends: NDArray[np.int32]
    weights: Coefficients

    @classmethod
    def of(cls, graph: "csr_array") -> "_Edges":
        greatest = graph.data.max(initial=0) or 1
        return cls(
            np.ascontiguousarray(graph.indptr, np.int64),
            np.ascontiguousarray(graph.indices, np.int32),
            np.ascontiguousarray(graph.data / greatest, np.float32),
        )

    def most(self) -> int:
        """Return the greatest number of edges of a picture."""
        return int(np.diff(self.starts).max(initial=0))


def _lay_out_drawn(positions: Vectors, order: NDArray[np.intp], out: Vectors) -> None:
    """Fill `out` (c, more than n) with positions in an order, which begins again at its end."""
    n = len(order)
    for axis, values in enumerate(out):
        np.take(positions[:, axis], order, out=values[:n])
        for first in range(n, len(values), n):
            values[first : first + n] = values[: len(values[first : first + n])]
