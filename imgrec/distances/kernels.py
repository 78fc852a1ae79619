"""Distance functions compiled by numba: each row is read from memory once for all queries.

Exact search is bound by memory bandwidth, so several queries in one pass cost little more than one.
The loops release the GIL and run in the thread pool. `imgrec.distances.metrics` has the same
functions in NumPy, which are the reference in tests.

Every function takes queries (q, d) and vectors (m, d), float32 and C-contiguous, and fills `out`
(q, m). `cosine`, `euclidean` and `manhattan` read rows in pairs, which keeps two streams of memory
requests in flight; m must be even there.

Importing this module imports numba (half a second). The first use on a machine compiles the loops
(some seconds); numba caches the machine code on disk.
"""

from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar

import numba
import numpy as np
from numba import types
from numpy.typing import NDArray

from imgrec.distances.metrics import COSINE_NOISE, Distances
from imgrec.encoders.spec import Vectors

_P = ParamSpec("_P")
_R = TypeVar("_R")

_ROWS = types.Array(types.float32, 2, "C", readonly=True)
_VECTOR = types.Array(types.float32, 1, "C", readonly=True)
_CODES = types.Array(types.int8, 2, "C", readonly=True)
_OUT = types.Array(types.float32, 2, "A")
_NOISE = np.float32(COSINE_NOISE)
# Added to a denominator: 0 / tiny = 0 for two empty bins, without a branch.
_TINY = np.float32(1e-30)
_HALF, _ZERO, _ONE, _TWO = (np.float32(value) for value in (0.5, 0, 1, 2))


def compiled(
    *arguments: types.Type, returns: types.Type = types.void
) -> Callable[[Callable[_P, _R]], Callable[_P, _R]]:
    """Return a decorator that compiles a function for these argument types, eagerly.

    The machine code is cached on disk if there is a writable place. The function releases the
    GIL, may reassociate sums (`fastmath`), and does not check bounds.
    """

    def compile_(function: Callable[_P, _R]) -> Callable[_P, _R]:
        options: dict[str, Any] = {"nogil": True, "fastmath": True, "error_model": "numpy"}
        signatures = [returns(*arguments)]
        try:
            jitted: Callable[_P, _R] = numba.njit(signatures, cache=True, **options)(function)
        # No writable cache folder: compiled anew in every process.
        except (RuntimeError, OSError):
            jitted = numba.njit(signatures, **options)(function)
        return jitted

    return compile_


@compiled(_ROWS, _ROWS, _OUT)
def cosine(queries: Vectors, vectors: Vectors, out: Distances) -> None:
    """Fill `out` with cosine distances, as `metrics.cosine`; queries must have length 1."""
    for pair in range(vectors.shape[0] // 2):
        i = 2 * pair
        square_0, square_1, product_0, product_1 = _ZERO, _ZERO, _ZERO, _ZERO
        for j in range(vectors.shape[1]):
            square_0 += vectors[i, j] * vectors[i, j]
            square_1 += vectors[i + 1, j] * vectors[i + 1, j]
            product_0 += vectors[i, j] * queries[0, j]
            product_1 += vectors[i + 1, j] * queries[0, j]
        length_0, length_1 = np.sqrt(square_0), np.sqrt(square_1)
        for a in range(queries.shape[0]):
            if a > 0:
                product_0, product_1 = _ZERO, _ZERO
                for j in range(vectors.shape[1]):
                    product_0 += vectors[i, j] * queries[a, j]
                    product_1 += vectors[i + 1, j] * queries[a, j]
            distance_0 = _ONE - product_0 / length_0 if length_0 > _ZERO else _ONE
            distance_1 = _ONE - product_1 / length_1 if length_1 > _ZERO else _ONE
            out[a, i] = _ZERO if distance_0 < _NOISE else min(distance_0, _TWO)
            out[a, i + 1] = _ZERO if distance_1 < _NOISE else min(distance_1, _TWO)


@numba.njit(nogil=True, fastmath=True, error_model="numpy")
def _scales(square: np.float32, other: np.float32, weight: np.float32) -> tuple[Any, Any]:
    """Return the factors of both products, from the squared lengths of both halves of a row."""
    length = (_ONE if square > _ZERO else _ZERO) + (weight if other > _ZERO else _ZERO)
    scale = _ONE / np.sqrt(square * length) if square > _ZERO else _ZERO
    return scale, np.sqrt(weight / (other * length)) if other > _ZERO else _ZERO


@numba.njit(nogil=True, fastmath=True, error_model="numpy")
def _products(query: Vectors, mean: Vectors, first: Vectors, second: Vectors) -> tuple[Any, Any]:
    """Return the products of the halves of a query (c + j,) with those of a row."""
    c = first.shape[0]
    left, right = query[:c], query[c:]
    product, joined = _ZERO, _ZERO
    for j in range(c):
        product += (first[j] - mean[j]) * left[j]
    for j in range(second.shape[0]):
        joined += second[j] * right[j]
    return product, joined


@compiled(_ROWS, _ROWS, _ROWS, _VECTOR, types.float32, _OUT)
def composed_cosine(
    queries: Vectors,
    first: Vectors,
    second: Vectors,
    mean: NDArray[np.float32],
    weight: np.float32,
    out: Distances,
) -> None:
    """Fill `out` with cosine distances to vectors of a relation, which are not composed for it.

    Args:
        queries: (q, c + j) composed, of length 1.
        first: (m, c) rows of the feature that is centered.
        second: (m, j) rows of the other feature.
        mean: (c,) of the first.
        weight: of the second.
        out: (q, m) the distances, as `metrics.cosine` gives them for the composed vectors.
    """
    # Slices: an index `c + j` would be tested for being negative in the innermost loop.
    c, m = first.shape[1], first.shape[0]
    left, right = queries[0, :c], queries[0, c:]
    for pair in range((m + 1) // 2):
        # An odd last row is its own partner.
        i, k = 2 * pair, min(2 * pair + 1, m - 1)
        square_0, square_1, product_0, product_1 = _ZERO, _ZERO, _ZERO, _ZERO
        for j in range(c):
            value_0, value_1 = first[i, j] - mean[j], first[k, j] - mean[j]
            square_0 += value_0 * value_0
            square_1 += value_1 * value_1
            product_0 += value_0 * left[j]
            product_1 += value_1 * left[j]
        other_0, other_1, joined_0, joined_1 = _ZERO, _ZERO, _ZERO, _ZERO
        for j in range(second.shape[1]):
            other_0 += second[i, j] * second[i, j]
            other_1 += second[k, j] * second[k, j]
            joined_0 += second[i, j] * right[j]
            joined_1 += second[k, j] * right[j]
        scale_0, joined_scale_0 = _scales(square_0, other_0, weight)
        scale_1, joined_scale_1 = _scales(square_1, other_1, weight)
        for a in range(queries.shape[0]):
            if a > 0:
                product_0, joined_0 = _products(queries[a], mean, first[i], second[i])
                product_1, joined_1 = _products(queries[a], mean, first[k], second[k])
            distance_0 = _ONE - product_0 * scale_0 - joined_0 * joined_scale_0
            distance_1 = _ONE - product_1 * scale_1 - joined_1 * joined_scale_1
            out[a, i] = _ZERO if distance_0 < _NOISE else min(distance_0, _TWO)
            out[a, k] = _ZERO if distance_1 < _NOISE else min(distance_1, _TWO)


@compiled(_ROWS, _ROWS, _OUT)
def euclidean(queries: Vectors, vectors: Vectors, out: Distances) -> None:
    """Fill `out` with Euclidean (L2) distances."""
    for pair in range(vectors.shape[0] // 2):
        i = 2 * pair
        for a in range(queries.shape[0]):
            total_0, total_1 = _ZERO, _ZERO
            for j in range(vectors.shape[1]):
                difference_0 = vectors[i, j] - queries[a, j]
                difference_1 = vectors[i + 1, j] - queries[a, j]
                total_0 += difference_0 * difference_0
                total_1 += difference_1 * difference_1
            out[a, i], out[a, i + 1] = np.sqrt(total_0), np.sqrt(total_1)


@compiled(_ROWS, _ROWS, _OUT)
def manhattan(queries: Vectors, vectors: Vectors, out: Distances) -> None:
    """Fill `out` with Manhattan (L1) distances."""
    for pair in range(vectors.shape[0] // 2):
        i = 2 * pair
        for a in range(queries.shape[0]):
            total_0, total_1 = _ZERO, _ZERO
            for j in range(vectors.shape[1]):
                total_0 += abs(vectors[i, j] - queries[a, j])
                total_1 += abs(vectors[i + 1, j] - queries[a, j])
            out[a, i], out[a, i + 1] = total_0, total_1


@compiled(_ROWS, _ROWS, _OUT)
def chi2(queries: Vectors, vectors: Vectors, out: Distances) -> None:
    """Fill `out` with chi-square distances, ½ Σ (a - b)² / (a + b)."""
    for i in range(vectors.shape[0]):
        for a in range(queries.shape[0]):
            total = _ZERO
            for j in range(vectors.shape[1]):
                difference = vectors[i, j] - queries[a, j]
                both = vectors[i, j] + queries[a, j]
                total += difference * difference / (both + _TINY)
            out[a, i] = _HALF * total


@compiled(_CODES, _ROWS, _OUT)
def products(codes: NDArray[np.int8], weights: Vectors, out: Distances) -> None:
    """Fill `out` (q, m) with dot products of int8 codes (m, c) and float32 weights (q, c)."""
    for i in range(codes.shape[0]):
        for a in range(weights.shape[0]):
            total = _ZERO
            for j in range(codes.shape[1]):
                total += np.float32(codes[i, j]) * weights[a, j]
            out[a, i] = total
