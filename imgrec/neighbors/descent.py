"""Improve lists of estimated neighbors by neighbors of neighbors (NN-descent).

Two rows that are near the same third one are probably near each other. A round compares each row
with the neighbors of its neighbors, where a neighbor is a row of its list, or one whose list holds
it; after the first round only over what changed in the round before. The rounds end when little
changes. Rows are compared by `imgrec.neighbors.codes`, of which those of a neighborhood fit into
the cache of a core.

Invariant: a round reads the lists of the round before, so the result does not depend on threads.

Source: Dong, Moses, Li 2011, Efficient k-Nearest Neighbor Graph Construction for Generic
Similarity Measures.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from imgrec.encoders.spec import Vectors
from imgrec.neighbors.codes import Codes
from imgrec.neighbors.lists import NONE, parts
from imgrec.system.threads import cores, in_threads

# Rounds at most; and the share of all neighbors that must change for another one.
_ROUNDS, _LEAST_CHANGED = 4, 0.005


@dataclass(frozen=True)
class Estimates:
    """The best c candidates of each of n rows so far, best first.

    Attributes:
        best: (n, c) float32 estimated cosines less a constant of each row, descending.
        found: (n, c) int32 rows, -1 where there is none yet.
    """

    best: Vectors
    found: NDArray[np.int32]

    @classmethod
    def none(cls, rows: int, count: int) -> "Estimates":
        """Return lists without candidates."""
        from imgrec.neighbors.kernels import EMPTY

        shape = rows, count
        return cls(np.full(shape, EMPTY, np.float32), np.full(shape, NONE, np.int32))


def descend(
    estimates: Estimates,
    codes: Codes,
    offsets: NDArray[np.float32],
    k: int,
    progress: Callable[[int], object] = lambda count: None,
) -> None:
    """Insert neighbors of neighbors into lists, until little changes.

    Args:
        estimates: of all rows; changed in place.
        codes: of the coordinates of all rows.
        offsets: (n,) added to the product of two rows for the estimate.
        k: the best of a list that are its neighbors.
        progress: called after each round with its number.
    """
    before = np.full((len(codes.values), k), NONE, np.int32)
    for number in range(_ROUNDS):
        lists = estimates.found[:, :k].copy()
        fresh = _new_in(lists, before)
        if fresh.mean() < _LEAST_CHANGED:
            return
        _round(estimates, codes, offsets, lists, fresh)
        before = lists
        progress(number)


def _new_in(lists: NDArray[np.int32], before: NDArray[np.int32]) -> NDArray[np.bool_]:
    """Return a mask (n, k) of the rows of each list that it did not hold before."""
    fresh = np.empty(lists.shape, np.bool_)
    for part in parts(len(lists), 8192):
        fresh[part] = (lists[part, :, None] != before[part, None, :]).all(axis=2)
    return fresh & (lists >= 0)


def _round(
    estimates: Estimates,
    codes: Codes,
    offsets: NDArray[np.float32],
    lists: NDArray[np.int32],
    fresh: NDArray[np.bool_],
) -> None:
    # Imported here: it takes half a second.
    from imgrec.neighbors.kernels import join

    reverse, reverse_fresh, starts = _reversed(lists, fresh)
    count = len(lists)

    def fill(part: slice) -> None:
        marks = np.full(count, NONE, np.int32)
        join(
            *(codes.values, codes.scale, offsets, lists, fresh, reverse, reverse_fresh, starts),
            *(part.start, part.stop, marks, estimates.best, estimates.found),
        )

    in_threads(fill, list(parts(count, -(-count // (4 * cores())))))


def _reversed(
    lists: NDArray[np.int32], fresh: NDArray[np.bool_]
) -> tuple[NDArray[np.int32], NDArray[np.bool_], NDArray[np.int64]]:
    """Return the rows whose lists hold each row, and where those of each row begin (n + 1,).

    Of a row that is in many lists only as many count as a list has places: those that have it
    nearest to their front, then the first ones.
    """
    count, k = lists.shape
    # By rank first: a stable sort then keeps the order of ranks.
    held, new = lists.T.ravel(), fresh.T.ravel()
    order = np.argsort(held, kind="stable")
    order = order[np.searchsorted(held[order], 0) :]
    held = held[order]
    firsts = np.searchsorted(held, np.arange(count + 1))
    some = np.arange(len(held)) - firsts[held] < k
    order, held = order[some], held[some]
    starts = np.searchsorted(held, np.arange(count + 1))
    return (order % count).astype(np.int32), new[order], starts
