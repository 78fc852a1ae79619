"""Rows derived by groups of parts: the same bytes as those of the whole feature."""

from pathlib import Path

import numpy as np
import pytest

from imgrec.derived.by_parts import RowsTask, derive_by_parts, write_rows
from imgrec.derived.clusters import KmeansRecipe
from imgrec.derived.pca import PcaRecipe
from imgrec.derived.rows import Derived, Recipe, derive, load_derived, save_derived
from imgrec.derived.sketch import SketchRecipe
from imgrec.errors import StoreError
from imgrec.store.part_groups import cut_groups
from imgrec.store.part_work import PartJob
from imgrec.store.scratch import FolderScratch
from part_stores import InMemory, in_any_order, in_parts
from vector_stores import clustered, spec_of

RECIPES = [SketchRecipe(), PcaRecipe(20), KmeansRecipe(9)]
_EDGES = list(range(70, 1000, 70))
_GROUP_BYTES = 4 * 40 * 250


def _by_parts(
    recipe: Recipe, vectors: np.ndarray, folder: Path, kept: Derived | None = None, seed: int = 0
) -> Derived:
    folder.mkdir()
    feature, source = in_parts(vectors, [edge for edge in _EDGES if edge < len(vectors)])
    scratch, mapping = FolderScratch(str(folder)), in_any_order(seed)
    job = PartJob(feature, source, scratch, folder, mapping, _GROUP_BYTES)
    return derive_by_parts(recipe, kept, job)


def _check_equal(found: Derived, expected: Derived) -> None:
    assert found.fitted_on == expected.fitted_on
    assert found.coverage.sources == expected.coverage.sources
    assert np.array_equal(found.coverage.ids, expected.coverage.ids)
    assert np.array_equal(found.coverage.owners, expected.coverage.owners)
    assert found.model.keys() == expected.model.keys()
    assert found.rows.keys() == expected.rows.keys()
    for name, values in expected.model.items():
        assert found.model[name].tobytes() == values.tobytes()
    for name, values in expected.rows.items():
        assert found.rows[name].dtype == values.dtype
        assert found.rows[name].tobytes() == values.tobytes()


@pytest.mark.parametrize("recipe", RECIPES, ids=lambda recipe: recipe.name)
def test_rows_equal_those_of_the_whole_feature(recipe: Recipe, tmp_path: Path) -> None:
    vectors = clustered(1000, 40)
    expected = derive(recipe, in_parts(vectors, _EDGES)[0])
    for seed in range(3):
        _check_equal(_by_parts(recipe, vectors, tmp_path / str(seed), seed=seed), expected)


@pytest.mark.parametrize("recipe", RECIPES, ids=lambda recipe: recipe.name)
def test_only_new_vectors_are_read_again(recipe: Recipe, tmp_path: Path) -> None:
    vectors = clustered(1000, 40)
    before = derive(recipe, in_parts(vectors[:910], _EDGES[:12])[0])
    grown, source = in_parts(vectors, _EDGES)
    expected = derive(recipe, grown, before)
    job = PartJob(grown, source, FolderScratch(str(tmp_path)), tmp_path, map, _GROUP_BYTES)
    found = derive_by_parts(recipe, before, job)
    _check_equal(found, expected)
    assert source.taken == ["part-000013", "part-000014"]


def test_rows_in_files_are_saved_and_loaded(tmp_path: Path) -> None:
    spec, recipe = spec_of("x", 40), SketchRecipe()
    found = _by_parts(recipe, clustered(1000, 40), tmp_path / "scratch")
    assert isinstance(found.rows["codes"], np.memmap)
    save_derived(tmp_path / "kept", recipe, spec, found)
    loaded = load_derived(tmp_path / "kept", recipe, spec)
    assert loaded is not None
    _check_equal(loaded, found)


def test_groups_that_are_done_are_not_read_again(tmp_path: Path) -> None:
    vectors, recipe = clustered(1000, 40), SketchRecipe()
    feature, source = in_parts(vectors, _EDGES)
    scratch = FolderScratch(str(tmp_path))
    job = PartJob(feature, source, scratch, tmp_path, map, _GROUP_BYTES)
    expected = derive_by_parts(recipe, None, job)
    rows = {name: values.tobytes() for name, values in expected.rows.items()}
    scratch.remove("rows-000001")
    source.taken.clear()
    again = derive_by_parts(recipe, None, job)
    assert {name: values.tobytes() for name, values in again.rows.items()} == rows
    assert source.taken == ["part-000003", "part-000004", "part-000005"]
    groups = cut_groups(feature, source, scratch, _GROUP_BYTES)
    assert [write_rows(RowsTask(groups, recipe, number)) for number in (0, 1)] == [0, 1]


def test_a_vector_that_is_not_finite_is_named(tmp_path: Path) -> None:
    vectors = clustered(300, 40)
    vectors[123, 7] = np.nan
    with pytest.raises(StoreError, match="picture 251 is not finite"):
        _by_parts(SketchRecipe(), vectors, tmp_path / "scratch")


def test_a_feature_without_vectors(tmp_path: Path) -> None:
    source = InMemory({"part-000000": np.zeros((3, 40), np.float32)})
    feature = source.feature([np.arange(3)], np.zeros(3, bool))
    job = PartJob(feature, source, FolderScratch(str(tmp_path)), tmp_path, map, _GROUP_BYTES)
    found = derive_by_parts(SketchRecipe(), None, job)
    _check_equal(found, derive(SketchRecipe(), feature))
