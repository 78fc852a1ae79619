"""The k-NN graph against scikit-learn, kept, and built again when it must be."""

import shutil
from pathlib import Path

import numpy as np
import pytest
from sklearn.neighbors import NearestNeighbors

from imgrec import Neighbors, Options, Store, StoreError, index_folders, neighbors_of
from imgrec.features import Block, FeatureStore
from imgrec.knn import closest_id, exact_neighbors
from pictures import picture


def test_neighbors_are_those_of_scikit_learn(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("imgrec.knn._BLOCK_BYTES", 4 * 300 * 70)  # several blocks
    vectors = np.random.default_rng(1).normal(size=(300, 20)).astype(np.float32)
    ids = np.arange(300) * 2 + 5
    found = exact_neighbors(FeatureStore("x", 20, [Block(ids, vectors)]), 7)
    reference = NearestNeighbors(metric="cosine", algorithm="brute").fit(vectors)
    distances, rows = reference.kneighbors(n_neighbors=7)
    assert np.array_equal(found.neighbors, ids[rows])
    assert np.array_equal(found.rows(), rows)
    assert np.allclose(found.distances, distances, atol=1e-5)


def test_twins_and_zero_vectors() -> None:
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
        stamp = (path / "knn" / "mini" / "knn.json").stat().st_mtime_ns
        again = neighbors_of(store)
        fewer = neighbors_of(store, k=4)
    assert (path / "knn" / "mini" / "knn.json").stat().st_mtime_ns == stamp
    assert np.array_equal(first.neighbors, again.neighbors)
    assert first.k == 15
    assert np.array_equal(fewer.neighbors, first.neighbors[:, :4])
    picture("discs", 77).save(tmp_path / "photos" / "new.jpg")
    index_folders([], path, options)
    with Store.open(path) as store:
        assert len(neighbors_of(store).ids) == len(first.ids) + 1


def test_the_picture_whose_nearest_are_nearest() -> None:
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
