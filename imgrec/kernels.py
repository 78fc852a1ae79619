"""Compiled row loops: each row is read once, whatever the number of queries.

Importing this module imports numba and takes half a second, and the first use of a loop on a
machine some seconds to compile it, which numba keeps. They hold no lock, so threads share the
rows. `imgrec.metrics` has the same functions in numpy, which are their reference.

All take queries (q, d) and vectors (m, d), float32 and C-contiguous, and fill `out` (q, m).
"""

from collections.abc import Callable
from typing import Any

import numba
import numpy as np
from numba import types
from numpy.typing import NDArray

from imgrec.encoders.spec import Vectors
from imgrec.metrics import COSINE_NOISE, Distances

Kernel = Callable[[Vectors, Vectors, Distances], None]

_ROWS = types.Array(types.float32, 2, "C", readonly=True)
_CODES = types.Array(types.int8, 2, "C", readonly=True)
_OUT = types.Array(types.float32, 2, "A")
_NOISE = np.float32(COSINE_NOISE)
_TINY = np.float32(1e-30)  # 0 / tiny = 0 where both bins are empty, and no branch
_HALF, _ZERO, _ONE, _TWO = (np.float32(value) for value in (0.5, 0, 1, 2))


def _compiled(*arguments: types.Type) -> Callable[[Callable[..., None]], Kernel]:
    def compile_(function: Callable[..., None]) -> Kernel:
        options: dict[str, Any] = {"nogil": True, "fastmath": True, "error_model": "numpy"}
        signatures = [types.void(*arguments)]
        try:
            jitted: Kernel = numba.njit(signatures, cache=True, **options)(function)
        except (RuntimeError, OSError):  # no place to keep it: compiled anew in every process
            jitted = numba.njit(signatures, **options)(function)
        return jitted

    return compile_


@_compiled(_ROWS, _ROWS, _OUT)
def cosine(queries: Vectors, vectors: Vectors, out: Distances) -> None:
    """Fill in 1 - cos as `imgrec.metrics.cosine` does."""
    for i in range(vectors.shape[0]):
        square, product = _ZERO, _ZERO
        for j in range(vectors.shape[1]):
            square += vectors[i, j] * vectors[i, j]
            product += vectors[i, j] * queries[0, j]
        length = np.sqrt(square)
        for a in range(queries.shape[0]):
            if a > 0:
                product = _ZERO
                for j in range(vectors.shape[1]):
                    product += vectors[i, j] * queries[a, j]
            distance = _ONE - product / length if length > _ZERO else _ONE
            out[a, i] = _ZERO if distance < _NOISE else min(distance, _TWO)


@_compiled(_ROWS, _ROWS, _OUT)
def euclidean(queries: Vectors, vectors: Vectors, out: Distances) -> None:
    """Fill in the length of the difference."""
    for i in range(vectors.shape[0]):
        for a in range(queries.shape[0]):
            total = _ZERO
            for j in range(vectors.shape[1]):
                difference = vectors[i, j] - queries[a, j]
                total += difference * difference
            out[a, i] = np.sqrt(total)


@_compiled(_ROWS, _ROWS, _OUT)
def manhattan(queries: Vectors, vectors: Vectors, out: Distances) -> None:
    """Fill in the sum of absolute differences."""
    for i in range(vectors.shape[0]):
        for a in range(queries.shape[0]):
            total = _ZERO
            for j in range(vectors.shape[1]):
                total += abs(vectors[i, j] - queries[a, j])
            out[a, i] = total


@_compiled(_ROWS, _ROWS, _OUT)
def chi2(queries: Vectors, vectors: Vectors, out: Distances) -> None:
    """Fill in ½ Σ (a - b)² / (a + b)."""
    for i in range(vectors.shape[0]):
        for a in range(queries.shape[0]):
            total = _ZERO
            for j in range(vectors.shape[1]):
                difference = vectors[i, j] - queries[a, j]
                both = vectors[i, j] + queries[a, j]
                total += difference * difference / (both + _TINY)
            out[a, i] = _HALF * total


@_compiled(_CODES, _ROWS, _OUT)
def products(codes: NDArray[np.int8], weights: Vectors, out: Distances) -> None:
    """Fill in the products (q, m) of codes (m, c), int8, with weights (q, c)."""
    for i in range(codes.shape[0]):
        for a in range(weights.shape[0]):
            total = _ZERO
            for j in range(codes.shape[1]):
                total += np.float32(codes[i, j]) * weights[a, j]
            out[a, i] = total
