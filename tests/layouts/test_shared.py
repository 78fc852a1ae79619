"""The map, the projector and the report share one layout of the whole collection."""

import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from graph.exports.map import map_of
from imgrec.layouts import whole
from imgrec.layouts.umap import framed
from imgrec.layouts.whole import kept_whole, whole_name
from imgrec.neighbors.graph import neighbors_of
from imgrec.store.store import Store
from projector.source import ProjectedFeature
from vector_stores import clustered, make

_KEPT = Path("layouts", "mini", whole_name(2))


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("shared")
    return make(folder / "store", {"mini": clustered(300, 16)}, part_rows=120)


def _by_the_map(store: Store) -> None:
    map_of(store, neighbors_of(store))


def _by_the_map_with_more_neighbors(store: Store) -> None:
    map_of(store, neighbors_of(store, k=20))


def _by_the_projector(store: Store) -> None:
    ProjectedFeature.open(store, None, None, 3).whole(2, 0)


def _by_the_projector_of_few_columns(store: Store) -> None:
    ProjectedFeature.open(store, None, 4, 3).whole(2, 0)


@pytest.mark.parametrize(
    "first",
    [_by_the_map_with_more_neighbors, _by_the_projector, _by_the_projector_of_few_columns],
)
def test_the_bytes_are_the_same_whoever_comes_first_and_computed_once(
    made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, first: Callable[[Store], None]
) -> None:
    stores = [Path(shutil.copytree(made, tmp_path / name)) for name in ("one", "other")]
    for path, make_it in zip(stores, (_by_the_map, first), strict=True):
        with Store.open(path) as store:
            make_it(store)
    one, other = ((path / _KEPT / "positions.npy").read_bytes() for path in stores)
    assert one == other

    def never(*_: object) -> np.ndarray:
        raise AssertionError("it was made again")

    monkeypatch.setattr(whole, "umap_positions", never)
    for path in stores:
        with Store.open(path) as store:
            kept = kept_whole(store, store.spec(), store.feature(), 2, 0)
            assert kept is not None
            assert np.array_equal(map_of(store, neighbors_of(store)).positions, framed(kept))
            taken = ProjectedFeature.open(store, None, None, 3).whole(2, 0)
            assert taken is not None
            assert np.array_equal(taken, kept)
