"""A synthetic sketch of any number of rows, whose vectors are computed where they are asked for.

A vector is x = V (s * c) + r: codes c (128,) of a row, scaled by s, on orthonormal axes V, plus a
residual r orthogonal to all axes, one of a few thousand. So the sketch of a row is known without
its vector, a vector can be made from its row alone, and the exact distance of a query to all rows
costs one pass over the codes. Rows lie in clusters of 50, in random order.
"""

import time
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from imgrec.derived.rows import Coverage, Derived
from imgrec.derived.sketch import COMPONENTS, Sketch
from imgrec.encoders.spec import Vectors
from imgrec.store.features import FeatureStore

DIMENSIONS = 2048
_CLUSTER = 50
_RESIDUALS = 4096
_NOISES = 1 << 18
_BLOCK = 1 << 16
# Share of a vector's square length that the axes do not hold.
_LOST = 0.2


@dataclass(frozen=True)
class Synthetic:
    """A synthetic collection of n vectors of `DIMENSIONS` dimensions.

    Attributes:
        codes: (n, 128) int8, of the sketch.
        scales: (128,) the coordinate of the code 1.
        axes: (128, d) orthonormal.
        residuals: (p, d) orthogonal to the axes; row i has number i % p.
        making_s: the seconds of each call that made vectors, which a store would read.
    """

    codes: NDArray[np.int8]
    scales: NDArray[np.float32]
    axes: Vectors
    residuals: Vectors
    making_s: list[float] = field(default_factory=list)

    @classmethod
    def made(cls, count: int, seed: int = 0) -> "Synthetic":
        """Make a collection in the memory of its codes and some 100 MB."""
        rng = np.random.default_rng(seed)
        basis, _ = np.linalg.qr(rng.normal(size=(DIMENSIONS, COMPONENTS)))
        axes = np.ascontiguousarray(basis.T, np.float32)
        scales = (np.arange(1, COMPONENTS + 1) ** -0.25 / 127).astype(np.float32)
        residuals = rng.normal(size=(_RESIDUALS, DIMENSIONS)).astype(np.float32)
        residuals -= (residuals @ axes.T) @ axes
        residuals /= np.linalg.norm(residuals, axis=1, keepdims=True)
        codes = _codes(count, rng)
        length = np.linalg.norm(codes[:_BLOCK] * scales, axis=1).mean()
        residuals *= np.float32(length * (_LOST / (1 - _LOST)) ** 0.5)
        return cls(codes, scales, axes, residuals)

    def __len__(self) -> int:
        return len(self.codes)

    @cached_property
    def lengths(self) -> NDArray[np.float32]:
        """The lengths |x| (n,) of the vectors."""
        squares = np.empty(len(self), np.float32)
        for start in range(0, len(self), _BLOCK):
            block = self.codes[start : start + _BLOCK].astype(np.float32)
            squares[start : start + _BLOCK] = np.square(block) @ np.square(self.scales)
        squares += np.square(self.residuals[0]).sum()
        return np.sqrt(squares, out=squares)

    def vectors(self, rows: NDArray[np.intp]) -> Vectors:
        """Return the vectors (m, d) of some rows."""
        started = time.perf_counter()
        found: Vectors = (self.codes[rows] * self.scales) @ self.axes
        found += self.residuals[rows % _RESIDUALS]
        self.making_s.append(time.perf_counter() - started)
        return found

    def products(self, query: Vectors) -> NDArray[np.float32]:
        """Return the exact products (n,) of a query (d,) with all vectors."""
        weights = (self.axes @ query) * self.scales
        found = np.empty(len(self), np.float32)
        for start in range(0, len(self), _BLOCK):
            rows = slice(start, start + _BLOCK)
            found[rows] = self.codes[rows].astype(np.float32) @ weights
        table = self.residuals @ query
        whole = len(self) // _RESIDUALS * _RESIDUALS
        found[:whole].reshape(-1, _RESIDUALS)[:] += table
        found[whole:] += table[: len(self) - whole]
        return found

    def nearest(self, row: int, k: int) -> NDArray[np.intp]:
        """Return the k rows (k,) nearest to a row by cosine, without itself, by exact distances."""
        cosines = self.products(self.vectors(np.array([row]))[0]) / self.lengths
        cosines[row] = -np.inf
        best = np.argpartition(-cosines, k)[:k]
        return best[np.argsort(-cosines[best], kind="stable")]


class SyntheticFeature(FeatureStore):
    """The vectors of a synthetic collection, as a feature of a store has them."""

    def __init__(self, of: Synthetic) -> None:
        """Give a collection the ids 0 to n - 1."""
        super().__init__("synthetic", DIMENSIONS, [])
        self._of = of
        self.ids = np.arange(len(of))

    @cached_property
    def owners(self) -> NDArray[np.int32]:
        """Zeros (n,): all rows are of one part."""
        return np.zeros(len(self._of), np.int32)

    def take_rows(self, rows: NDArray[np.intp]) -> Vectors:
        """Return the vectors (m, d) of these rows, in this order."""
        return self._of.vectors(rows)


def sketch_of(of: Synthetic, feature: SyntheticFeature) -> Sketch:
    """Return the sketch of a collection, as one that was loaded from a store."""
    model = {
        "mean": np.zeros(DIMENSIONS, np.float32),
        "components": of.axes,
        "scales": of.scales,
    }
    rows = {"codes": of.codes, "lengths": of.lengths}
    coverage = Coverage(feature.ids, feature.owners, ())
    return Sketch(feature, Derived(model, rows, coverage, len(of)))


def _codes(count: int, rng: np.random.Generator) -> NDArray[np.int8]:
    """Return codes (n, 128): a center for each 50 rows, and noise around it, within ±120."""
    noises = _normal(rng, _NOISES, 13, 40)
    codes = np.empty((count, COMPONENTS), np.int8)
    for start in range(0, count, 16 * _BLOCK):
        block = codes[start : start + 16 * _BLOCK]
        centers = _normal(rng, max(1, len(block) // _CLUSTER), 26, 80)
        np.take(centers, rng.integers(len(centers), size=len(block)), axis=0, out=block)
        block += noises[rng.integers(_NOISES, size=len(block))]
    return codes


def _normal(rng: np.random.Generator, count: int, deviation: int, most: int) -> NDArray[np.int8]:
    values = rng.standard_normal((count, COMPONENTS), np.float32) * deviation
    return np.clip(np.rint(values), -most, most).astype(np.int8)
