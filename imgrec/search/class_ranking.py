"""The pictures that most probably show one of some classes.

The probability of a picture is the sum of those of the classes. A store keeps five classes a
picture, which bound the sum: it is at least the part of it that is stored, and at most that plus
what the five leave over, where no other class is more probable than the fifth. Only pictures that
can be among the likeliest by these bounds are scored with the head of the network, so that a
question over 400,000 pictures scores some thousand of them, and nothing is encoded.

Source: the threshold algorithm of Fagin, Lotem and Naor (2003): the greatest bounds are examined
first, until no other one exceeds the least of the best.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from imgrec.encoders.classifier import LinearHead
from imgrec.encoders.spec import Vectors

Shares = NDArray[np.float32]
Rows = NDArray[np.intp]

_BLOCK_ROWS = 512
# Pictures that are scored at most: where the bounds do not decide sooner, nothing is probable.
_MOST_ROWS = 1 << 15


@dataclass(frozen=True)
class Bounds:
    """What five stored classes say of the probability that a picture shows one of some classes.

    Attributes:
        least: (n,) float32, the probability that is stored.
        most: (n,) float32, at least `least`.
    """

    least: Shares
    most: Shares

    @classmethod
    def of(
        cls, top: NDArray[np.int16], probabilities: Shares, wanted: Sequence[int], count: int
    ) -> "Bounds":
        """Return the bounds of n pictures.

        Args:
            top: (n, k) the most probable classes, by descending probability.
            probabilities: (n, k) of these.
            wanted: the classes.
            count: of all classes there are.
        """
        is_wanted = np.zeros(count, bool)
        is_wanted[list(wanted)] = True
        found = is_wanted[top]  # (n, k)
        least = np.where(found, probabilities, np.float32(0)).sum(axis=1)
        others = len(wanted) - found.sum(axis=1)
        left_over = np.maximum(1 - probabilities.sum(axis=1), 0)
        most = least + np.minimum(left_over, others * probabilities[:, -1])
        return cls(least, most.astype(np.float32))


def shares_of(
    head: LinearHead,
    vectors: Vectors,
    wanted: Sequence[int],
    top: NDArray[np.int16],
    probabilities: Shares,
) -> Shares:
    """Return the summed probabilities (m,) of the wanted classes, from the head.

    The probability of a class is that of the most probable one times the exponential of the
    difference of their scores, so that no other class needs a score.

    Args:
        head: of the classifier.
        vectors: (m, d).
        wanted: w classes.
        top: (m,) the most probable class.
        probabilities: (m,) of that.
    """
    chosen = list(wanted)
    scores = vectors @ head.weights[chosen].T + head.biases[chosen]  # (m, w)
    highest = np.einsum("md,md->m", vectors, head.weights[top]) + head.biases[top]
    shares = np.exp(scores - highest[:, None]).sum(axis=1) * probabilities
    # Rounding errors of a thousand classes may exceed 1.
    capped: Shares = np.minimum(shares, np.float32(1))
    return capped


def likeliest(
    bounds: Bounds, exact: Callable[[Rows], Shares] | None, count: int
) -> tuple[Rows, Shares]:
    """Return the rows with the greatest probabilities, and these, descending; ties by row.

    Args:
        bounds: of n pictures.
        exact: returns the probabilities (m,) of rows (m,); None where only the stored ones are
            known.
        count: of rows wanted; fewer where n is less.
    """
    if exact is None:
        return _greatest(np.arange(len(bounds.least)), bounds.least, count)
    order = np.argsort(-bounds.most, kind="stable")[:_MOST_ROWS]
    rows, shares = order[:0], np.zeros(0, np.float32)
    for start in range(0, len(order), _BLOCK_ROWS):
        block = order[start : start + _BLOCK_ROWS]
        if len(rows) == count and bounds.most[block[0]] < shares[-1]:
            break
        joined = np.concatenate([rows, block]), np.concatenate([shares, exact(block)])
        rows, shares = _greatest(*joined, count)
    return rows, shares


def count_probable(bounds: Bounds, exact: Callable[[Rows], Shares] | None, share: float) -> int:
    """Return how many pictures have a probability of `share` or more.

    Args:
        bounds: of n pictures.
        exact: as for `likeliest`; asked about those pictures that the bounds leave open.
        share: 0 to 1.
    """
    sure = int((bounds.least >= share).sum())
    if exact is None:
        return sure
    undecided = np.flatnonzero((bounds.least < share) & (bounds.most >= share))
    undecided = undecided[np.argsort(-bounds.most[undecided], kind="stable")][:_MOST_ROWS]
    starts = range(0, len(undecided), _BLOCK_ROWS)
    blocks = (exact(undecided[start : start + _BLOCK_ROWS]) for start in starts)
    return sure + sum(int((shares >= share).sum()) for shares in blocks)


def _greatest(rows: Rows, shares: Shares, count: int) -> tuple[Rows, Shares]:
    best = np.lexsort((rows, -shares))[:count]
    return rows[best], shares[best]
