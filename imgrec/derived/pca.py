"""Principal components of a feature, for the metric `pca-cosine` and for the layouts.

Of a histogram with hundreds of bins a few dozen principal components keep nearly all of the
variance. Cosine distance between these coordinates is quicker and less noisy than between the
histograms. The coordinates of all pictures are kept in the store and opened as a feature.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from imgrec.derived.rows import Derived, axes_of
from imgrec.distances.axes import Axes, fit_axes
from imgrec.encoders.spec import Vectors
from imgrec.store.features import Block, FeatureStore
from imgrec.store.kept import Arrays

COMPONENTS = 75


@dataclass(frozen=True)
class PcaRecipe:
    """Compute the coordinates (m, c) float32 of vectors on their principal axes.

    Source: PCA, fitted on a sample of `imgrec.derived.rows.FIT_ROWS`.
    """

    components: int = COMPONENTS
    name: str = "pca"
    version: int = 1
    model_names: frozenset[str] = frozenset({"mean", "components", "variance_kept"})
    columns: frozenset[str] = frozenset({"coordinates"})
    refit_growth: float = 1.5
    solver: str = "covariance_eigh"

    def fit(self, sample: Vectors) -> dict[str, NDArray[Any]]:
        """Return mean (d,), components (c, d) and the share of the variance they keep."""
        axes = fit_axes(sample, self.components, solver=self.solver)
        kept = np.array([axes.variance_kept])
        return {"mean": axes.mean, "components": axes.components, "variance_kept": kept}

    def rows(self, model: Arrays, vectors: Vectors) -> dict[str, NDArray[Any]]:
        """Return the coordinates (m, c)."""
        return {"coordinates": axes_of(model).project_all(vectors)}


@dataclass(frozen=True)
class Reduced:
    """A feature on its principal axes.

    Attributes:
        feature: the coordinates (n, c) of every vector, as a feature.
        axes: project a vector on the coordinates.
    """

    feature: FeatureStore
    axes: Axes

    @classmethod
    def of(cls, feature: FeatureStore, derived: Derived) -> "Reduced":
        """Return a feature on axes for which `imgrec.derived.rows.is_current` is true."""
        coordinates = derived.rows["coordinates"]
        if not derived.coverage.is_of(feature):
            coordinates = coordinates[derived.coverage.places(feature)]
        blocks = [Block(feature.ids, coordinates)]
        return cls(FeatureStore(feature.name, coordinates.shape[1], blocks), axes_of(derived.model))


def variance_kept(kept: Derived) -> float:
    """Return the share of the variance that the axes keep, 0 to 1."""
    return float(kept.model["variance_kept"][0])
