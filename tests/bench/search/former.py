"""How the steps of a search were done before: what `steps` compares them with, in the same run."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numba import types
from numpy.typing import NDArray

from imgrec.distances.metrics import Distances
from imgrec.encoders.spec import Vectors
from imgrec.system.compiling import compiled
from imgrec.system.threads import cores, in_threads

_TASK_ROWS, _TASK_BLOCKS = 1 << 15, 8

_ROWS = types.Array(types.float32, 2, "C", readonly=True)
_CODES = types.Array(types.int8, 2, "C", readonly=True)
_WORDS = types.Array(types.int64, 1, "C", readonly=True)
_OUT = types.Array(types.float32, 2, "A")
_ZERO, _ONE = np.float32(0), np.float32(1)


@compiled(_WORDS, returns=types.int64)
def _total(words: NDArray[np.int64]) -> int:
    found = 0
    for i in range(words.shape[0]):
        found += words[i]
    return found


def read_once(matrices: Sequence[NDArray[Any]]) -> None:
    """Sum up the 64-bit words of matrices with all cores: the least that reading them takes."""
    words = [matrix.reshape(-1).view(np.int64) for matrix in matrices]
    tasks = [words[start : start + _TASK_BLOCKS] for start in range(0, len(words), _TASK_BLOCKS)]
    if len(tasks) == 1:
        tasks = [[half] for one in words for half in np.array_split(one, cores())]
    in_threads(lambda task: [_total(piece) for piece in task] and None, tasks)


@compiled(_CODES, _ROWS, _OUT)
def products(codes: NDArray[np.int8], weights: Vectors, out: Distances) -> None:
    """Fill `out` (q, m) with products of int8 codes (m, c) and float32 weights (q, c)."""
    for i in range(codes.shape[0]):
        for a in range(weights.shape[0]):
            found = _ZERO
            for j in range(codes.shape[1]):
                found += np.float32(codes[i, j]) * weights[a, j]
            out[a, i] = found


def scan(
    codes: NDArray[np.int8], weights: Vectors, means: Vectors, inverse: Vectors, out: Distances
) -> None:
    """Estimate cosine distances (q, m): products in tasks of 32,768 rows, then four passes."""
    in_threads(
        lambda s: products(codes[s : s + _TASK_ROWS], weights, out[:, s : s + _TASK_ROWS]),
        range(0, len(codes), _TASK_ROWS),
    )
    out += means
    out *= inverse
    out *= np.float32(-1)
    out += 1


def by_partition(scores: NDArray[np.float32], k: int) -> NDArray[np.intp]:
    """Return the rows of the k + 1 smallest scores by a partition of all."""
    return np.flatnonzero(scores <= np.partition(scores, k)[k])


@compiled(_ROWS, _ROWS, _OUT)
def cosine(queries: Vectors, vectors: Vectors, out: Distances) -> None:
    """Fill `out` with cosine distances of unit queries; rows are read in pairs."""
    for pair in range(vectors.shape[0] // 2):
        i = 2 * pair
        square_0, square_1, product_0, product_1 = _ZERO, _ZERO, _ZERO, _ZERO
        for j in range(vectors.shape[1]):
            square_0 += vectors[i, j] * vectors[i, j]
            square_1 += vectors[i + 1, j] * vectors[i + 1, j]
            product_0 += vectors[i, j] * queries[0, j]
            product_1 += vectors[i + 1, j] * queries[0, j]
        out[0, i] = _ONE - product_0 / np.sqrt(square_0)
        out[0, i + 1] = _ONE - product_1 / np.sqrt(square_1)


@compiled(_ROWS, _ROWS, _OUT)
def euclidean(queries: Vectors, vectors: Vectors, out: Distances) -> None:
    """Fill `out` with Euclidean distances; rows are read in pairs."""
    for pair in range(vectors.shape[0] // 2):
        i = 2 * pair
        total_0, total_1 = _ZERO, _ZERO
        for j in range(vectors.shape[1]):
            difference_0 = vectors[i, j] - queries[0, j]
            difference_1 = vectors[i + 1, j] - queries[0, j]
            total_0 += difference_0 * difference_0
            total_1 += difference_1 * difference_1
        out[0, i], out[0, i + 1] = np.sqrt(total_0), np.sqrt(total_1)


@compiled(_ROWS, _ROWS, _OUT)
def manhattan(queries: Vectors, vectors: Vectors, out: Distances) -> None:
    """Fill `out` with Manhattan distances; rows are read in pairs."""
    for pair in range(vectors.shape[0] // 2):
        i = 2 * pair
        total_0, total_1 = _ZERO, _ZERO
        for j in range(vectors.shape[1]):
            total_0 += abs(vectors[i, j] - queries[0, j])
            total_1 += abs(vectors[i + 1, j] - queries[0, j])
        out[0, i], out[0, i + 1] = total_0, total_1
