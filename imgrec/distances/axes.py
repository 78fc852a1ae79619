"""Principal component analysis (PCA): a few columns that keep most of the variance of the vectors.

Used by the sketch index, `pca-cosine` and the projector's tensor. Components are deterministic: the
sign of each is fixed by its largest loading, and components that are rounding noise are dropped.
They do not depend on the number of cores: BLAS divides a product of many rows among its threads,
and each division rounds otherwise, so products are divided here, always alike, with one thread of
BLAS for each piece.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from imgrec.collection import Ids
from imgrec.encoders.spec import Vectors
from imgrec.system.threads import in_threads, one_blas_thread

# Rounding error of float32, relative to the length of a vector.
_NOISE = 1e-6
# Up to this many columns the covariance matrix is decomposed directly.
_NARROW = 128
# Up to this many rows a product is faster in one thread than in the threads of BLAS.
_FEW = 8
# Rows of a piece that a thread projects; columns of a piece of a covariance matrix.
_PIECE_ROWS, _PIECE_COLUMNS = 1024, 256


@dataclass(frozen=True)
class Axes:
    """A fitted PCA.

    Attributes:
        mean: (d,) float32, subtracted before projecting.
        components: (c, d) float32, orthonormal rows, in descending order of variance.
        variance_kept: explained share of the variance of the fitted rows, 0 to 1.
    """

    mean: NDArray[np.float32]
    components: NDArray[np.float32]
    variance_kept: float

    def project(self, vectors: Vectors) -> Vectors:
        """Return the coordinates (m, c) of vectors (m, d) on the axes."""
        return products(vectors - self.mean, self.components)

    def project_all(self, vectors: Vectors) -> Vectors:
        """Return the same of many vectors (m, d), in threads, to the same bits for any number.

        Not to be called from `in_threads`.
        """
        found = np.empty((len(vectors), len(self.components)), np.float32)

        def fill(start: int) -> None:
            piece = slice(start, start + _PIECE_ROWS)
            np.matmul(vectors[piece] - self.mean, self.components.T, out=found[piece])

        with one_blas_thread():
            in_threads(fill, range(0, len(vectors), _PIECE_ROWS))
        return found


def fit_axes(vectors: Vectors, dimensions: int, seed: int = 0, solver: str = "auto") -> Axes:
    """Fit a PCA to vectors (m, d), float32.

    The sign of each component is chosen so that its largest loading is positive.

    Args:
        vectors: the rows to fit.
        dimensions: maximum number of components; fewer if the remaining variance is rounding
            noise.
        seed: of the randomized solver.
        solver: scikit-learn's `svd_solver`; `covariance_eigh` computes the eigenvectors of the
            covariance matrix here, which saves the second that importing scikit-learn takes, as
            do up to 128 columns with any solver.

    Raises:
        ValueError: a value is not finite.

    Source: scikit-learn's PCA.
    """
    if not np.isfinite(vectors).all():
        raise ValueError("PCA needs finite vectors, and one has a NaN or an infinity")
    if not len(vectors):
        return Axes(
            np.zeros(vectors.shape[1], np.float32), np.zeros((0, vectors.shape[1]), "f4"), 1.0
        )
    if (vectors == vectors[0]).all():
        return Axes(vectors[0], np.zeros((0, vectors.shape[1]), np.float32), 1.0)
    mean = vectors.mean(axis=0, dtype=np.float64).astype(np.float32)
    # Centered here: scikit-learn computes X'X - n·mean·mean', which cancels where the variance is
    # small beside the mean.
    count, centered = min(dimensions, *vectors.shape), vectors - mean
    with one_blas_thread():
        if vectors.shape[1] <= _NARROW or solver == "covariance_eigh":
            components, variances, shares = _of_covariance(centered, count)
        else:
            components, variances, shares = _of_sklearn(centered, count, seed, solver)
    real = variances > _NOISE**2 * (variances[0] + mean @ mean)
    components = np.asarray(components[real], np.float32)  # (c, d)
    largest = np.abs(components).argmax(axis=1)
    signs = np.sign(components[np.arange(len(components)), largest])
    return Axes(mean, components * signs[:, None], min(1.0, float(shares[real].sum())))


def _of_covariance(centered: Vectors, count: int) -> tuple[NDArray[np.floating], ...]:
    """Return components (c, d), variances (c,) and variance shares (c,) by eigendecomposition."""
    rows = centered.astype(np.float64) if centered.shape[1] <= _NARROW else centered
    variances, columns = np.linalg.eigh(_products_of_columns(rows) / max(1, len(rows) - 1))
    falling = np.maximum(variances[::-1], 0)
    return columns.T[::-1][:count], falling[:count], falling[:count] / falling.sum()


def _products_of_columns(rows: NDArray[np.floating]) -> NDArray[np.floating]:
    """Return the products (d, d) of the columns of rows (m, d) with each other."""
    found = np.empty((rows.shape[1], rows.shape[1]), rows.dtype)

    def fill(start: int) -> None:
        # Below the diagonal only; `eigh` reads no more.
        piece = slice(start, start + _PIECE_COLUMNS)
        np.matmul(rows[:, piece].T, rows[:, : piece.stop], out=found[piece, : piece.stop])

    found.fill(0)
    in_threads(fill, range(0, rows.shape[1], _PIECE_COLUMNS))
    return found


def _of_sklearn(
    centered: Vectors, count: int, seed: int, solver: str
) -> tuple[NDArray[np.floating], ...]:
    # Imported here: it takes a second, which most commands do not need.
    from sklearn.decomposition import PCA

    pca = PCA(count, copy=False, svd_solver=solver, random_state=seed).fit(centered)
    return pca.components_, pca.explained_variance_, pca.explained_variance_ratio_


def products(left: Vectors, right: Vectors) -> Vectors:
    """Return the dot products (q, m) of vectors (q, d) with vectors (m, d).

    Up to eight rows are multiplied in the calling thread: after a BLAS call its threads spin for
    a while, and take the cores from the threads of the search that follows.
    """
    if len(left) <= _FEW:
        return np.asarray(np.einsum("qd,md->qm", left, right), np.float32)
    return np.asarray(left @ right.T, np.float32)


def sample_ids(ids: Ids, count: int, seed: int = 0) -> Ids:
    """Return at most `count` ids: one at random of each stretch of their order."""
    if len(ids) <= count:
        return ids
    edges = np.arange(count + 1) * len(ids) // count
    picked: Ids = ids[np.random.default_rng(seed).integers(edges[:-1], edges[1:])]
    return picked
