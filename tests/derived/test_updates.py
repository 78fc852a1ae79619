"""Which indexes a run builds of a small store, what it says of each, and what a query opens."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import imgrec.derived.kept
import vector_stores
from imgrec import Store
from imgrec.derived.kept import (
    kept_or_made,
    open_reduced,
    open_searchable,
    update_indexes,
)
from imgrec.derived.pca import PcaRecipe
from imgrec.derived.rows import Derived, load_derived
from imgrec.derived.sketch import SketchRecipe

COUNT = 60
VECTORS = vector_stores.clustered(COUNT, 8)
OTHERS = vector_stores.clustered(COUNT, 4, seed=3)
HISTOGRAMS = vector_stores.histograms(COUNT, 12)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Make a store of two embeddings and a histogram; the first one is its own."""
    features = {"own": VECTORS, "other": OTHERS, "rgb": HISTOGRAMS}
    return vector_stores.make(tmp_path / "store", features, part_rows=25)


@pytest.fixture
def computed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Note the recipe of each computation of rows."""
    names: list[str] = []
    derive = imgrec.derived.kept.derive

    def noted(recipe: Any, *more: Any) -> Derived:
        names.append(recipe.name)
        return derive(recipe, *more)

    monkeypatch.setattr(imgrec.derived.kept, "derive", noted)
    return names


def _update(path: Path, **how: Any) -> list[str]:
    with Store.create(path) as store, store.writing():
        return update_indexes(store, **how)


def _kept(path: Path) -> dict[str, list[str]]:
    """Return the names of the recipes kept of each feature."""
    found: dict[str, list[str]] = {}
    for place in sorted((path / "indexes").glob("*/*")):
        found.setdefault(place.parent.name, []).append(place.name)
    return found


def test_small_features_get_axes_of_histograms_only(path: Path) -> None:
    # The sum of the 12 values is 1: 11 axes hold all of them.
    assert _update(path) == ["rgb: 11 principal components keep 100.0% of the variance"]
    assert _kept(path) == {"rgb": ["pca"]}


def test_a_sketch_is_built_from_a_number_of_values_on(path: Path) -> None:
    # 60 vectors of 8, 4 and 12 values.
    lines = _update(path, sketch_values=480)
    assert _kept(path) == {"own": ["sketch"], "rgb": ["pca", "sketch"]}
    assert [line.split(":")[0] for line in lines] == ["own", "rgb", "rgb"]
    assert lines[0] == "own: sketch of 60 vectors, 720 bytes"
    # It is kept up to date however small the feature is.
    assert len(_update(path, sketch_values=481)) == 3
    assert len(_update(path, sketch_values=240)) == 4


def test_the_graph_is_built_of_the_own_feature_and_then_kept_up_to_date(path: Path) -> None:
    lines = _update(path, hnsw=True)
    assert _kept(path) == {"own": ["hnsw"], "rgb": ["pca"]}
    assert lines[0].startswith("own: hnsw graph of 60 vectors, 21")
    new = np.arange(COUNT + 1, COUNT + 4)
    vector_stores.add_pictures(path, new.tolist())
    vector_stores.add_part(path, "own", new, VECTORS[:3])
    assert _update(path)[0].startswith("own: hnsw graph of 63 vectors, 22")
    with Store.open(path) as store:
        hnsw = open_searchable(store, "own").hnsw
        assert hnsw is not None
        assert len(hnsw.uncovered) == 0


def test_an_update_computes_only_what_is_not_current(path: Path, computed: list[str]) -> None:
    _update(path, sketch_values=480)
    assert sorted(computed) == ["pca", "sketch", "sketch"]
    computed.clear()
    files = {p: p.stat().st_mtime_ns for p in path.rglob("indexes/**/*")}
    _update(path, sketch_values=480)
    assert computed == []
    assert {p: p.stat().st_mtime_ns for p in path.rglob("indexes/**/*")} == files
    # A vector without a row.
    vector_stores.add_pictures(path, [COUNT + 1])
    vector_stores.add_part(path, "own", np.array([COUNT + 1]), VECTORS[:1])
    assert _update(path, sketch_values=480)[0] == "own: sketch of 61 vectors, 732 bytes"
    assert computed == ["sketch"]


def test_a_damaged_index_is_built_again(path: Path, computed: list[str]) -> None:
    _update(path, sketch_values=480)
    computed.clear()
    codes = path / "indexes" / "own" / "sketch" / "rows-codes.npy"
    data = bytearray(codes.read_bytes())
    data[-1] ^= 1
    codes.write_bytes(data)
    _update(path, sketch_values=480)
    assert computed == ["sketch"]
    with Store.open(path) as store:
        assert open_searchable(store, "own").sketch is not None


def test_a_feature_without_vectors_gets_no_index(path: Path) -> None:
    vector_stores.remove(path, range(1, COUNT + 1))
    assert _update(path, hnsw=True, sketch_values=0) == []
    assert _kept(path) == {}


@pytest.fixture
def store(path: Path) -> Iterator[Store]:
    _update(path, hnsw=True, sketch_values=480)
    with Store.open(path) as store:
        yield store


def test_a_query_opens_the_indexes_of_the_feature_that_is_asked_for(store: Store) -> None:
    own, other = open_searchable(store), open_searchable(store, "other")
    assert (own.spec.name, own.feature.name, len(own.feature)) == ("own", "own", COUNT)
    assert own.sketch is not None
    assert own.hnsw is not None
    assert (other.spec.name, other.feature.dimensions) == ("other", 4)
    assert (other.sketch, other.hnsw) == (None, None)
    assert open_searchable(store, "own").spec == own.spec


def test_a_graph_whose_file_is_damaged_is_left_out(store: Store) -> None:
    (store.paths.indexes("own") / "hnsw" / "hnsw.usearch").write_bytes(b"words")
    opened = open_searchable(store)
    assert opened.hnsw is None
    assert opened.sketch is not None


def test_a_graph_that_is_replaced_while_it_is_opened_is_left_out(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(imgrec.derived.kept, "folder_token", lambda folder: (1, 2))
    assert open_searchable(store).hnsw is None


def test_axes_are_read_where_they_are_kept_and_computed_and_kept_where_not(
    store: Store, computed: list[str]
) -> None:
    opened = open_searchable(store, "rgb")
    reduced = open_reduced(store, opened)
    assert computed == []
    # Coordinates on all axes keep the distances between histograms.
    assert (reduced.feature.dimensions, len(reduced.feature)) == (11, COUNT)
    of, beside = reduced.feature.load(), HISTOGRAMS
    lengths = np.linalg.norm(of[0] - of[1:], axis=1)
    assert np.allclose(lengths, np.linalg.norm(beside[0] - beside[1:], axis=1), atol=1e-5)
    other = open_searchable(store, "other")
    first = kept_or_made(store, PcaRecipe(), other.spec, other.feature)
    assert computed == ["pca"]
    folder = store.paths.indexes("other")
    kept = load_derived(folder, PcaRecipe(), other.spec)
    assert kept is not None
    assert np.array_equal(kept.model["mean"], first.model["mean"])
    again = kept_or_made(store, PcaRecipe(), other.spec, other.feature, verify=False)
    assert computed == ["pca"]
    assert np.array_equal(again.model["mean"], first.model["mean"])


def test_rows_that_are_not_current_are_computed_and_kept_again(
    path: Path, computed: list[str]
) -> None:
    _update(path, sketch_values=480)
    vector_stores.add_pictures(path, [COUNT + 1])
    vector_stores.add_part(path, "own", np.array([COUNT + 1]), VECTORS[:1])
    computed.clear()
    with Store.open(path) as store:
        spec, feature = store.spec("own"), store.feature("own")
        made = kept_or_made(store, SketchRecipe(), spec, feature)
        assert len(made.rows["codes"]) == COUNT + 1
        kept_or_made(store, SketchRecipe(), spec, feature)
    assert computed == ["sketch"]


@pytest.mark.parametrize("error", [OSError(28, "full"), imgrec.StoreError("locked")])
def test_where_nothing_can_be_written_rows_are_computed_and_not_kept(
    path: Path, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def fail(*_: object) -> None:
        raise error

    monkeypatch.setattr(imgrec.derived.kept, "save_derived", fail)
    with Store.open(path) as store:
        spec, feature = store.spec("own"), store.feature("own")
        made = kept_or_made(store, PcaRecipe(), spec, feature)
        assert made.coverage.is_of(feature)
    assert _kept(path) == {}


def test_relations_get_a_mean_and_indexes_where_they_are_asked_for(tmp_path: Path) -> None:
    features = {"lite0": VECTORS, "mini": OTHERS, "third": HISTOGRAMS}
    path = vector_stores.make(tmp_path / "store", features)
    lines = _update(path, sketch_values=0)
    with Store.open(path) as store:
        assert store.default_feature == "lite0+mini"
        assert store.relation_names() == ["lite0+mini", "third+mini"]
        for name in store.relation_names():
            assert list(store.paths.relation(name).iterdir())
    assert [line.split(":")[0] for line in lines] == ["lite0", "mini", "third", "lite0+mini"]
    # Of the other one nothing was derived before: an index of it is kept up to date.
    with Store.open(path) as store:
        spec, feature = store.spec("third+mini"), store.feature("third+mini")
        kept_or_made(store, SketchRecipe(), spec, feature)
    lines = _update(path, sketch_values=10**9)
    assert "third+mini: sketch of 60 vectors, 1.14 kB" in lines


def test_the_mean_of_a_relation_is_fitted_again_when_it_is_outgrown(tmp_path: Path) -> None:
    path = vector_stores.make(tmp_path / "store", {"lite0": VECTORS[:20], "mini": OTHERS[:20]})
    _update(path)
    sidecar = next((path / "relations").rglob("*.json"), None) or next(
        (path / "indexes").rglob("kept.json")
    )
    before = sidecar.stat().st_mtime_ns
    _update(path)
    assert sidecar.stat().st_mtime_ns == before
    new = np.arange(21, COUNT + 1)
    vector_stores.add_pictures(path, new.tolist())
    vector_stores.add_part(path, "lite0", new, VECTORS[20:])
    vector_stores.add_part(path, "mini", new, OTHERS[20:])
    _update(path)
    assert sidecar.stat().st_mtime_ns != before
