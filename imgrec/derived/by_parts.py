"""Derive rows from a feature larger than memory: each group of parts by a task of its own.

The model is fitted on the sample that `imgrec.derived.rows` takes, which is bounded. Each part is
then turned into rows by itself, as `derive` does, so the rows are equal to those of `derive` byte
for byte, whoever computes them. They are put together in files, not in memory.
"""

from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from imgrec.derived.rows import Coverage, Derived, Recipe, fitted, usable_places
from imgrec.store.features import FeatureStore
from imgrec.store.part_groups import Groups, cut_groups
from imgrec.store.part_work import PartJob

_MODEL = "model"
_STEP_ROWS = 1 << 16


class RowsTask(NamedTuple):
    """Derive the rows of one group.

    Attributes:
        groups: of the vectors that lack a row.
        recipe: of the rows.
        number: of the group.
    """

    groups: Groups
    recipe: Recipe
    number: int


def derive_by_parts(recipe: Recipe, kept: Derived | None, job: PartJob) -> Derived:
    """Return what `derive` returns, with rows in files of the job.

    Args:
        recipe: of the rows; pickled with each task.
        kept: rows of an earlier run.
        job: over the vectors; the sample is read here, all other vectors by the tasks.

    Raises:
        StoreError: a vector is not finite.
    """
    feature, scratch = job.feature, job.scratch
    places = usable_places(recipe, feature, kept)
    if kept is None or places is None:
        model, fitted_on = fitted(recipe, feature), len(feature)
        kept, places = None, np.full(len(feature), -1)
    else:
        model, fitted_on = dict(kept.model), kept.fitted_on
    scratch.save(_MODEL, *(model[name] for name in sorted(recipe.model_names)))
    blocks = [
        block.only(places[covered] < 0)
        for covered, block in zip(feature.places, feature.blocks, strict=True)
    ]
    lacking = FeatureStore(feature.name, feature.dimensions, blocks)
    groups = cut_groups(lacking, job.vectors, scratch, job.group_bytes)
    empty = recipe.rows(model, np.zeros((0, feature.dimensions), np.float32))
    rows = {name: _column(job.folder, name, len(feature), empty[name]) for name in sorted(empty)}
    if kept:
        _carry(rows, kept, places)
    for number in job.mapping(
        write_rows, (RowsTask(groups, recipe, n) for n in range(groups.count))
    ):
        ids, *columns = scratch.load(_name(number))
        positions = feature.rows_of(ids)
        for name, values in zip(sorted(empty), columns, strict=True):
            rows[name][positions] = values
    return Derived(model, rows, Coverage.of(feature), fitted_on)


def write_rows(task: RowsTask) -> int:
    """Save the rows of a group in scratch, and return its number; nothing is done twice."""
    groups, recipe, number = task
    scratch = groups.scratch
    if scratch.has(_name(number)):
        return number
    model = dict(zip(sorted(recipe.model_names), scratch.load(_MODEL), strict=True))
    feature = groups.feature(number)
    # Part by part, as `derive` does: a product of other rows may round otherwise.
    found = [recipe.rows(model, block.load()) for block in feature.blocks]
    columns = [np.concatenate([rows[name] for rows in found]) for name in sorted(recipe.columns)]
    ids = np.concatenate([block.ids for block in feature.blocks])
    scratch.save(_name(number), ids, *columns)
    return number


def _carry(rows: dict[str, NDArray[Any]], kept: Derived, places: NDArray[np.intp]) -> None:
    for start in range(0, len(places), _STEP_ROWS):
        carried = start + np.flatnonzero(places[start : start + _STEP_ROWS] >= 0)
        for name, values in rows.items():
            values[carried] = kept.rows[name][places[carried]]


def _column(folder: Path, name: str, count: int, like: NDArray[Any]) -> NDArray[Any]:
    """Return an array (n, …) of zeros in a file of a folder."""
    if not count:
        return like
    shape = (count, *like.shape[1:])
    return np.lib.format.open_memmap(folder / f"{name}.npy", "w+", like.dtype, shape)


def _name(number: int) -> str:
    return f"rows-{number:06d}"
