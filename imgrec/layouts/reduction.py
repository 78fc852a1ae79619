"""A feature as the columns of tensors: its vectors, or their principal components.

Layouts and projector pages take some fifty columns that keep most of the variance. They are
derived rows, kept in the store and updated while pictures come and go.
"""

from dataclasses import dataclass

import numpy as np

from imgrec.collection import Ids
from imgrec.derived.forms import check_finite
from imgrec.derived.kept import kept_or_made
from imgrec.derived.pca import PcaRecipe, Reduced, variance_kept
from imgrec.distances.axes import fit_axes
from imgrec.encoders.spec import EncoderSpec, Vectors
from imgrec.store.features import FeatureStore
from imgrec.store.store import Store

# With two columns the projector page shows nothing.
MIN_COLUMNS = 3


@dataclass(frozen=True)
class Reduction:
    """A feature as the columns of tensors.

    Attributes:
        source: the feature itself, or its coordinates on principal axes.
        count: number of columns, at least `MIN_COLUMNS`.
        variance_kept: share of the vectors' variance in these columns, 0 to 1.
    """

    source: FeatureStore
    count: int
    variance_kept: float

    def take(self, ids: Ids, block_rows: int = 8_192) -> Vectors:
        """Return the columns (m, count) of some pictures, 0 beyond the last axis.

        Args:
            ids: (m,) of the pictures.
            block_rows: pictures whose vectors are in memory at a time.

        Raises:
            StoreError: a value is not finite.
        """
        columns = np.zeros((len(ids), self.count), np.float32)
        for start in range(0, len(ids), block_rows):
            rows = slice(start, start + block_rows)
            columns[rows, : self.source.dimensions] = self.source.take(ids[rows])
        check_finite(columns, self.source.name, ids)
        return columns


def reduce_feature(
    store: Store, spec: EncoderSpec, feature: FeatureStore, dimensions: int
) -> Reduction:
    """Return a feature on its principal axes; the coordinates are kept in the store.

    There are `dimensions` columns, or fewer if the vectors vary in fewer. The axes stay the same
    until the collection has grown by half (`imgrec.derived.rows`).

    Raises:
        StoreError: a vector has a value that is not finite.
    """
    recipe = PcaRecipe(dimensions, name=f"pca-{dimensions}", solver="auto")
    kept = kept_or_made(store, recipe, spec, feature)
    reduced = Reduced.of(feature, kept).feature
    return Reduction(reduced, max(MIN_COLUMNS, reduced.dimensions), variance_kept(kept))


def unreduced(feature: FeatureStore) -> Reduction:
    """Return a feature with all its columns as they are."""
    return Reduction(feature, max(MIN_COLUMNS, feature.dimensions), 1.0)


def main_axes(columns: Vectors) -> Vectors:
    """Return rows (m, c) on their three principal axes (m, 3), 0 where they have fewer."""
    axes = np.zeros((len(columns), 3), np.float32)
    found = fit_axes(columns, 3).project(columns)
    axes[:, : found.shape[1]] = found
    return axes
