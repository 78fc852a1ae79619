"""Principal components of vectors: few columns that keep most of their variance."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from imgrec.collection import Ids
from imgrec.encoders.spec import Vectors

_NOISE = 1e-6  # what rounding in float32 makes of nothing, relative to the length of a vector

_NARROW = 128  # columns
_FEW = 8  # beyond, one thread takes longer than waiting for the others


@dataclass(frozen=True)
class Axes:
    """Principal axes.

    Attributes:
        mean: (d,) float32.
        components: (c, d) float32, orthonormal, by falling variance.
        variance_kept: share of the variance of the fitted rows that the axes span, 0 to 1.
    """

    mean: NDArray[np.float32]
    components: NDArray[np.float32]
    variance_kept: float

    def project(self, vectors: Vectors) -> Vectors:
        """Return the coordinates (m, c) of vectors (m, d) on the axes."""
        return products(vectors - self.mean, self.components)


def fit_axes(vectors: Vectors, dimensions: int, seed: int = 0, solver: str = "auto") -> Axes:
    """Return the principal axes of vectors (m, d), the largest loading of each positive.

    There are at most `dimensions`, and none along which the rows differ by rounding only.

    Raises:
        ValueError: a value is not finite.

    Source: scikit-learn's PCA, with that `solver`; of few columns the eigenvectors of their
    covariance, which need no second to be imported.
    """
    if not np.isfinite(vectors).all():
        raise ValueError("a vector that is not finite has no place on axes")
    if not len(vectors):
        return Axes(
            np.zeros(vectors.shape[1], np.float32), np.zeros((0, vectors.shape[1]), "f4"), 1.0
        )
    if (vectors == vectors[0]).all():
        return Axes(vectors[0], np.zeros((0, vectors.shape[1]), np.float32), 1.0)
    mean = vectors.mean(axis=0, dtype=np.float64).astype(np.float32)
    # Centered beforehand: scikit-learn's covariance loses what differs little from the mean.
    count, centered = min(dimensions, *vectors.shape), vectors - mean
    if vectors.shape[1] <= _NARROW:
        components, variances, shares = _of_covariance(centered, count)
    else:
        components, variances, shares = _of_sklearn(centered, count, seed, solver)
    real = variances > _NOISE**2 * (variances[0] + mean @ mean)
    components = np.asarray(components[real], np.float32)  # (c, d)
    largest = np.abs(components).argmax(axis=1)
    signs = np.sign(components[np.arange(len(components)), largest])
    return Axes(mean, components * signs[:, None], min(1.0, float(shares[real].sum())))


def _of_covariance(centered: Vectors, count: int) -> tuple[NDArray[np.floating], ...]:
    """Return components (c, d), variances (c,) and their shares, the same that PCA finds."""
    rows = centered.astype(np.float64)
    variances, columns = np.linalg.eigh(rows.T @ rows / max(1, len(rows) - 1))
    falling = np.maximum(variances[::-1], 0)
    return columns.T[::-1][:count], falling[:count], falling[:count] / falling.sum()


def _of_sklearn(
    centered: Vectors, count: int, seed: int, solver: str
) -> tuple[NDArray[np.floating], ...]:
    from sklearn.decomposition import PCA  # late: a second that help, errors and server save

    pca = PCA(count, copy=False, svd_solver=solver, random_state=seed).fit(centered)
    return pca.components_, pca.explained_variance_, pca.explained_variance_ratio_


def products(left: Vectors, right: Vectors) -> Vectors:
    """Return the products (q, m) of vectors (q, d) with others (m, d).

    A few are multiplied in this thread only: the threads of a matrix library would keep the
    cores busy, waiting for more, while those of the search want them.
    """
    if len(left) <= _FEW:
        return np.asarray(np.einsum("qd,md->qm", left, right), np.float32)
    return np.asarray(left @ right.T, np.float32)


def sample_ids(ids: Ids, count: int, seed: int = 0) -> Ids:
    """Return at most `count` of the ids, spread evenly over their order: one of each stretch."""
    if len(ids) <= count:
        return ids
    edges = np.arange(count + 1) * len(ids) // count
    picked: Ids = ids[np.random.default_rng(seed).integers(edges[:-1], edges[1:])]
    return picked
