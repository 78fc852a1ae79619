"""The k-NN graph of a store against scikit-learn; kept, grown, and built again if needed."""

import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import NoReturn

import numpy as np
import pytest

from imgrec import Neighbors, Options, Store, StoreError, index_folders, neighbors_of
from imgrec.neighbors.by_cells import CellOptions
from imgrec.neighbors.graph import (
    KnnOptions,
    closest_id,
    exact_neighbors,
    kept_neighbors,
    knn_graph_of,
    neighbors_in,
)
from imgrec.neighbors.kept import Quality
from imgrec.store.features import Block, FeatureStore
from imgrec.system.progress import detailed
from knn_reference import feature_of, true_lists
from pictures import picture
from stores import nothing_can_be_written
from vector_stores import add_part, add_pictures, clustered, make, rebuild, remove

_N = 600


@pytest.fixture
def collection(tmp_path: Path) -> Path:
    """Make a store of 600 vectors in two parts."""
    return make(tmp_path / "store", {"x": clustered(_N + 12, 40)[:_N]}, 400)


LARGE = KnnOptions(small=1, checked=200)  # for which 600 pictures are many


@pytest.fixture
def _no_device(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pretend that the machine has no CUDA device."""
    monkeypatch.setattr("imgrec.neighbors.graph.cuda_device", lambda: None)


def test_neighbors_equal_those_of_scikit_learn() -> None:
    vectors = clustered(300, 20)
    found = exact_neighbors(feature_of(vectors), 7)
    true = true_lists(vectors, 7)
    assert np.array_equal(found.neighbors, 2 * true.rows + 5)
    assert np.array_equal(found.rows(), true.rows)
    assert np.allclose(found.distances, true.distances, atol=1e-5)


def test_equal_and_zero_vectors() -> None:
    vectors = np.array([[1, 0], [1, 0], [0, 0], [0, 2]], np.float32)
    found = exact_neighbors(FeatureStore("x", 2, [Block(np.arange(4), vectors)]), 3)
    assert found.neighbors[0].tolist() == [1, 2, 3]
    assert found.distances[0].tolist() == [0, 1, 1]
    assert (found.neighbors != np.arange(4)[:, None]).all()


def test_kept_in_the_store_and_built_again_after_a_change(photos: Path, tmp_path: Path) -> None:
    shutil.copytree(photos, tmp_path / "photos")
    path = tmp_path / "store"
    options = Options(encoders=("mini",), workers=0)
    index_folders([tmp_path / "photos"], path, options)
    with Store.open(path) as store:
        first = neighbors_of(store)
        stamp = (path / "knn" / "mini" / "kept.json").stat().st_mtime_ns
        again = neighbors_of(store)
        fewer = neighbors_of(store, k=4)
    assert (path / "knn" / "mini" / "kept.json").stat().st_mtime_ns == stamp
    assert np.array_equal(first.neighbors, again.neighbors)
    assert first.k == 15
    assert np.array_equal(fewer.neighbors, first.neighbors[:, :4])
    picture("discs", 77).save(tmp_path / "photos" / "new.jpg")
    index_folders([], path, options)
    with Store.open(path) as store:
        grown = neighbors_of(store)
        built = exact_neighbors(store.feature(), 15)
    assert len(grown.ids) == len(first.ids) + 1
    assert np.array_equal(grown.neighbors, built.neighbors)


def test_the_most_central_picture_has_the_nearest_neighbors() -> None:
    vectors = np.array([[1, 0], [0.9, 0.5], [0, 1], [0.01, 1], [0.02, 1]], np.float32)
    found = exact_neighbors(FeatureStore("x", 2, [Block(np.arange(5) + 7, vectors)]), 4)
    assert closest_id(found, k=2) == 10


def test_small_stores(photos: Path, tmp_path: Path) -> None:
    for count in (1, 2):
        folder = tmp_path / str(count)
        folder.mkdir()
        for name in ("000.jpg", "001.jpg")[:count]:
            shutil.copy(photos / "discs" / name, folder)
        path = tmp_path / f"store-{count}"
        index_folders([folder], path, Options(encoders=("mini",), workers=0))
    with (
        Store.open(tmp_path / "store-1") as one,
        pytest.raises(StoreError, match="has 1 with mini"),
    ):
        neighbors_of(one)
    with Store.open(tmp_path / "store-2") as two:
        assert neighbors_of(two).neighbors.tolist() == [[2], [1]]


def test_rows_that_do_not_match_are_refused() -> None:
    with pytest.raises(StoreError, match=r"ids \(3,\)"):
        Neighbors(np.arange(3), np.zeros((2, 4), np.int64), np.zeros((2, 4), np.float32))


def test_added_and_removed_pictures_update_the_graph(
    collection: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    vectors = clustered(_N + 12, 40)
    with Store.open(collection) as store:
        neighbors_of(store)
    monkeypatch.setattr("imgrec.neighbors.graph._built", _never)
    add_pictures(collection, range(_N + 1, _N + 13))
    add_part(collection, "x", np.arange(_N + 1, _N + 13), vectors[_N:])
    remove(collection, [3, 4, 5, 444])
    with Store.open(collection) as store:
        grown = neighbors_of(store)
        assert np.array_equal(grown.ids, store.feature().ids)
        assert np.array_equal(grown.neighbors, exact_neighbors(store.feature(), 15).neighbors)
        assert knn_graph_of(store).line() == "15 nearest of 608 pictures, exact"


def test_replaced_vectors_are_not_confused_with_the_old_ones(collection: Path) -> None:
    with Store.open(collection) as store:
        before = neighbors_of(store)
    rebuild(collection, "x", clustered(_N, 40, seed=9))
    with Store.open(collection) as store:
        feature = store.feature()
        assert kept_neighbors(store, store.spec(), feature) is None
        after = neighbors_in(store, store.spec(), feature)
        assert np.array_equal(after.neighbors, exact_neighbors(feature, 15).neighbors)
    assert not np.array_equal(before.neighbors, after.neighbors)


@pytest.mark.usefixtures("_no_device")
def test_the_recall_of_an_approximate_graph_is_measured_and_kept(collection: Path) -> None:
    with Store.open(collection) as store:
        made, kept = (knn_graph_of(store, options=LARGE) for _ in range(2))
        true = exact_neighbors(store.feature(), 15)
    described = json.loads((collection / "knn" / "x" / "kept.json").read_text())["state"]
    assert described["method"] == "cells"
    assert (described["k"], described["checked"], described["exact"]) == (15, 200, False)
    assert described["recall"] == made.quality.recall == kept.quality.recall
    found = np.isin(made.neighbors.distances, true.distances)
    assert made.quality.recall == pytest.approx(found.mean(), abs=0.02)
    assert (
        kept.line()
        == f"15 nearest of 600 pictures, recall {kept.quality.recall:.3f} of 200 checked"
    )


@pytest.mark.usefixtures("_no_device")
def test_the_recall_of_a_grown_approximate_graph_is_measured_again(
    collection: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Store.open(collection) as store:
        built = knn_graph_of(store, options=LARGE).quality
    remove(collection, range(20, 40))
    with pytest.MonkeyPatch.context() as patch, Store.open(collection) as store:
        patch.setattr("imgrec.neighbors.graph._built", _never)
        grown = knn_graph_of(store, options=LARGE)
        true = exact_neighbors(store.feature(), 15)
    assert np.array_equal(grown.neighbors.ids, true.ids)
    assert np.isclose(grown.neighbors.distances, true.distances, atol=1e-5).mean() > 0.97
    assert grown.quality.checked == 200
    assert grown.quality.built_recall == built.recall
    monkeypatch.setattr("imgrec.neighbors.graph.recall", lambda *_: (0.98 * built.recall, 200))
    monkeypatch.setattr("imgrec.neighbors.graph._built", lambda *_: built_anew)
    built_anew = grown
    remove(collection, [50])
    with Store.open(collection) as store:
        assert knn_graph_of(store, options=LARGE) is built_anew


@pytest.mark.usefixtures("_no_device")
def test_neighbors_of_neighbors_are_searched_if_the_recall_is_low(
    collection: Path,
) -> None:
    poor = replace(LARGE, cells=CellOptions(components=3, candidates=0))
    with Store.open(collection) as store:
        worse = knn_graph_of(store, options=replace(poor, least_recall=0)).quality
    shutil.rmtree(collection / "knn")
    with Store.open(collection) as store:
        better = knn_graph_of(store, options=poor).quality
    assert worse.recall < 0.95
    assert better.recall > worse.recall + 0.02


@pytest.mark.usefixtures("_no_device")
def test_a_cuda_device_is_used_if_there_is_one(
    collection: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("imgrec.neighbors.graph.cuda_device", lambda: "cpu")
    with Store.open(collection) as store:
        made = knn_graph_of(store, options=LARGE)
        true = exact_neighbors(store.feature(), 15)
    assert made.quality == Quality("cuda")
    assert np.array_equal(made.neighbors.neighbors, true.neighbors)
    shutil.rmtree(collection / "knn")
    monkeypatch.setattr("imgrec.neighbors.graph.lists_on", _out_of_memory)
    with Store.open(collection) as store:
        assert knn_graph_of(store, options=LARGE).quality.method == "cells"


def test_an_interrupted_build_keeps_the_old_graph(collection: Path) -> None:
    with Store.open(collection) as store:
        neighbors_of(store)
    before = _bytes(collection / "knn")
    remove(collection, [7])
    for name in ("imgrec.neighbors.by_products.compared", "numpy.save"):
        with Store.open(collection) as store, pytest.MonkeyPatch.context() as patch:
            patch.setattr(name, _interrupted)
            with pytest.raises(KeyboardInterrupt):
                neighbors_of(store)
        assert _bytes(collection / "knn") == before
    with Store.open(collection) as store:
        assert len(neighbors_of(store).ids) == _N - 1
    assert _bytes(collection / "knn") != before


def test_a_read_only_store_gets_a_graph_in_memory(collection: Path) -> None:
    with nothing_can_be_written(collection), Store.open(collection) as store:
        assert knn_graph_of(store).neighbors.k == 15
        assert kept_neighbors(store, store.spec(), store.feature()) is None


@pytest.mark.parametrize("damage", ["kept.json", "ids.npy", "neighbors.npy", "owners.npy"])
def test_a_damaged_graph_is_built_again(collection: Path, damage: str) -> None:
    with Store.open(collection) as store:
        before = neighbors_of(store)
        expected = before.neighbors.tolist()
        (collection / "knn" / "x" / damage).write_bytes(b"[]")
        assert kept_neighbors(store, store.spec(), store.feature()) is None
        assert neighbors_of(store).neighbors.tolist() == expected
        assert kept_neighbors(store, store.spec(), store.feature()) is not None


def test_asking_for_more_neighbors_than_are_kept_builds_a_wider_graph(collection: Path) -> None:
    with Store.open(collection) as store:
        fewer, more = neighbors_of(store, k=4), neighbors_of(store, k=20)
        kept = kept_neighbors(store, store.spec(), store.feature(), 20)
    assert (fewer.k, more.k) == (4, 20)
    assert kept is not None
    assert np.array_equal(more.neighbors[:, :4], fewer.neighbors)
    remove(collection, [1])
    with Store.open(collection) as store:
        # An update keeps the width of 20 neighbors, although 15 are asked for.
        neighbors_of(store)
        assert kept_neighbors(store, store.spec(), store.feature(), 20) is not None


def test_the_stage_is_quiet_unless_asked_for(
    collection: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shown = detailed.set(True)
    try:
        with Store.open(collection) as store:
            neighbors_of(store)
            assert capsys.readouterr().err == ""
            shutil.rmtree(collection / "knn")
            neighbors_of(store, quiet=False)
            assert "600 pictures" in capsys.readouterr().err
    finally:
        detailed.reset(shown)


def _bytes(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def _never(*arguments: object) -> NoReturn:
    raise AssertionError("built anew")


def _interrupted(*arguments: object, **named: object) -> NoReturn:
    raise KeyboardInterrupt


def _out_of_memory(*arguments: object) -> NoReturn:
    raise RuntimeError("CUDA out of memory")
