"""k-means by a few rounds of Lloyd's algorithm: the cells that searches look into.

Cells need not be good clusters, only balanced enough and the same for the same rows: some rounds
from random rows are as good here as scikit-learn's many, and take a second for a thousand centers.

Source: Lloyd (1982), Least squares quantization in PCM.
"""

import numpy as np
from numpy.typing import NDArray

from imgrec.encoders.spec import Vectors

_ROUNDS = 8
_STEP_ROWS = 8192
_SEED = 0


def kmeans(coordinates: Vectors, count: int) -> Vectors:
    """Return `count` centers (c, a) of coordinates (s, a), by a few rounds of Lloyd's algorithm."""
    chosen = np.random.default_rng(_SEED).permutation(len(coordinates))[:count]
    centers = coordinates[np.sort(chosen)]
    for _ in range(_ROUNDS):
        steps = range(0, len(coordinates), _STEP_ROWS)
        numbers = np.concatenate(
            [gaps(coordinates[s : s + _STEP_ROWS], centers).argmin(axis=1) for s in steps]
        )
        sizes = np.bincount(numbers, minlength=count)
        order = np.argsort(numbers, kind="stable")
        starts = np.concatenate([[0], np.cumsum(sizes)])
        moved = means(coordinates[order], starts)
        centers = np.where(sizes[:, None] > 0, moved, centers)
    return centers


def means(coordinates: Vectors, starts: NDArray[np.intp]) -> Vectors:
    """Return the mean (c, a) of each range of rows, zeros for an empty one."""
    means = np.zeros((len(starts) - 1, coordinates.shape[1]), np.float32)
    filled = np.flatnonzero(np.diff(starts))
    for cell in filled:
        means[cell] = coordinates[starts[cell] : starts[cell + 1]].mean(axis=0)
    return means


def gaps(coordinates: Vectors, centers: Vectors) -> Vectors:
    """Return half the squared distances (m, c) to centers, less a constant of each row."""
    halves = np.einsum("ca,ca->c", centers, centers) / 2
    gaps: Vectors = halves - coordinates @ centers.T
    return gaps
