"""Principal components of a feature: few columns that keep most of its variance."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from imgrec.catalog import Ids
from imgrec.encoders.spec import Vectors
from imgrec.features import FeatureStore
from projector.errors import ProjectorError

FIT_ROWS = 50_000
MIN_COLUMNS = 3  # with two the page shows nothing
_NOISE = 1e-6  # what rounding in float32 makes of nothing, relative to the length of a vector
_BLOCK_ROWS = 8_192


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


@dataclass(frozen=True)
class Reduction:
    """The rows of a feature on its principal axes.

    Attributes:
        columns: (n, c) float32, the coordinates on the axes, 0 beyond the last axis.
        variance_kept: as in `Axes`.
    """

    columns: NDArray[np.float32]
    variance_kept: float


def reduce_feature(feature: FeatureStore, ids: Ids, dimensions: int, seed: int = 0) -> Reduction:
    """Project the vectors of some pictures on their principal axes, in bounded memory.

    There are `dimensions` columns, or n or d where that is less, but never under `MIN_COLUMNS`.

    Args:
        feature: where the vectors are.
        ids: (n,) the pictures, in the order of the rows wanted.
        dimensions: the number of columns wanted.
        seed: of the sample of `FIT_ROWS` that the axes are fitted on where n is larger.

    Raises:
        ProjectorError: a vector has a value that is not finite.
    """
    axes = fit_axes(_finite(feature, sample_ids(ids, FIT_ROWS, seed)), dimensions, seed)
    count = max(MIN_COLUMNS, min(dimensions, len(ids), feature.dimensions))
    columns = np.zeros((len(ids), count), np.float32)
    for rows, vectors in _blocks(feature, ids):
        columns[rows, : len(axes.components)] = (vectors - axes.mean) @ axes.components.T
    return Reduction(columns, axes.variance_kept)


def fit_axes(vectors: Vectors, dimensions: int, seed: int = 0) -> Axes:
    """Return the principal axes of vectors (m, d), the largest loading of each positive.

    There are at most `dimensions`, and none along which the rows differ by rounding only:
    the page stretches every axis to the same length.
    """
    if (vectors == vectors[0]).all():
        return Axes(vectors[0], np.zeros((0, vectors.shape[1]), np.float32), 1.0)
    from sklearn.decomposition import PCA  # late: a second that help, errors and server save

    mean = vectors.mean(axis=0, dtype=np.float64).astype(np.float32)
    # Centred beforehand: scikit-learn's covariance loses what differs little from the mean.
    pca = PCA(min(dimensions, *vectors.shape), copy=False, random_state=seed).fit(vectors - mean)
    variances = pca.explained_variance_  # (c,), falling
    real = variances > _NOISE**2 * (variances[0] + mean @ mean)
    components = np.asarray(pca.components_[real], np.float32)  # (c, d)
    largest = np.abs(components).argmax(axis=1)
    signs = np.sign(components[np.arange(len(components)), largest])
    kept = min(1.0, float(pca.explained_variance_ratio_[real].sum()))
    return Axes(mean, components * signs[:, None], kept)


def sample_ids(ids: Ids, count: int, seed: int = 0) -> Ids:
    """Return at most `count` of the ids, spread evenly over their order: one of each stretch."""
    if len(ids) <= count:
        return ids
    edges = np.arange(count + 1) * len(ids) // count
    picked: Ids = ids[np.random.default_rng(seed).integers(edges[:-1], edges[1:])]
    return picked


def _blocks(feature: FeatureStore, ids: Ids) -> Iterator[tuple[slice, Vectors]]:
    for start in range(0, len(ids), _BLOCK_ROWS):
        rows = slice(start, start + _BLOCK_ROWS)
        yield rows, _finite(feature, ids[rows])


def _finite(feature: FeatureStore, ids: Ids) -> Vectors:
    vectors = feature.take(ids)
    bad = ~np.isfinite(vectors).all(axis=1)
    if bad.any():
        raise ProjectorError(
            f"the {feature.name} vector of picture {ids[bad][0]} is not finite: delete the folder "
            f"{feature.name} in the store's features and run python -m imgrec.index again"
        )
    return vectors
