"""Compiled loops of the k-NN graph: keep the best scores, and compare pairs by cosine distance.

They release the GIL, so threads share the rows. As in `imgrec.distances.kernels`, importing this
module takes half a second, and the first use on a machine some seconds to compile.
"""

import numba
import numpy as np
from numba import types
from numpy.typing import NDArray

from imgrec.distances.kernels import compiled
from imgrec.distances.metrics import COSINE_NOISE, Distances
from imgrec.encoders.spec import Vectors

# The score of an empty place in a list.
EMPTY = -1e30
# The distance to no row.
BEYOND = 9.0
_EMPTY, _BEYOND = np.float32(EMPTY), np.float32(BEYOND)
_NOISE = np.float32(COSINE_NOISE)
_ZERO, _ONE, _TWO = (np.float32(value) for value in (0, 1, 2))
# Scores tested together: most chunks hold none that enters a list.
_CHUNK = 32

_SCORES = types.Array(types.float32, 2, "C", readonly=True)
_ROWS = types.Array(types.int64, 1, "C", readonly=True)
_PAIRS = types.Array(types.int64, 2, "C", readonly=True)
_BEST = types.Array(types.float32, 2, "C")
_FOUND = types.Array(types.int64, 2, "C")


@compiled(_SCORES, _ROWS, _ROWS, _BEST, _FOUND)
def keep_best(
    scores: Vectors,
    rows: NDArray[np.int64],
    own: NDArray[np.int64],
    best: Vectors,
    found: NDArray[np.int64],
) -> None:
    """Insert new scores into each list if they are good enough; ties go to the smaller row.

    Args:
        scores: (b, m), greater is better.
        rows: (m,) the row of each column, not in any list yet.
        own: (b,) the row of each list, which never enters it.
        best: (b, c) scores, descending; changed in place.
        found: (b, c) their rows; changed in place.
    """
    last = best.shape[1] - 1
    for i in range(scores.shape[0]):
        least = best[i, last]
        for start in range(0, scores.shape[1], _CHUNK):
            end = min(start + _CHUNK, scores.shape[1])
            most = _EMPTY
            for j in range(start, end):
                most = max(most, scores[i, j])
            if most < least:
                continue
            for j in range(start, end):
                score, row = scores[i, j], rows[j]
                if score < least or row == own[i] or (score == least and row > found[i, last]):
                    continue
                place = last
                while place > 0 and (
                    best[i, place - 1] < score
                    or (best[i, place - 1] == score and found[i, place - 1] > row)
                ):
                    best[i, place], found[i, place] = best[i, place - 1], found[i, place - 1]
                    place -= 1
                best[i, place], found[i, place] = score, row
                least = best[i, last]


@numba.njit(nogil=True, fastmath=True, error_model="numpy", inline="never")
def _product(vectors: Vectors, a: int, b: int) -> np.float32:
    total = _ZERO
    for j in range(vectors.shape[1]):
        total += vectors[a, j] * vectors[b, j]
    return total


@compiled(_SCORES, _ROWS, _PAIRS, _BEST)
def compare(
    vectors: Vectors, own: NDArray[np.int64], others: NDArray[np.int64], out: Distances
) -> None:
    """Write 1 - cos (b, c) of pairs of vectors (u, d), as `metrics.cosine` defines it.

    The distance of two vectors is the same whichever comes first.

    Args:
        vectors: (u, d).
        own: (b,) the index in `vectors` of each row.
        others: (b, c) the indices of what it is compared with; -1 for none, at `BEYOND`.
        out: (b, c) the distances.
    """
    squares = np.empty(vectors.shape[0], np.float32)
    for i in range(vectors.shape[0]):
        squares[i] = _product(vectors, i, i)
    for i in range(others.shape[0]):
        a = own[i]
        for j in range(others.shape[1]):
            b = others[i, j]
            if b < 0:
                out[i, j] = _BEYOND
            elif squares[a] > _ZERO and squares[b] > _ZERO:
                length = np.sqrt(squares[a]) * np.sqrt(squares[b])
                distance = _ONE - _product(vectors, a, b) / length
                out[i, j] = _ZERO if distance < _NOISE else min(distance, _TWO)
            else:
                out[i, j] = _ZERO if squares[a] == squares[b] else _ONE
