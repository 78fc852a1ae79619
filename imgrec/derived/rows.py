"""Derive rows from the vectors of a feature, keep them in the store, and update them.

A recipe fits a model on a sample of the vectors and turns each vector into a row: a code of a
sketch, coordinates on principal axes, a cluster. Rows are a cache. When pictures come or go, only
the rows of new vectors are computed; the model is fitted again when the collection has outgrown it.

Invariant: a row is used only for the vector it was computed from. A vector counts as the same
one if its picture has the same id and it lies in the same part file (`Coverage`).

    indexes/<feature>/<recipe>/
        kept.json              encoder, recipe and version, rows it was fitted on, sources
        model-<name>.npy       the fitted model
        ids.npy, owners.npy    (m,) the picture of each row, the number of its source
        rows-<name>.npy        (m, …) the rows, opened memory-mapped
        …                      other files of the recipe, such as an HNSW graph

Growing writes a new folder and hashes it while it is written (see `imgrec.store.kept`).
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from imgrec.collection import Ids
from imgrec.derived.forms import are_sound, check_finite
from imgrec.distances.axes import Axes, sample_ids
from imgrec.encoders.spec import EncoderSpec, Vectors
from imgrec.errors import StoreError
from imgrec.store.arrays import are_ids, form_problem
from imgrec.store.features import FeatureStore, positions
from imgrec.store.kept import Arrays, Token, load, save
from imgrec.system.json_files import a_number, problem

FIT_ROWS = 32_768
_MOST_DEAD = 0.2
_STATE = {"sources": [str], "fitted_on": a_number(0, 1 << 40)}


class Recipe(Protocol):
    """How rows are computed from vectors."""

    @property
    def name(self) -> str:
        """The name of the folder in the store."""
        ...

    @property
    def version(self) -> int:
        """The version, raised whenever the same vectors would give other rows."""
        ...

    @property
    def model_names(self) -> frozenset[str]:
        """The names of the arrays that `fit` returns."""
        ...

    @property
    def columns(self) -> frozenset[str]:
        """The names of the arrays that `rows` returns."""
        ...

    @property
    def refit_growth(self) -> float:
        """The factor by which the vectors may grow before the model is fitted again."""
        ...

    def fit(self, sample: Vectors) -> dict[str, NDArray[Any]]:
        """Return the model, arrays by name, fitted on a sample of vectors (s, d)."""
        ...

    def rows(self, model: Arrays, vectors: Vectors) -> dict[str, NDArray[Any]]:
        """Return the rows, arrays (m, …) by name, of vectors (m, d)."""
        ...


@dataclass(frozen=True)
class Coverage:
    """Which vectors kept rows were computed from.

    Attributes:
        ids: (m,) ascending, of the pictures.
        owners: (m,) the number in `sources` of the part each vector lies in.
        sources: tokens of the parts, as `imgrec.store.features.Block.source`.
    """

    ids: Ids
    owners: NDArray[np.int32]
    sources: tuple[str, ...]

    @classmethod
    def of(cls, feature: FeatureStore) -> "Coverage":
        """Return the coverage of rows computed from all vectors of an open feature."""
        sources = tuple(block.source for block in feature.blocks)
        return cls(feature.ids, feature.owners, sources)

    def is_of(self, feature: FeatureStore) -> bool:
        """Return True if the rows are those of all vectors of a feature, in its order."""
        return (
            self.sources == tuple(block.source for block in feature.blocks)
            and np.array_equal(self.ids, feature.ids)
            and np.array_equal(self.owners, feature.owners)
        )

    def is_consistent(self) -> bool:
        """Return True if the ids ascend and every owner is the number of a source."""
        if not are_ids(self.ids) or form_problem(self.owners, "int32 m", {"m": len(self.ids)}):
            return False
        if not len(self.ids):
            return True
        return bool(self.owners.min() >= 0 and int(self.owners.max()) < len(self.sources))

    def places(self, feature: FeatureStore) -> NDArray[np.intp]:
        """Return the kept row (n,) of each vector of a feature, -1 where there is none."""
        numbers = {block.source: n for n, block in enumerate(feature.blocks) if block.source}
        now = np.array([numbers.get(source, -1) for source in self.sources] or [-1])
        places = positions(self.ids, feature.ids)
        known = np.flatnonzero(places >= 0)
        other = now[self.owners[places[known]]] != feature.owners[known]
        places[known[other]] = -1
        return places


@dataclass(frozen=True)
class Derived:
    """Derived rows and the model that gave them.

    Attributes:
        model: arrays by name, as the recipe fitted them.
        rows: arrays (m, …) by name.
        coverage: the vectors that the rows were computed from.
        fitted_on: number of vectors when the model was fitted.
        token: of the folder they were loaded from; zeros for rows in memory.
    """

    model: Arrays
    rows: Arrays
    coverage: Coverage
    fitted_on: int
    token: Token = (0, 0)


def derive(recipe: Recipe, feature: FeatureStore, kept: Derived | None = None) -> Derived:
    """Return the rows of all vectors of a feature; kept rows that are still valid are reused.

    Raises:
        StoreError: a vector is not finite.
    """
    places = usable_places(recipe, feature, kept)
    if kept is None or places is None:
        model, fitted_on = fitted(recipe, feature), len(feature)
        kept, places = None, np.full(len(feature), -1)
    else:
        model, fitted_on = dict(kept.model), kept.fitted_on
    rows = recipe.rows(model, np.zeros((0, feature.dimensions), np.float32))
    rows = {name: np.empty((len(feature), *v.shape[1:]), v.dtype) for name, v in rows.items()}
    for covered, vectors in feature.slices():
        lacking = np.flatnonzero(places[covered] < 0)
        inside = np.arange(covered.start, covered.stop) if isinstance(covered, slice) else covered
        positions = inside[lacking]
        if len(lacking):
            for name, values in recipe.rows(model, vectors[lacking]).items():
                rows[name][positions] = values
    if kept:
        carried = np.flatnonzero(places >= 0)
        for name, values in rows.items():
            values[carried] = kept.rows[name][places[carried]]
    return Derived(model, rows, Coverage.of(feature), fitted_on)


def fitted(recipe: Recipe, feature: FeatureStore) -> dict[str, NDArray[Any]]:
    """Return the model of a recipe, fitted on a sample of a feature.

    Raises:
        StoreError: a vector is not finite.
    """
    ids = sample_ids(feature.ids, FIT_ROWS)
    vectors = feature.take(ids)
    try:
        return recipe.fit(vectors)
    except ValueError as error:
        check_finite(vectors, feature.name, ids)
        raise StoreError(
            f"the vectors of {feature.name} are damaged ({error}): run imgrec doctor, which finds "
            "the part, and imgrec index, which makes it again"
        ) from error


def is_current(recipe: Recipe, feature: FeatureStore, kept: Derived) -> bool:
    """Return True if every vector has a row, the model is not outgrown, and few rows are dead."""
    places = usable_places(recipe, feature, kept)
    dead = len(kept.coverage.ids) - len(feature)
    if places is None or dead > _MOST_DEAD * len(kept.coverage.ids):
        return False
    return bool((places >= 0).all())


def load_derived(
    folder: Path, recipe: Recipe, spec: EncoderSpec, *, verify: bool = True
) -> Derived | None:
    """Return the kept rows of a recipe; None where they are absent, stale or damaged.

    Args:
        folder: of all recipes of a feature.
        recipe: the one wanted.
        spec: of the encoder that made the vectors.
        verify: compare the checksum of large files too.
    """
    models = {name: f"model-{name}" for name in recipe.model_names}
    columns = {name: f"rows-{name}" for name in recipe.columns}
    names = ["ids", "owners", *models.values(), *columns.values()]
    kept = load(folder / recipe.name, _made_by(recipe, spec), names, verify=verify)
    if kept is None:
        return None
    if problem(kept.state, _STATE):
        return None
    arrays, sources = kept.arrays, tuple(kept.state["sources"])
    coverage = Coverage(arrays["ids"], arrays["owners"], sources)
    model = {name: arrays[file] for name, file in models.items()}
    rows = {name: arrays[file] for name, file in columns.items()}
    # Also where every file was hashed: the checksum lies beside it, in a store of anybody.
    if not coverage.is_consistent():
        return None
    if not are_sound(model, rows, spec.dimensions, len(coverage.ids)):
        return None
    return Derived(model, rows, coverage, kept.state["fitted_on"], kept.token)


def axes_of(model: Arrays) -> Axes:
    """Return the principal axes of a model with the arrays `mean` and `components`."""
    return Axes(model["mean"], model["components"], 0.0)


def save_derived(
    folder: Path,
    recipe: Recipe,
    spec: EncoderSpec,
    derived: Derived,
    write_more: Callable[[Path], None] | None = None,
) -> None:
    """Write rows to their folder in the store, atomically.

    Args:
        folder: of all recipes of a feature.
        recipe: that gave the rows.
        spec: of the encoder that made the vectors.
        derived: the rows and their model.
        write_more: writes other files of the recipe into the folder it is given.

    Raises:
        OSError: the disk is full or read-only; older rows stay as they were.
    """
    coverage = derived.coverage
    arrays: dict[str, NDArray[Any]] = {"ids": coverage.ids, "owners": coverage.owners}
    arrays |= {f"model-{name}": values for name, values in derived.model.items()}
    arrays |= {f"rows-{name}": values for name, values in derived.rows.items()}
    state = {"fitted_on": derived.fitted_on, "sources": coverage.sources}
    save(folder / recipe.name, _made_by(recipe, spec), arrays, state, write_more)


def usable_places(
    recipe: Recipe, feature: FeatureStore, kept: Derived | None
) -> NDArray[np.intp] | None:
    """Return the kept row (n,) of each vector, -1 for none; None if the model must be refitted."""
    if kept is None or len(feature) >= recipe.refit_growth * kept.fitted_on:
        return None
    if kept.coverage.is_of(feature):
        return np.arange(len(feature))
    places = kept.coverage.places(feature)
    return places if (places >= 0).any() else None


def _made_by(recipe: Recipe, spec: EncoderSpec) -> dict[str, Any]:
    return {"recipe": recipe.name, "version": recipe.version, "encoder": spec.identity()}
