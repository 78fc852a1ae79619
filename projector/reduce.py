"""Principal components of a feature: few columns that keep most of its variance."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from imgrec.catalog import Ids
from imgrec.encoders.spec import Vectors
from imgrec.features import FeatureStore
from imgrec.projection import fit_axes, sample_ids
from projector.errors import ProjectorError

FIT_ROWS = 50_000
MIN_COLUMNS = 3  # with two the page shows nothing
_BLOCK_ROWS = 8_192


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
        columns[rows, : len(axes.components)] = axes.project(vectors)
    return Reduction(columns, axes.variance_kept)


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
