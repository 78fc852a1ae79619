"""Layouts kept in a store: loaded while valid, computed again otherwise; keys and main axes."""

from pathlib import Path

import numpy as np
import pytest

from imgrec.layouts.kept import KeptLayouts, graph_among, layout_key
from imgrec.layouts.overview import groups_of, overview_ids
from imgrec.layouts.reduction import main_axes
from imgrec.store.store import Store
from stored_clusters import clusters_of
from vector_stores import clustered, make


@pytest.fixture
def kept(tmp_path: Path) -> KeptLayouts:
    with Store.create(tmp_path / "store") as store:
        return KeptLayouts(store, "mini")


def test_layouts_are_loaded_unless_damaged(kept: KeptLayouts, tmp_path: Path) -> None:
    positions = np.arange(12, dtype=np.float32).reshape(4, 3)
    kept.keep("a", positions)
    kept.keep("b", positions + 1)
    found = kept.load("a", (4, 3))
    assert found is not None
    assert np.array_equal(found, positions)
    assert kept.load("a", (4, 2)) is None
    assert kept.load("c", (4, 3)) is None
    kept.prune({"a"})
    assert kept.load("b", (4, 3)) is None
    (file,) = tmp_path.glob("store/layouts/mini/*/positions.npy")
    for data in (b"", file.read_bytes()[:-1], b"x" * 200):
        file.write_bytes(data)
        assert kept.load("a", (4, 3)) is None
    kept.keep("a", np.full((4, 3), np.nan, np.float32))
    assert kept.load("a", (4, 3)) is None


def test_a_read_only_store_keeps_no_layouts(kept: KeptLayouts, tmp_path: Path) -> None:
    (tmp_path / "store" / "layouts").write_text("in the way")
    kept.keep("a", np.zeros((1, 2), np.float32))
    assert kept.load("a", (1, 2)) is None
    kept.prune(set())


def test_the_cache_key_changes_with_every_input() -> None:
    ids, columns = np.arange(1, 5), np.arange(8, dtype=np.float32).reshape(4, 2)
    keys = [
        layout_key("umap", 2, ids, columns, 0),
        layout_key("tsne", 2, ids, columns, 0),
        layout_key("umap", 3, ids, columns, 0),
        layout_key("umap", 2, ids + 1, columns, 0),
        layout_key("umap", 2, ids, columns + 1, 0),
        layout_key("umap", 2, ids, columns.reshape(2, 4), 0),
        layout_key("umap", 2, ids, columns, 1),
        layout_key("umap", 2, ids, columns, 0, columns),
        layout_key("umap", 2, ids, columns, 0, columns + 1),
    ]
    assert len(set(keys)) == len(keys)
    assert layout_key("umap", 2, ids.copy(), np.asfortranarray(columns), 0) == keys[0]


def test_there_are_always_three_main_axes() -> None:
    line = np.outer(np.arange(5), [3, 4]).astype(np.float32)
    axes = main_axes(line)
    assert axes.shape == (5, 3)
    assert np.abs(axes[:, 0]) == pytest.approx([10, 5, 0, 5, 10], abs=1e-4)
    assert np.abs(axes[:, 1:]).max() < 1e-3


def test_an_overview_samples_every_group_and_is_laid_out_by_its_own_edges(tmp_path: Path) -> None:
    path = make(tmp_path / "store", {"flat": clustered(300, 12)})
    with Store.open(path) as store:
        clusters = clusters_of(store, count=6)
        groups = groups_of(store.catalog, clusters)
        assert np.array_equal(groups, -clusters.numbers)
        ids = overview_ids(clusters, groups, 40)
        assert len(ids) == 40
        assert np.isin(clusters.central, ids).all()
        assert set(groups[np.isin(clusters.ids, ids)]) == set(groups)
        assert graph_among(store.feature("flat"), ids).shape == (40, 40)
    with Store.create(path) as store:
        store.catalog.labels.replace("community", {1: "2.1", 2: "2.1", 3: "1"})
        groups = groups_of(store.catalog, clusters)
    assert groups[:3].tolist() == [2, 2, 1]
    assert (groups[3:] < 0).all()
