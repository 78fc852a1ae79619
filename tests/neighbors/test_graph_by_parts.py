"""The k-NN graph of a store by tasks over groups of parts: kept, resumed, in other processes."""

import shutil
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from imgrec import Store
from imgrec.cluster.mapping import map_items
from imgrec.neighbors.by_cells import CellOptions
from imgrec.neighbors.graph import KnnOptions, exact_neighbors, kept_neighbors, knn_graph_of
from imgrec.neighbors.kept import KnnGraph, Quality
from imgrec.store.part_work import PartWork
from stores import nothing_can_be_written
from vector_stores import add_part, add_pictures, clustered, make, remove, update

_COUNT, _DIMENSIONS = 900, 40
_GROUP_BYTES = 4 * _DIMENSIONS * 200


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a store of 900 vectors in 9 parts, of which some pictures are gone."""
    path = tmp_path_factory.mktemp("made") / "store"
    make(path, {"x": clustered(_COUNT, _DIMENSIONS)}, 100)
    remove(path, [5, 300, 301, 302])
    return path


@pytest.fixture
def collection(made: Path, tmp_path: Path) -> Path:
    return shutil.copytree(made, tmp_path / "store")


def _options(folder: Path, mapping: Callable[..., Any] = map, **others: Any) -> KnnOptions:
    work = PartWork(mapping, folder, group_bytes=_GROUP_BYTES)
    return KnnOptions(small=1, checked=200, work=work, **others)


def _graph(path: Path, options: KnnOptions) -> KnnGraph:
    with Store.open(path) as store:
        return knn_graph_of(store, options=options)


def _check_exact(path: Path, graph: KnnGraph) -> None:
    with Store.open(path) as store:
        expected = exact_neighbors(store.feature(), 15)
    assert graph.quality == Quality("exact")
    assert np.array_equal(graph.neighbors.ids, expected.ids)
    assert np.array_equal(graph.neighbors.neighbors, expected.neighbors)
    assert np.array_equal(graph.neighbors.distances, expected.distances)


def test_an_exact_graph_is_kept_and_its_scratch_deleted(collection: Path, tmp_path: Path) -> None:
    _check_exact(collection, _graph(collection, _options(tmp_path / "work")))
    assert not list((tmp_path / "work").iterdir())
    with Store.open(collection) as store:
        kept = kept_neighbors(store, store.spec(), store.feature())
    assert kept is not None
    assert len(kept.ids) == _COUNT - 4


def test_processes_give_the_same_bytes(collection: Path, tmp_path: Path) -> None:
    mapping = partial(map_items, workers=2)
    _check_exact(collection, _graph(collection, _options(tmp_path / "work", mapping)))


def test_object_storage_as_scratch(collection: Path, tmp_path: Path) -> None:
    pytest.importorskip("obstore", reason="object storage needs obstore")
    url = (tmp_path / "objects").as_uri()
    work = PartWork(folder=tmp_path / "work", url=url, group_bytes=_GROUP_BYTES)
    _check_exact(collection, _graph(collection, KnnOptions(small=1, work=work)))
    assert not [path for path in (tmp_path / "objects").rglob("*") if path.is_file()]


def test_an_approximate_graph_tells_its_recall(collection: Path, tmp_path: Path) -> None:
    cells = CellOptions(components=16, candidates=30, visited=6, cell_rows=40)
    options = _options(tmp_path / "work", exact_by_parts=1, cells=cells)
    graph = _graph(collection, options)
    assert graph.quality.method == "cells"
    assert graph.quality.checked == 200
    assert 0.9 < graph.quality.recall <= 1
    assert f"recall {graph.quality.recall:.3f} of 200 checked" in graph.line()
    assert not list((tmp_path / "work").iterdir())


class _Killed(BaseException):
    pass


def _killed_after(count: int) -> Callable[..., Iterator[Any]]:
    """Return a mapping that is killed after so many tasks."""
    left = [count]

    def mapping(function: Callable[[Any], Any], items: Iterable[Any]) -> Iterator[Any]:
        for item in items:
            if not left[0]:
                raise _Killed
            left[0] -= 1
            yield function(item)

    return mapping


@pytest.mark.parametrize(
    ("count", "exact_by_parts"), [(0, 1e14), (7, 1e14), (17, 1e14), (3, 1), (6, 1), (8, 1)]
)
def test_killed_anywhere_it_goes_on(
    collection: Path, tmp_path: Path, count: int, exact_by_parts: float
) -> None:
    cells = CellOptions(components=16, candidates=30, visited=6, cell_rows=40)
    options = _options(tmp_path / "work", exact_by_parts=exact_by_parts, cells=cells)
    assert options.work is not None
    killed = replace(options, work=replace(options.work, mapping=_killed_after(count)))
    with pytest.raises(_Killed):
        _graph(collection, killed)
    assert not (collection / "knn").exists()
    done = {path: path.stat().st_mtime_ns for path in (tmp_path / "work").rglob("*.arrays")}
    assert len(done) >= count
    found = _graph(collection, options)
    expected = _graph(_unmade(collection), replace(options, work=replace(options.work)))
    assert found.neighbors.neighbors.tobytes() == expected.neighbors.neighbors.tobytes()
    assert found.neighbors.distances.tobytes() == expected.neighbors.distances.tobytes()
    assert found.quality == expected.quality


def _unmade(path: Path) -> Path:
    """Delete the graph that a store keeps."""
    for file in (path / "knn" / "x").iterdir():
        file.unlink()
    (path / "knn" / "x").rmdir()
    return path


def test_a_store_that_cannot_be_written(collection: Path, tmp_path: Path) -> None:
    with Store.open(collection) as store, nothing_can_be_written(collection):
        graph = knn_graph_of(store, options=_options(tmp_path / "work"))
    assert not (collection / "knn").exists()
    _check_exact(collection, graph)


def test_few_new_pictures_are_added_to_a_kept_graph(collection: Path, tmp_path: Path) -> None:
    _graph(collection, _options(tmp_path / "work"))
    new = np.arange(_COUNT + 1, _COUNT + 11)
    add_pictures(collection, new.tolist())
    add_part(collection, "x", new, clustered(_COUNT + 10, _DIMENSIONS)[_COUNT:])
    grown = _graph(collection, replace(_options(tmp_path / "work"), small=1e12))
    _check_exact(collection, grown)


def test_memory_that_does_not_suffice_chooses_groups(
    collection: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("imgrec.neighbors.graph.cuda_device", lambda: None)
    monkeypatch.setattr("imgrec.store.part_work._memory_bytes", lambda: 1)
    monkeypatch.setattr("imgrec.store.part_work._cache_folder", lambda: tmp_path / "cache")
    _check_exact(collection, _graph(collection, KnnOptions(small=1)))
    lines = update(collection, hnsw=False)
    assert "x: sketch of 896 vectors" in lines[0]
    assert not list((tmp_path / "cache").iterdir())


def test_a_relation_is_worked_on_in_one_piece(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("imgrec.neighbors.graph.cuda_device", lambda: None)
    path = make(tmp_path / "store", {"x": clustered(300, 40), "mini": clustered(300, 16, 3)}, 100)
    update(path, hnsw=False)
    with Store.open(path) as store:
        graph = knn_graph_of(store, "x+mini", options=_options(tmp_path / "work"))
    assert graph.quality.method == "cells"
    assert not (tmp_path / "work").exists()
