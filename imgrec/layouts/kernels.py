"""The compiled loop of `imgrec.layouts.descent`: one epoch of some pictures.

Importing this module imports numba (half a second). The first use on a machine compiles the loop
for the plane or for space (some seconds); numba caches the machine code on disk.
"""

from collections.abc import Callable
from functools import cache

import numba
import numpy as np
from numba import types
from numpy.typing import NDArray

from imgrec.layouts.forces import FIRST, LAST, SHIFT
from imgrec.system.compiling import compiled

# Pictures drawn at random after each edge, as in umap-learn.
NEGATIVES = 5

Move = Callable[..., None]

_FIRST, _LAST = np.int32(FIRST), np.int32(LAST)
_LIMIT = np.float32(4)
_UNIT = np.float32(2.0**-24)
_ZERO, _ONE = np.float32(0), np.float32(1)
_READ = types.Array(types.float32, 2, "C", readonly=True)
_WRITTEN = types.Array(types.float32, 2, "C")
_VALUES = types.Array(types.float32, 1, "C", readonly=True)
_STARTS = types.Array(types.int64, 1, "C", readonly=True)
_ENDS = types.Array(types.int32, 1, "C", readonly=True)


@cache
def move_of(dimensions: int) -> Move:
    """Return the compiled loop for 2 or 3 dimensions.

    It is called with

        old: (n, c) positions of the epoch before.
        new: (n, c) those of two epochs before; the rows from `first` to `last` get the new ones.
        drawn: (c, n + more) positions `old` in a random order, which begins again at its end.
        starts, ends, weights: (n + 1,), (m,), (m,) the edges in CSR form, both directions of each,
            with weights from 0 to 1.
        attraction, repulsion: the tables of `imgrec.layouts.forces`.
        rate: the learning rate.
        momentum: share of the last step that is made again.
        chance: random bits of this epoch.
        first, last: the rows to move.
    """
    space = dimensions == 3

    @compiled(
        _READ, _WRITTEN, _READ, _STARTS, _ENDS, _VALUES, _VALUES, _VALUES,
        types.float32, types.float32, types.uint64, types.int64, types.int64,
    )  # fmt: skip
    def move(
        old: NDArray[np.float32],
        new: NDArray[np.float32],
        drawn: NDArray[np.float32],
        starts: NDArray[np.int64],
        ends: NDArray[np.int32],
        weights: NDArray[np.float32],
        attraction: NDArray[np.float32],
        repulsion: NDArray[np.float32],
        rate: np.float32,
        momentum: np.float32,
        chance: np.uint64,
        first: np.int64,
        last: np.int64,
    ) -> None:
        n = old.shape[0]
        for i in range(first, last):
            x, y = old[i, 0], old[i, 1]
            z = old[i, 2] if space else _ZERO
            pulled_x, pulled_y, pulled_z = _ZERO, _ZERO, _ZERO
            high = _mixed(np.uint64(i) + chance) >> np.uint64(32)
            at = np.int64((high * np.uint64(n)) >> np.uint64(32))
            for edge in range(starts[i], starts[i + 1]):
                j = ends[edge]
                if _uniform(np.int64(i), np.int64(j), chance) >= weights[edge]:
                    continue
                dx, dy = old[i, 0] - old[j, 0], old[i, 1] - old[j, 1]
                squared = dx * dx + dy * dy
                if space:
                    dz = old[i, 2] - old[j, 2]
                    squared += dz * dz
                force = attraction[_index(squared)]
                pulled_x += _clipped(force * dx)
                pulled_y += _clipped(force * dy)
                if space:
                    pulled_z += _clipped(force * dz)
                pushed_x, pushed_y, pushed_z = _ZERO, _ZERO, _ZERO
                for t in range(at, at + NEGATIVES):
                    dx, dy = x - drawn[0, t], y - drawn[1, t]
                    squared = dx * dx + dy * dy
                    if space:
                        dz = z - drawn[2, t]
                        squared += dz * dz
                    force = repulsion[_index(squared)]
                    pushed_x += _clipped(force * dx)
                    pushed_y += _clipped(force * dy)
                    if space:
                        pushed_z += _clipped(force * dz)
                at += NEGATIVES
                x += rate * pushed_x
                y += rate * pushed_y
                z += rate * pushed_z
            new[i, 0] = x + rate * pulled_x + momentum * (old[i, 0] - new[i, 0])
            new[i, 1] = y + rate * pulled_y + momentum * (old[i, 1] - new[i, 1])
            if space:
                new[i, 2] = z + rate * pulled_z + momentum * (old[i, 2] - new[i, 2])

    return move


@numba.njit(inline="always")
def _index(squared: np.float32) -> np.int32:
    """Return the place of a squared distance in the tables."""
    bits = np.float32(squared).view(np.int32) >> SHIFT
    return max(np.int32(0), min(_LAST, bits - _FIRST))


@numba.njit(inline="always")
def _clipped(value: np.float32) -> np.float32:
    return max(-_LIMIT, min(_LIMIT, value))


@numba.njit(inline="always")
def _uniform(i: np.int64, j: np.int64, chance: np.uint64) -> np.float32:
    """Return a number from 0 to below 1, the same for both ends of an edge.

    The pair is mixed, then multiplied by the random odd number of the epoch (multiply-shift
    hashing, Dietzfelbinger and others 1997).
    """
    pair = (np.uint64(min(i, j)) << np.uint64(32)) | np.uint64(max(i, j))
    pair *= np.uint64(0x9E3779B97F4A7C15)
    pair ^= pair >> np.uint64(32)
    return np.float32((pair * (chance | np.uint64(1))) >> np.uint64(40)) * _UNIT


@numba.njit(inline="always")
def _mixed(bits: np.uint64) -> np.uint64:
    """Return 64 mixed bits.

    Source: the finalizer of SplitMix64, Steele, Lea and Flood 2014.
    """
    bits = (bits ^ (bits >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    bits = (bits ^ (bits >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return bits ^ (bits >> np.uint64(31))
