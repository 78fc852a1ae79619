"""Compose the vectors of a relation from the rows of two features, whenever they are read.

A composed vector is the concatenation of two vectors: the first one less a mean and scaled to
length 1, and the second one scaled to length √w. The cosine of two composed vectors is therefore
the weighted mean of both cosines, (cos(a - μ, a' - μ) + w cos(b, b')) / (1 + w), so that every
search by cosine works on them as on stored ones. A vector that has length 0 stays 0.

Nothing composed is stored: the rows of a block are composed in pieces that fit into a core's cache,
which costs little beside reading them from memory.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from imgrec.encoders.spec import Vectors
from imgrec.store.elsewhere import FarVectors

Places = slice | NDArray[np.intp]
# Rows of a piece: with 1,792 dimensions half a megabyte.
_PIECE_ROWS = 64


@dataclass(frozen=True)
class Composition:
    """How two vectors become one.

    Attributes:
        mean: (c,) float32, subtracted from the first one.
        weight: w, of the cosine of the second ones.
    """

    mean: NDArray[np.float32]
    weight: float

    def fill(self, first: NDArray[Any], second: NDArray[Any], out: Vectors) -> None:
        """Write the composed vectors of a few rows to `out` (m, c + j)."""
        left, right = np.hsplit(out, [first.shape[1]])
        np.subtract(first, self.mean, out=left)
        left *= _inverse_lengths(left)
        second = np.asarray(second, np.float32)
        np.multiply(second, self.weight**0.5 * _inverse_lengths(second), out=right)


@dataclass(frozen=True)
class Halves:
    """Rows of both features that are not composed yet.

    Attributes:
        composition: how they become one.
        first: (m, c) of the first feature.
        second: (m, j) of the second feature.
    """

    composition: Composition
    first: NDArray[Any]
    second: NDArray[Any]

    def composed(self) -> Vectors:
        """Return the composed vectors (m, c + j)."""
        out = np.empty((len(self.first), self.first.shape[1] + self.second.shape[1]), np.float32)
        for start in range(0, len(out), _PIECE_ROWS):
            rows = slice(start, start + _PIECE_ROWS)
            self.composition.fill(self.first[rows], self.second[rows], out[rows])
        return out


@dataclass(frozen=True)
class ComposedVectors:
    """The composed vectors of two blocks of features; indexed as a matrix (m, c + j) is.

    Attributes:
        composition: how two vectors become one.
        first: stored vectors of the first feature, with c columns.
        second: stored vectors of the second feature, with j columns.
        first_places: (m,) of the rows in `first`, parallel to `second_places`.
        second_places: (m,) of the rows in `second`.
    """

    composition: Composition
    first: NDArray[Any] | FarVectors
    second: NDArray[Any] | FarVectors
    first_places: NDArray[np.intp]
    second_places: NDArray[np.intp]

    def __len__(self) -> int:
        return len(self.first_places)

    def __getitem__(self, which: Places) -> Vectors:
        return self.halves(which).composed()

    def __array__(self, dtype: DTypeLike | None = None, copy: bool | None = None) -> NDArray[Any]:
        """Return all vectors, for `np.asarray`."""
        return np.asarray(self.halves().composed(), dtype)

    def halves(self, which: Places = slice(None)) -> Halves:
        """Return the stored rows at some places (b,), as views if they are consecutive."""
        first = self.first[_stretch(self.first_places[which])]
        return Halves(self.composition, first, self.second[_stretch(self.second_places[which])])


def _stretch(places: NDArray[np.intp]) -> Places:
    """Return places as a slice, which copies nothing, if they are consecutive."""
    if not len(places):
        return places
    first, last = int(places[0]), int(places[-1])
    if last - first + 1 == len(places) and (np.diff(places) == 1).all():
        return slice(first, last + 1)
    return places


def _inverse_lengths(vectors: Vectors) -> NDArray[np.float32]:
    """Return 1 / |x| (m, 1), 0 for a vector of zeros."""
    lengths = np.sqrt(np.einsum("md,md->m", vectors, vectors))[:, None]
    lengths[lengths == 0] = np.inf
    return np.asarray(1 / lengths, np.float32)
