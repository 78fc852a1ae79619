"""The exact nearest neighbors by brute force that shares no code with imgrec."""

from collections.abc import Callable, Iterator
from pathlib import Path

import numba
import numpy as np
from numpy.typing import NDArray

from collection import FIRST_ID, Place, opened
from imgrec import Store
from measuring import K

QUERIES = 1000
# Number of queries for metrics that need more than matrix products.
SLOW_QUERIES = 200
_BLOCK = 8192
# Rows whose vectors stay in the CPU cache during a loop over the queries.
_TILE = 32
_SEED = 21

Matrix = NDArray[np.float32]
Rows = NDArray[np.int64]
Function = Callable[[Matrix, Matrix], Matrix]


class Reference:
    """The queries and their exact nearest neighbors.

    Attributes:
        rows: (q,) rows of the matrix, uniformly random.
        nearest: by metric, (q, K) unordered rows; for manhattan and chi2 of the first
            SLOW_QUERIES.
    """

    def __init__(self, rows: Rows, nearest: dict[str, Rows]) -> None:
        self.rows = rows
        self.nearest = nearest

    @classmethod
    def load(cls, place: Place) -> "Reference":
        """Read the file that `computed` wrote."""
        with np.load(_file(place), allow_pickle=False) as arrays:
            nearest = {name: arrays[name] for name in arrays.files if name != "rows"}
            return cls(arrays["rows"], nearest)

    @property
    def ids(self) -> list[int]:
        """The catalog ids of the queries."""
        return [int(row) + FIRST_ID for row in self.rows]

    def nearest_ids(self, metric: str) -> Rows:
        """Return the catalog ids (q, K) of the nearest neighbors."""
        return self.nearest[metric] + FIRST_ID


def there(place: Place) -> bool:
    """Return True if the exact neighbors were computed before."""
    return _file(place).is_file()


def computed(place: Place) -> None:
    """Find the nearest neighbors of all queries by all metrics, and save them."""
    rng = np.random.default_rng(_SEED)
    rows = rng.choice(place.count, min(QUERIES, place.count), replace=False)
    matrix = opened(place)
    found = dict(zip(("cosine", "euclidean"), _by_products(matrix, rows), strict=True))
    some = rows[:SLOW_QUERIES]
    found["manhattan"] = _nearest(_blocks(matrix), matrix[some], some, _manhattan)
    with Store.open(place.store) as store:
        rgb = store.feature("rgb")
        blocks = ((int(at.start), vectors) for at, vectors in rgb.slices())  # type: ignore[union-attr]
        found["chi2"] = _nearest(blocks, rgb.take(some + FIRST_ID), some, _chi2)
    temporary = place.folder / "reference.tmp.npz"
    np.savez(temporary, rows=rows, **found)
    temporary.rename(_file(place))


def _file(place: Place) -> Path:
    return place.folder / "reference.npz"


class _Best:
    """The unordered K nearest of q queries among the blocks seen so far."""

    def __init__(self, rows: Rows) -> None:
        self._asked = rows
        self._distances = np.full((len(rows), K), np.inf, np.float32)
        self.rows = np.full((len(rows), K), -1, np.int64)

    def take(self, first: int, distances: Matrix) -> None:
        """Merge the distances (q, m) to the rows from `first` on; the array is overwritten."""
        inside = np.flatnonzero((self._asked >= first) & (self._asked < first + distances.shape[1]))
        distances[inside, self._asked[inside] - first] = np.inf
        near = np.flatnonzero((distances < self._distances.max(axis=1)[:, None]).any(axis=0))
        pool = np.hstack([self._distances, distances[:, near]])
        rows = np.hstack([self.rows, np.tile(near + first, (len(pool), 1))])
        kept = np.argpartition(pool, K - 1, axis=1)[:, :K]
        self._distances = np.take_along_axis(pool, kept, axis=1)
        self.rows = np.take_along_axis(rows, kept, axis=1)


def _by_products(matrix: Matrix, rows: Rows) -> tuple[Rows, Rows]:
    queries = matrix[rows]
    lengths = np.linalg.norm(queries, axis=1)[:, None]  # (q, 1)
    by_cosine, by_euclid = _Best(rows), _Best(rows)
    for first, vectors in _blocks(matrix):
        products = queries @ vectors.T  # (q, m)
        norms = np.linalg.norm(vectors, axis=1)[None, :]
        by_cosine.take(first, 1 - products / (lengths * norms))
        by_euclid.take(first, lengths**2 + norms**2 - 2 * products)
    return by_cosine.rows, by_euclid.rows


def _nearest(
    blocks: Iterator[tuple[int, Matrix]], queries: Matrix, rows: Rows, function: Function
) -> Rows:
    best = _Best(rows)
    for first, vectors in blocks:
        best.take(first, function(np.ascontiguousarray(queries), vectors))
    return best.rows


def _blocks(matrix: Matrix) -> Iterator[tuple[int, Matrix]]:
    for first in range(0, len(matrix), _BLOCK):
        yield first, np.asarray(matrix[first : first + _BLOCK])


@numba.njit(parallel=True, fastmath=True)
def _manhattan(queries, vectors):  # type: ignore[no-untyped-def]
    distances = np.empty((len(queries), len(vectors)), np.float32)
    for tile in numba.prange((len(vectors) + _TILE - 1) // _TILE):
        for q in range(len(queries)):
            query = queries[q]
            for row in range(tile * _TILE, min(len(vectors), (tile + 1) * _TILE)):
                vector = vectors[row]
                total = np.float32(0)
                for d in range(len(query)):
                    total += abs(query[d] - vector[d])
                distances[q, row] = total
    return distances


@numba.njit(parallel=True, fastmath=True)
def _chi2(queries, vectors):  # type: ignore[no-untyped-def]
    distances = np.empty((len(queries), len(vectors)), np.float32)
    # A bin empty in both histograms adds 0 / tiny.
    tiny = np.float32(1e-30)
    for tile in numba.prange((len(vectors) + _TILE - 1) // _TILE):
        for q in range(len(queries)):
            query = queries[q]
            for row in range(tile * _TILE, min(len(vectors), (tile + 1) * _TILE)):
                vector = vectors[row]
                total = np.float32(0)
                for d in range(len(query)):
                    difference = query[d] - vector[d]
                    total += difference * difference / (query[d] + vector[d] + tiny)
                distances[q, row] = total
    return distances
