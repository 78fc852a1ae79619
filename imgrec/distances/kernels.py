"""Distance functions compiled by numba: each row is read from memory once for all queries.

Exact search is bound by memory bandwidth, so several queries in one pass cost little more than one.
Rows are read one after the other, as a stream that the processor prefetches, and where they lie:
the loops take addresses, so that neither a part of a store nor candidates from many parts are
copied first. The loops release the GIL and run in the thread pool. `imgrec.distances.metrics` has
the same functions in NumPy, which are the reference in tests.

Every function takes float32 queries (q, d), C-contiguous, and the addresses (m,) of rows of d
float32 values, and fills `out` (q, m). Invariant, which nothing here can check: whoever calls keeps
the arrays that the addresses point into, and each row lies wholly within its array
(`imgrec.store.features.addresses_of`).

Importing this module imports numba (half a second). The first use on a machine compiles the loops
(some seconds); numba caches the machine code on disk.
"""

from typing import Any

import numba
import numpy as np
from numba import types
from numba.extending import intrinsic
from numpy.typing import NDArray

from imgrec.distances.metrics import COSINE_NOISE, Distances
from imgrec.encoders.spec import Vectors
from imgrec.system.compiling import compiled, inlined

Addresses = NDArray[np.int64]  # (m,)
Lengths = NDArray[np.float32]  # (m,)

_ROWS = types.Array(types.float32, 2, "C", readonly=True)
_VECTOR = types.Array(types.float32, 1, "C", readonly=True)
_ADDRESSES = types.Array(types.int64, 1, "C", readonly=True)
_LENGTHS = types.Array(types.float32, 1, "C")
_OUT = types.Array(types.float32, 2, "A")
_NOISE = np.float32(COSINE_NOISE)
# Added to a denominator: 0 / tiny = 0 for two empty bins, without a branch.
_TINY = np.float32(1e-30)
# Rows that are still in the cache when they are read again.
_CACHED_ROWS = 64
_FLOAT_BYTES = 4
# The smallest pages of memory that are usual, in values.
_PAGE_VALUES = 4096 // _FLOAT_BYTES
_HALF, _ZERO, _ONE, _TWO = (np.float32(value) for value in (0.5, 0, 1, 2))


@intrinsic
def _pointer(_: Any, address: types.Type) -> Any:
    """Turn an address into a pointer to float32 values."""

    def generate(context: Any, builder: Any, wanted: Any, arguments: Any) -> Any:
        return builder.inttoptr(arguments[0], context.get_value_type(wanted.return_type))

    signature = types.CPointer(types.float32)(address)  # type: ignore[no-untyped-call]
    return signature, generate


@inlined
def _row(address: int, length: int) -> Any:
    """Return the float32 values (length,) at an address, as an array that owns nothing."""
    return numba.carray(_pointer(address), (length,))  # type: ignore[attr-defined,call-arg]


@compiled(_ADDRESSES, types.int64, returns=types.float32)
def touch(addresses: Addresses, length: int) -> np.float32:
    """Read a value of each page that rows of a length lie in, and return something of them.

    Where scattered rows are read from their first value to the last, the processor finds the place
    of each page in memory only when it comes to it, and waits. Here it looks for many at a time.
    """
    total = _ZERO
    for i in range(addresses.shape[0]):
        row = _row(addresses[i], length)
        for j in range(0, length, _PAGE_VALUES):
            total += row[j]
        if length:
            total += row[length - 1]
    return total


@inlined
def _products_of_four(query: Any, row0: Any, row1: Any, row2: Any, row3: Any) -> Any:
    sum0, sum1, sum2, sum3 = _ZERO, _ZERO, _ZERO, _ZERO
    for j in range(query.shape[0]):
        value = query[j]
        sum0 += row0[j] * value
        sum1 += row1[j] * value
        sum2 += row2[j] * value
        sum3 += row3[j] * value
    return sum0, sum1, sum2, sum3


@compiled(_ROWS, _ROWS, _OUT)
def products(queries: Vectors, rows: Vectors, out: Distances) -> None:
    """Fill `out` (q, m) with the dot products of queries (q, d) with rows (m, d)."""
    for a in range(queries.shape[0]):
        for i in range(rows.shape[0]):
            product = _ZERO
            for j in range(rows.shape[1]):
                product += rows[i, j] * queries[a, j]
            out[a, i] = product


@inlined
def _fill_products(queries: Any, addresses: Any, out: Any) -> None:
    """Fill `out` with the dot products of queries with rows.

    Four rows share what is loaded of a query: a loop over one row loads twice as much as it reads.
    At the end the last row stands in for those that lack, so that each is summed up in one way.
    """
    last, d, first = addresses.shape[0] - 1, queries.shape[1], queries.ctypes.data
    for i in range(0, addresses.shape[0], 4):
        i1, i2, i3 = min(i + 1, last), min(i + 2, last), min(i + 3, last)
        row0, row1 = _row(addresses[i], d), _row(addresses[i1], d)
        row2, row3 = _row(addresses[i2], d), _row(addresses[i3], d)
        for a in range(queries.shape[0]):
            # By its address too: to index an array of two dimensions takes longer.
            query = _row(first + a * d * _FLOAT_BYTES, d)
            sum0, sum1, sum2, sum3 = _products_of_four(query, row0, row1, row2, row3)
            out[a, i], out[a, i1], out[a, i2], out[a, i3] = sum0, sum1, sum2, sum3


@inlined
def _fill_lengths(addresses: Any, d: int, lengths: Any) -> None:
    for i in range(addresses.shape[0]):
        row, square = _row(addresses[i], d), _ZERO
        for j in range(row.shape[0]):
            square += row[j] * row[j]
        lengths[i] = np.sqrt(square)


# As written: `fastmath` would divide most rows in another way than the last few.
@compiled(_LENGTHS, _OUT, as_written=True)
def _angles(lengths: Lengths, out: Distances) -> None:
    """Make cosine distances of dot products with queries of length 1."""
    for a in range(out.shape[0]):
        for i in range(lengths.shape[0]):
            distance = _ONE - out[a, i] / lengths[i] if lengths[i] > _ZERO else _ONE
            out[a, i] = _ZERO if distance < _NOISE else min(distance, _TWO)


@compiled(_ROWS, _ADDRESSES, _LENGTHS, _OUT)
def cosine(queries: Vectors, addresses: Addresses, lengths: Lengths, out: Distances) -> None:
    """Fill `out` with cosine distances, as `metrics.cosine`; queries must have length 1.

    `lengths` (m,) is filled too, with the lengths of the rows.
    """
    for start in range(0, addresses.shape[0], _CACHED_ROWS):
        stop = min(start + _CACHED_ROWS, addresses.shape[0])
        _fill_lengths(addresses[start:stop], queries.shape[1], lengths[start:stop])
        _fill_products(queries, addresses[start:stop], out[:, start:stop])
    _angles(lengths, out)


@compiled(_ROWS, _ADDRESSES, _LENGTHS, _OUT)
def cosine_of_lengths(
    queries: Vectors, addresses: Addresses, lengths: Lengths, out: Distances
) -> None:
    """Fill `out` as `cosine` does, from lengths that it has found before: half as much to compute.

    One core computes about as fast as it reads, and slower where another process shares it.
    """
    _fill_products(queries, addresses, out)
    _angles(lengths, out)


@inlined
def _scales(square: np.float32, other: np.float32, weight: np.float32) -> tuple[Any, Any]:
    """Return the factors of both products, from the squared lengths of both halves of a row."""
    length = (_ONE if square > _ZERO else _ZERO) + (weight if other > _ZERO else _ZERO)
    scale = _ONE / np.sqrt(square * length) if square > _ZERO else _ZERO
    return scale, np.sqrt(weight / (other * length)) if other > _ZERO else _ZERO


@inlined
def _products(query: Any, mean: Any, first: Any, second: Any) -> tuple[Any, Any]:
    """Return the products of the halves of a query (c + j,) with those of a row."""
    c = first.shape[0]
    # Slices: an index `c + j` would be tested for being negative in the innermost loop.
    left, right = query[:c], query[c:]
    product, joined = _ZERO, _ZERO
    for j in range(c):
        product += (first[j] - mean[j]) * left[j]
    for j in range(second.shape[0]):
        joined += second[j] * right[j]
    return product, joined


@inlined
def _squares(mean: Any, first: Any, second: Any) -> tuple[Any, Any]:
    """Return the squared lengths of the halves of a row."""
    square, other = _ZERO, _ZERO
    for j in range(first.shape[0]):
        value = first[j] - mean[j]
        square += value * value
    for j in range(second.shape[0]):
        other += second[j] * second[j]
    return square, other


@compiled(_ROWS, _ADDRESSES, _ADDRESSES, _VECTOR, types.float32, _OUT)
def composed_cosine(
    queries: Vectors,
    first: Addresses,
    second: Addresses,
    mean: NDArray[np.float32],
    weight: np.float32,
    out: Distances,
) -> None:
    """Fill `out` with cosine distances to vectors of a relation, which are not composed for it.

    Args:
        queries: (q, c + j) composed, of length 1.
        first: (m,) of rows of c values of the feature that is centered.
        second: (m,) of rows of j values of the other feature.
        mean: (c,) of the first.
        weight: of the second.
        out: (q, m) the distances, as `metrics.cosine` gives them for the composed vectors.
    """
    c = mean.shape[0]
    for i in range(first.shape[0]):
        left, right = _row(first[i], c), _row(second[i], queries.shape[1] - c)
        square, other = _squares(mean, left, right)
        scale, joined_scale = _scales(square, other, weight)
        for a in range(queries.shape[0]):
            product, joined = _products(queries[a], mean, left, right)
            distance = _ONE - product * scale - joined * joined_scale
            out[a, i] = _ZERO if distance < _NOISE else min(distance, _TWO)


@compiled(_ROWS, _ADDRESSES, _OUT)
def euclidean(queries: Vectors, addresses: Addresses, out: Distances) -> None:
    """Fill `out` with Euclidean (L2) distances."""
    for i in range(addresses.shape[0]):
        row = _row(addresses[i], queries.shape[1])
        for a in range(queries.shape[0]):
            total = _ZERO
            for j in range(row.shape[0]):
                difference = row[j] - queries[a, j]
                total += difference * difference
            out[a, i] = np.sqrt(total)


@compiled(_ROWS, _ADDRESSES, _OUT)
def manhattan(queries: Vectors, addresses: Addresses, out: Distances) -> None:
    """Fill `out` with Manhattan (L1) distances."""
    for i in range(addresses.shape[0]):
        row = _row(addresses[i], queries.shape[1])
        for a in range(queries.shape[0]):
            total = _ZERO
            for j in range(row.shape[0]):
                total += abs(row[j] - queries[a, j])
            out[a, i] = total


@compiled(_ROWS, _ADDRESSES, _OUT)
def chi2(queries: Vectors, addresses: Addresses, out: Distances) -> None:
    """Fill `out` with chi-square distances, ½ Σ (a - b)² / (a + b)."""
    for i in range(addresses.shape[0]):
        row = _row(addresses[i], queries.shape[1])
        for a in range(queries.shape[0]):
            total = _ZERO
            for j in range(row.shape[0]):
                difference, both = row[j] - queries[a, j], row[j] + queries[a, j]
                total += difference * difference / (both + _TINY)
            out[a, i] = _HALF * total
