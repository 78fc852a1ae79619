"""Compiled loops of the k-NN graph: keep the best scores, and compare pairs by cosine distance.

They release the GIL, so threads share the rows. As in `imgrec.distances.kernels`, importing this
module takes half a second, and the first use on a machine some seconds to compile.
"""

from typing import Any

import numba
import numpy as np
from numba import types
from numpy.typing import NDArray

from imgrec.distances.metrics import COSINE_NOISE, Distances
from imgrec.encoders.spec import Vectors
from imgrec.system.compiling import compiled

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
_VALUES = types.Array(types.float32, 1, "C", readonly=True)
_CODES = types.Array(types.int8, 2, "C", readonly=True)
_PRODUCTS = types.Array(types.int32, 2, "C", readonly=True)
_PLACES = types.Array(types.int32, 1, "C", readonly=True)
_LISTS = types.Array(types.int32, 2, "C", readonly=True)
_FLAGS = types.Array(types.boolean, 2, "C", readonly=True)
_FLAG = types.Array(types.boolean, 1, "C", readonly=True)
_MARKS = types.Array(types.int32, 1, "C")
_ROWS = types.Array(types.int64, 1, "C", readonly=True)
_PAIRS = types.Array(types.int64, 2, "C", readonly=True)
_BEST = types.Array(types.float32, 2, "C")
_FOUND = types.Array(types.int64, 2, "C")
_KEPT = types.Array(types.int32, 2, "C")
# Pairs more than k that are compared before the error of the estimates is known.
_LEAST_MORE = 4
# Standard deviations that an estimate may be too small by.
_DEVIATIONS = np.float32(3)


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


@numba.njit(nogil=True, fastmath=True, error_model="numpy")
def _insert(best: Any, found: Any, score: np.float32, row: int) -> None:
    """Insert a score that is greater than the last of a descending list (c,)."""
    place = best.shape[0] - 1
    while place > 0 and best[place - 1] < score:
        best[place], found[place] = best[place - 1], found[place - 1]
        place -= 1
    best[place], found[place] = score, row


@compiled(_PRODUCTS, types.float32, _VALUES, types.int64, _ROWS, types.int64, _BEST, _KEPT)
def keep_estimates(
    products: NDArray[np.int32],
    scale: float,
    offsets: Vectors,
    first: int,
    which: NDArray[np.int64],
    own: int,
    best: Vectors,
    found: NDArray[np.int32],
) -> None:
    """Insert the rows of a cell into some lists if their estimates are good enough.

    Args:
        products: (w, m) of the codes of w rows with those of the m rows of the cell.
        scale: of the products.
        offsets: (m,) added to the products.
        first: the first row of the cell.
        which: (w,) the lists.
        own: the row of the first list; no row enters its own.
        best: (b, c) estimates, descending; changed in place.
        found: (b, c) their rows; changed in place.
    """
    last, count = best.shape[1] - 1, products.shape[1]
    for i in range(which.shape[0]):
        scores, rows = best[which[i]], found[which[i]]
        excluded = own + which[i] - first
        for start in range(0, count, _CHUNK):
            end = min(start + _CHUNK, count)
            most = _EMPTY
            for j in range(start, end):
                most = max(most, np.float32(products[i, j]) * scale + offsets[j])
            if most <= scores[last]:
                continue
            for j in range(start, end):
                score = np.float32(products[i, j]) * scale + offsets[j]
                if score > scores[last] and j != excluded:
                    _insert(scores, rows, score, first + j)


@compiled(
    *(_CODES, types.float32, _VALUES, _LISTS, _FLAGS, _PLACES, _FLAG, _ROWS),
    *(types.int64, types.int64, _MARKS, _BEST, _KEPT),
)
def join(
    codes: NDArray[np.int8],
    scale: float,
    offsets: Vectors,
    lists: NDArray[np.int32],
    fresh: NDArray[np.bool_],
    reverse: NDArray[np.int32],
    reverse_fresh: NDArray[np.bool_],
    starts: NDArray[np.int64],
    begin: int,
    end: int,
    marks: NDArray[np.int32],
    best: Vectors,
    found: NDArray[np.int32],
) -> None:
    """Insert the neighbors of neighbors into the lists of some rows, if they are good enough.

    A neighbor is a row of a list, or one whose list holds the row (reverse). A path of two steps
    that was there in the round before is not taken again.

    Args:
        codes: (n, a) of the coordinates.
        scale: of a product of two codes.
        offsets: (n,) added to the products.
        lists: (n, m) rows, the best first, as they are before this round; -1 for none.
        fresh: (n, m) True for a row that entered in the round before.
        reverse: (r,) the rows whose lists hold a row, one row after the other.
        reverse_fresh: (r,) likewise.
        starts: (n + 1,) where those of each row begin.
        begin: the first row whose list is changed.
        end: the row after the last one.
        marks: (n,) negative, for this thread alone; changed.
        best: (n, c) estimates, descending; changed in place.
        found: (n, c) their rows; changed in place.
    """
    last, width = best.shape[1] - 1, lists.shape[1]
    own = np.empty(codes.shape[1], np.int16)
    for i in range(begin, end):
        scores, rows = best[i], found[i]
        marks[i] = i
        for x in range(rows.shape[0]):
            if rows[x] >= 0:
                marks[rows[x]] = i
        for a in range(own.shape[0]):
            own[a] = codes[i, a]
        for x in range(width + starts[i + 1] - starts[i]):
            way = starts[i] + x - width
            j = lists[i, x] if x < width else reverse[way]
            if j < 0:
                continue
            is_fresh = fresh[i, x] if x < width else reverse_fresh[way]
            # The row itself first: a reverse neighbor need not be in the list.
            for y in range(-1, width + starts[j + 1] - starts[j]):
                back = starts[j] + y - width
                if y < 0:
                    other, new = j, is_fresh
                elif y < width:
                    other, new = lists[j, y], is_fresh or fresh[j, y]
                else:
                    other, new = reverse[back], is_fresh or reverse_fresh[back]
                if not new or other < 0 or marks[other] == i:
                    continue
                marks[other] = i
                total = np.int32(0)
                for a in range(own.shape[0]):
                    total += np.int32(own[a]) * np.int32(codes[other, a])
                score = np.float32(total) * scale + offsets[other]
                if score > scores[last]:
                    _insert(scores, rows, score, other)


@numba.njit(nogil=True, fastmath=True, error_model="numpy", inline="never")
def _product(vectors: Vectors, a: int, b: int) -> np.float32:
    total = _ZERO
    for j in range(vectors.shape[1]):
        total += vectors[a, j] * vectors[b, j]
    return total


# Not by fast math: it takes one root of the product of both squares, which may overflow or vanish.
# Without being told so, numba compiles a function as the loop that calls it.
@numba.njit(nogil=True, fastmath=False, error_model="numpy")
def _distance(vectors: Vectors, squares: Vectors, a: int, b: int) -> np.float32:
    if squares[a] > _ZERO and squares[b] > _ZERO:
        length = np.sqrt(squares[a]) * np.sqrt(squares[b])
        distance = _ONE - _product(vectors, a, b) / length
        return _ZERO if distance < _NOISE else min(distance, _TWO)
    return _ZERO if squares[a] == squares[b] else _ONE


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
            out[i, j] = _BEYOND if b < 0 else _distance(vectors, squares, a, b)


@compiled(_SCORES, _ROWS, _PAIRS, _SCORES, types.int64, _BEST)
def compare_likely(
    vectors: Vectors,
    own: NDArray[np.int64],
    others: NDArray[np.int64],
    estimates: Vectors,
    k: int,
    out: Distances,
) -> None:
    """Write 1 - cos (b, c) of pairs as `compare` does, of a row only while one may be of the k.

    The estimates are cosines less an unknown constant of each row, with an error. Constant and
    standard deviation of the error are known from the pairs that were compared; what is worse than
    the k-th best by three deviations more is not compared.

    Args:
        vectors: (u, d).
        own: (b,) the index in `vectors` of each row.
        others: (b, c) the indices of what it is compared with; -1 for none.
        estimates: (b, c) descending.
        k: how many are wanted.
        out: (b, c) the distances; `BEYOND` for none and for what was not compared.
    """
    squares = np.empty(vectors.shape[0], np.float32)
    for i in range(vectors.shape[0]):
        squares[i] = _product(vectors, i, i)
    nearest = np.empty(k, np.float32)
    for i in range(others.shape[0]):
        nearest[:] = _BEYOND
        out[i] = _BEYOND
        total, spread = 0.0, 0.0
        limit = _EMPTY
        for j in range(others.shape[1]):
            b = others[i, j]
            if b < 0 or estimates[i, j] < limit:
                break
            distance = _distance(vectors, squares, own[i], b)
            out[i, j] = distance
            error = (_ONE - distance) - estimates[i, j]
            # Source: Welford 1962, Note on a Method for Calculating Corrected Sums of Squares.
            step = error - total
            total += step / (j + 1)
            spread += step * (error - total)
            if distance < nearest[k - 1]:
                place = k - 1
                while place > 0 and nearest[place - 1] > distance:
                    nearest[place] = nearest[place - 1]
                    place -= 1
                nearest[place] = distance
            if j >= k + _LEAST_MORE:
                deviation = np.float32(np.sqrt(spread / j))
                limit = (_ONE - nearest[k - 1]) - np.float32(total) - _DEVIATIONS * deviation


@compiled(_SCORES, _PAIRS, _FOUND, _BEST)
def take_nearest(
    distances: Distances,
    candidates: NDArray[np.int64],
    rows: NDArray[np.int64],
    nearest: Distances,
) -> None:
    """Write the k nearest of candidates, ascending; ties by the smaller row.

    Args:
        distances: (b, c) of the candidates.
        candidates: (b, c) rows; c >= k.
        rows: (b, k) the nearest; overwritten.
        nearest: (b, k) their distances; overwritten.
    """
    k = rows.shape[1]
    for i in range(distances.shape[0]):
        for j in range(distances.shape[1]):
            distance, row = distances[i, j], candidates[i, j]
            if j >= k and (
                distance > nearest[i, k - 1]
                or (distance == nearest[i, k - 1] and row >= rows[i, k - 1])
            ):
                continue
            place = min(j, k - 1)
            while place > 0 and (
                nearest[i, place - 1] > distance
                or (nearest[i, place - 1] == distance and rows[i, place - 1] > row)
            ):
                nearest[i, place], rows[i, place] = nearest[i, place - 1], rows[i, place - 1]
                place -= 1
            nearest[i, place], rows[i, place] = distance, row
