"""The compiled scan of a sketch: estimates of distances in one pass over the codes.

A query is rounded to 16 bits an axis, so that a product with the 8-bit codes is a sum of 32-bit
integers, for which processors have an instruction (`vpdpwssd` of AVX-512 VNNI; `pmaddwd` before).
That rounding is 1/256 of the one that the codes have. Estimates are made where the sum is still in
a register: nothing is written but them. The usual width is a constant, so that its loop is
unrolled.

As with `imgrec.distances.kernels`, importing this module imports numba, and the first use on a
machine compiles the loops.
"""

from typing import Any

import numpy as np
from numba import types
from numpy.typing import NDArray

from imgrec.distances.metrics import Distances
from imgrec.system.compiling import compiled, inlined

WIDTH, LISTED_WIDTH = 128, 64
# A product of a code with a weight is at most 2⁷ times as large; sums stay below 2³⁰.
_MOST_WEIGHT, _MOST_SUM, _MOST_CODE = (1 << 15) - 1, 1 << 30, 1 << 7
# Rows that stay in the fastest cache while several queries are compared with them.
_TILE = 64

Codes = NDArray[np.int8]  # (m, c)
Weights = NDArray[np.int16]  # (q, c)
PerQuery = NDArray[np.float32]  # (q,)
PerRow = NDArray[np.float32]  # (m,)

_CODES = types.Array(types.int8, 2, "C", readonly=True)
_WEIGHTS = types.Array(types.int16, 2, "C", readonly=True)
_VALUES = types.Array(types.float32, 1, "C", readonly=True)
_PLACES = types.Array(types.int32, 1, "C", readonly=True)
_SUMS = types.Array(types.float32, 1, "C")
_OUT = types.Array(types.float32, 2, "A")
_ZERO, _ONE, _TWO = (np.float32(value) for value in (0, 1, 2))


def rounded(weights: NDArray[np.float32]) -> tuple[Weights, PerQuery]:
    """Return weights (q, c) as integers, and of each query the weight (q,) that 1 stands for."""
    most = min(_MOST_WEIGHT, _MOST_SUM // (_MOST_CODE * max(1, weights.shape[1])))
    largest = np.abs(weights).max(axis=1, initial=0)  # (q,)
    steps = np.where(largest > 0, largest / np.float32(most), np.float32(1)).astype(np.float32)
    return np.rint(weights / steps[:, None]).astype(np.int16), steps


@inlined
def _sum(codes: Any, i: int, weights: Any, a: int, width: int) -> np.float32:
    total = np.int32(0)
    for j in range(width):
        # Cast: numba adds 32-bit integers as 64-bit ones.
        total = np.int32(total + np.int32(codes[i, j]) * np.int32(weights[a, j]))
    return np.float32(total)


@inlined
def _cosine(
    codes: Any, weights: Any, steps: Any, means: Any, inverse: Any, out: Any, width: int
) -> None:
    for start in range(0, codes.shape[0], _TILE):
        for a in range(weights.shape[0]):
            step, mean = steps[a], means[a]
            for i in range(start, min(start + _TILE, codes.shape[0])):
                product = _sum(codes, i, weights, a, width) * step + mean
                out[a, i] = _ONE - product * inverse[i]


@compiled(_CODES, _WEIGHTS, _VALUES, _VALUES, _VALUES, _OUT)
def cosine(
    codes: Codes,
    weights: Weights,
    steps: PerQuery,
    means: PerQuery,
    inverse: PerRow,
    out: Distances,
) -> None:
    """Fill `out` (q, m) with estimates of cosine distances.

    Args:
        codes: (m, c).
        weights: (q, c) of unit queries.
        steps: (q,) the weight that 1 stands for.
        means: (q,) the product of each query with the mean.
        inverse: (m,) 1 / |x| of each vector.
        out: 1 - (step Σ code · weight + mean) / |x|.
    """
    if codes.shape[1] == WIDTH:
        _cosine(codes, weights, steps, means, inverse, out, WIDTH)
    else:
        _cosine(codes, weights, steps, means, inverse, out, codes.shape[1])


@inlined
def _euclidean(
    codes: Any, weights: Any, steps: Any, means: Any, lengths: Any, squares: Any, out: Any,
    width: int,
) -> None:  # fmt: skip
    for start in range(0, codes.shape[0], _TILE):
        for a in range(weights.shape[0]):
            step, mean, length = steps[a], means[a], lengths[a]
            for i in range(start, min(start + _TILE, codes.shape[0])):
                product = _sum(codes, i, weights, a, width) * step + mean
                out[a, i] = np.sqrt(max(squares[i] + length - _TWO * product, _ZERO))


@compiled(_CODES, _WEIGHTS, _VALUES, _VALUES, _VALUES, _VALUES, _OUT)
def euclidean(
    codes: Codes,
    weights: Weights,
    steps: PerQuery,
    means: PerQuery,
    lengths: PerQuery,
    squares: PerRow,
    out: Distances,
) -> None:
    """Fill `out` (q, m) with estimates of Euclidean distances, the root of |x|² + |q|² - 2 q·x.

    Args:
        codes: (m, c).
        weights: (q, c).
        steps: (q,) the weight that 1 stands for.
        means: (q,) the product of each query with the mean.
        lengths: (q,) |q|² of each query.
        squares: (m,) |x|² of each vector.
        out: the estimates.
    """
    if codes.shape[1] == WIDTH:
        _euclidean(codes, weights, steps, means, lengths, squares, out, WIDTH)
    else:
        _euclidean(codes, weights, steps, means, lengths, squares, out, codes.shape[1])


@inlined
def _listed(codes: Any, places: Any, weights: Any, out: Any, width: int) -> None:
    for i in range(places.shape[0]):
        out[i] = _sum(codes, places[i], weights, 0, width)


@compiled(_CODES, _PLACES, _WEIGHTS, _SUMS)
def listed(codes: Codes, places: NDArray[np.int32], weights: Weights, out: PerRow) -> None:
    """Fill `out` (m,) with the products of some codes with one query.

    Args:
        codes: (n, c).
        places: (m,) of the codes, from 0 to n - 1: they are not checked.
        weights: (1, c).
        out: Σ code · weight.
    """
    if codes.shape[1] == LISTED_WIDTH:
        _listed(codes, places, weights, out, LISTED_WIDTH)
    else:
        _listed(codes, places, weights, out, codes.shape[1])
