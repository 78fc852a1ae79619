"""k-means clusters of a feature, kept in the store; new pictures join the nearest center.

The unit vectors are projected on 50 principal axes, where euclidean distance orders as cosine
does, and clustered by k-means on a sample. Clusters are numbered from 1, the largest first.
Numbers stay the same while pictures come and go, until the model is fitted again. Of a small
collection there are fewer clusters than of a large one, which would be a picture each.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from imgrec.collection import Ids
from imgrec.derived.choices import CLUSTERS, PER_CLUSTER
from imgrec.derived.kept import kept_or_made
from imgrec.derived.rows import Derived, axes_of
from imgrec.distances.axes import fit_axes, products
from imgrec.distances.metrics import COSINE_NOISE, scaled
from imgrec.encoders.spec import EncoderSpec, Vectors
from imgrec.errors import StoreError, WrongValueError
from imgrec.store.features import FeatureStore
from imgrec.store.kept import Arrays
from imgrec.store.store import Store

_COMPONENTS = 50
# Against one start two of three seeds gain up to 0.4 %; eight starts gain nothing more.
_STARTS = 4
_SEED = 0
# The largest distance between unit vectors that cosine cannot tell apart.
_NOISE = (2 * COSINE_NOISE) ** 0.5
_STEP_ROWS = 1 << 13


@dataclass(frozen=True)
class KmeansRecipe:
    """Assign each vector to a cluster: numbers (m,) int32 from 1, distances (m,) float32.

    The distance to the center is euclidean, between unit vectors on their principal axes.

    Attributes:
        count: most clusters; None for as many as a small collection has (`default_count`).
    """

    count: int | None = CLUSTERS
    version: int = 1
    model_names: frozenset[str] = frozenset({"mean", "components", "centers"})
    columns: frozenset[str] = frozenset({"numbers", "distances"})
    refit_growth: float = 1.5

    @property
    def name(self) -> str:
        """The name of the folder in the store, which includes a count that is fixed."""
        return f"kmeans-{self.count or 'few'}"

    def fit(self, sample: Vectors) -> dict[str, NDArray[Any]]:
        """Return mean (d,), components (c, d) and centers (m, c), the largest cluster first.

        There are at most `count` centers, and no two that cosine cannot tell apart.
        """
        unit = scaled(sample, 2)
        axes = fit_axes(unit, _COMPONENTS)
        coordinates = axes.project(unit)  # (s, c)
        count = self.count or default_count(len(sample))
        centers = _without_twins(_kmeans(coordinates, count))
        sizes = np.bincount(_nearest(coordinates, centers), minlength=len(centers))
        by_size = np.argsort(-sizes, kind="stable")
        return {"mean": axes.mean, "components": axes.components, "centers": centers[by_size]}

    def rows(self, model: Arrays, vectors: Vectors) -> dict[str, NDArray[Any]]:
        """Return the number (m,) of the nearest center and the distance (m,) to it."""
        numbers = np.empty(len(vectors), np.int32)
        distances = np.empty(len(vectors), np.float32)
        centers = model["centers"]
        for start in range(0, len(vectors), _STEP_ROWS):
            rows = slice(start, start + _STEP_ROWS)
            coordinates = axes_of(model).project(scaled(vectors[rows], 2))
            nearest = _nearest(coordinates, centers)
            numbers[rows] = nearest + 1
            distances[rows] = np.linalg.norm(coordinates - centers[nearest], axis=1)
        return {"numbers": numbers, "distances": distances}


@dataclass(frozen=True)
class Clusters:
    """Which cluster each picture is in.

    Attributes:
        ids: (n,) ascending, of the pictures.
        numbers: (n,) int32, from 1; when the model was fitted, the largest cluster came first.
        distances: (n,) float32 to the center of its cluster, 0 to 2.
        central: (m,) the picture nearest to the center of cluster 1, 2, …; 0 for a cluster
            without pictures.
    """

    ids: Ids
    numbers: NDArray[np.int32]
    distances: NDArray[np.float32]
    central: Ids

    @classmethod
    def of(cls, feature: FeatureStore, derived: Derived) -> "Clusters":
        """Return the clusters of a feature from rows that are current for it."""
        numbers, distances = derived.rows["numbers"], derived.rows["distances"]
        if not derived.coverage.is_of(feature):
            places = derived.coverage.places(feature)
            numbers, distances = numbers[places], distances[places]
        central = np.zeros(len(derived.model["centers"]), np.int64)
        # Stable: among equally near pictures the lowest id comes first.
        order = np.lexsort((distances, numbers))
        found, first = np.unique(numbers[order], return_index=True)
        central[found - 1] = feature.ids[order[first]]
        return cls(feature.ids, numbers, distances, central)

    def labels(self) -> dict[int, str]:
        """Return {id: number of its cluster, as text}."""
        names = [str(number) for number in range(len(self.central) + 1)]
        pairs = zip(self.ids.tolist(), self.numbers.tolist(), strict=True)
        return {image_id: names[number] for image_id, number in pairs}


def clusters_in(
    store: Store, spec: EncoderSpec, feature: FeatureStore, count: int | None = None
) -> Clusters:
    """Return the clusters of a feature; they are kept in the store.

    New pictures join the nearest center. The model is fitted again when the collection has grown
    by half. Where the store cannot be written nothing is kept.

    Args:
        store: open.
        spec: of the encoder.
        feature: the vectors.
        count: of clusters; there are fewer where fewer pictures differ. None for
            `default_count` of the pictures when the model was fitted.

    Raises:
        StoreError: it has no picture.
        ValueError: count < 1.
    """
    if count is not None and count < 1:
        raise WrongValueError(f"count is {count}: give 1 or more")
    if not len(feature):
        raise StoreError(
            f"clusters need a picture, and {store.path} has none with {spec.name} vectors: "
            "index some"
        )
    recipe = _recipe(count, len(feature))
    return Clusters.of(feature, kept_or_made(store, recipe, spec, feature))


def default_count(pictures: int) -> int:
    """Return how many clusters a number of pictures gets where no number is asked for."""
    return max(1, min(CLUSTERS, pictures // PER_CLUSTER))


def _recipe(count: int | None, pictures: int) -> KmeansRecipe:
    large = pictures >= CLUSTERS * PER_CLUSTER
    return KmeansRecipe(CLUSTERS if count is None and large else count)


def _kmeans(coordinates: Vectors, count: int) -> Vectors:
    """Return at most `count` centers (m, c) of coordinates (s, c); some may be equal.

    Source: scikit-learn's KMeans, in one thread: with several the order of its sums, and so the
    rounding, differs from run to run.
    """
    if len(coordinates) <= 1 or not coordinates.shape[1]:
        return np.zeros((1, coordinates.shape[1]), np.float32)
    import warnings

    # Imported here, as in `imgrec.distances.axes`: it takes half a second.
    from sklearn.cluster import KMeans
    from sklearn.exceptions import ConvergenceWarning
    from threadpoolctl import threadpool_limits

    kmeans = KMeans(min(count, len(coordinates)), n_init=_STARTS, random_state=_SEED)
    with threadpool_limits(1, "openmp"), warnings.catch_warnings():
        # Raised where fewer rows differ than there are clusters.
        warnings.simplefilter("ignore", ConvergenceWarning)
        return np.asarray(kmeans.fit(coordinates).cluster_centers_, np.float32)


def _without_twins(centers: Vectors) -> Vectors:
    """Return the centers without those that equal an earlier one but for rounding."""
    kept: list[int] = []
    for number, center in enumerate(centers):
        if not kept or np.linalg.norm(centers[kept] - center, axis=1).min() > _NOISE:
            kept.append(number)
    return centers[kept]


def _nearest(coordinates: Vectors, centers: Vectors) -> NDArray[np.intp]:
    """Return the index (m,) of the nearest center for each row of coordinates (m, c)."""
    halves = np.einsum("kc,kc->k", centers, centers) / 2
    return np.asarray((halves - products(coordinates, centers)).argmin(axis=1))
