"""Tests of the map: similar pictures are near, it is reproducible, and it is cached correctly."""

import shutil
from pathlib import Path

import numpy as np
import pytest
from sklearn.manifold import trustworthiness

from graph.exports.map import map_of, principal_plane
from imgrec.errors import StoreError
from imgrec.layouts import whole
from imgrec.layouts.umap import framed
from imgrec.neighbors.graph import neighbors_of
from imgrec.store.store import Store
from stores import nothing_can_be_written
from vector_stores import clustered, make, rebuild, remove


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("map")
    return make(folder / "store", {"mini": clustered(300, 16)}, part_rows=120)


@pytest.fixture
def path(made: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(made, tmp_path / "store"))


def positions_of(path: Path, seed: int = 0) -> np.ndarray:
    with Store.open(path) as store:
        return map_of(store, neighbors_of(store), seed=seed).positions


def never(*_: object) -> np.ndarray:
    raise AssertionError("it was made again")


def test_similar_is_near(path: Path) -> None:
    with Store.open(path) as store:
        vectors, neighbors = store.feature().load(), neighbors_of(store)
        found = map_of(store, neighbors)
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    assert found.ids.tolist() == neighbors.ids.tolist()
    assert found.positions.shape == (300, 2)
    assert found.positions.dtype == np.float32
    assert np.abs(found.positions).max() == pytest.approx(1)
    shuffled = np.random.default_rng(0).permutation(found.positions)
    assert trustworthiness(unit, found.positions, n_neighbors=10) > 0.9
    assert trustworthiness(unit, shuffled, n_neighbors=10) < 0.6


def test_the_start_is_that_of_scikit_learns_pca(path: Path) -> None:
    from sklearn.decomposition import PCA

    with Store.open(path) as store:
        feature = store.feature()
        found = principal_plane(feature)
        vectors = feature.load()
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    expected = PCA(2, svd_solver="full").fit_transform(unit)
    signs = np.sign((found * expected).sum(axis=0))
    np.testing.assert_allclose(found, expected * signs, atol=1e-4)


def test_it_is_kept_and_made_again_when_the_neighbors_are_others(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = positions_of(path)
    with monkeypatch.context() as patch:
        patch.setattr(whole, "umap_positions", never)
        assert np.array_equal(positions_of(path), first)
        with pytest.raises(AssertionError):
            positions_of(path, seed=1)
    other = positions_of(path, seed=1)
    assert not np.array_equal(other, first)
    assert np.array_equal(positions_of(path), first)
    remove(path, [5])
    assert len(positions_of(path)) == 299
    rebuild(path, "mini", clustered(300, 16, seed=3))
    assert not np.array_equal(positions_of(path), first[1:])


@pytest.mark.parametrize("name", ["kept.json", "ids.npy", "positions.npy"])
@pytest.mark.parametrize("damage", ["gone", "cut", "other"])
def test_a_damaged_map_is_made_again(path: Path, name: str, damage: str) -> None:
    first = positions_of(path)
    file = path / "layouts" / "mini" / "whole-2d" / name
    if damage == "gone":
        file.unlink()
    elif damage == "cut":
        file.write_bytes(file.read_bytes()[:-9])
    else:
        file.write_text("[]")
    assert np.array_equal(positions_of(path), first)
    assert np.load(file.with_name("positions.npy")).shape == (300, 2)


def test_a_store_that_cannot_be_written_has_a_map_all_the_same(path: Path) -> None:
    with nothing_can_be_written(path):
        found = positions_of(path)
    assert not (path / "layouts").exists()
    assert np.array_equal(positions_of(path), found)


def test_neighbors_of_another_moment_are_refused(path: Path) -> None:
    with Store.open(path) as store:
        neighbors = neighbors_of(store)
    remove(path, [5])
    with Store.open(path) as store, pytest.raises(StoreError, match="changed by another command"):
        map_of(store, neighbors)


@pytest.mark.parametrize("n", [2, 3, 7, 8, 40])
@pytest.mark.parametrize("equal", [True, False])
def test_few_pictures_and_equal_ones(tmp_path: Path, n: int, equal: bool) -> None:
    vectors = np.ones((n, 4), np.float32) if equal else clustered(n, 4)
    found = positions_of(make(tmp_path / "store", {"mini": vectors}))
    assert found.shape == (n, 2)
    assert np.isfinite(found).all()
    assert len(np.unique(found, axis=0)) == n


def test_one_that_is_far_leaves_room_for_the_others() -> None:
    start = np.random.default_rng(0).normal(size=(100, 2))
    start[3] = 1000
    found = framed(start)
    assert np.abs(found).max() == pytest.approx(1)
    assert np.ptp(np.delete(found, 3, axis=0), axis=0).min() > 0.5
    center = np.median(found, axis=0)
    assert np.linalg.norm(found - center, axis=1).argmax() == 3
