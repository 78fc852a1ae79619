"""Derived files of a store whose tasks read the parts from object storage."""

import shutil
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from imgrec import Store
from imgrec.derived.kept import update_indexes
from imgrec.errors import StoreError
from imgrec.neighbors.by_cells import CellOptions
from imgrec.neighbors.graph import KnnOptions, exact_neighbors, knn_graph_of
from imgrec.objects.opening import objects_at
from imgrec.remote.part_vectors import RemoteParts
from imgrec.remote.pull import pull
from imgrec.remote.push import push
from imgrec.store.part_work import PartWork
from vector_stores import clustered, make, update

_DIMENSIONS = 40


@pytest.fixture
def pushed(tmp_path: Path, bucket: str) -> tuple[Path, str]:
    """Make a store of 600 vectors in 6 parts with a sketch, and push it to a bucket."""
    path = make(tmp_path / "store", {"x": clustered(600, _DIMENSIONS)}, 100)
    update(path, hnsw=False)
    url = f"s3://{bucket}/store"
    push(path, url)
    return path, url


def _work(tmp_path: Path, url: str) -> PartWork:
    return PartWork(
        folder=tmp_path / "work",
        url=f"{url}-scratch",
        vectors=partial(RemoteParts, url),
        group_bytes=4 * _DIMENSIONS * 250,
    )


def test_rows_are_those_of_the_part(pushed: tuple[Path, str]) -> None:
    path, url = pushed
    stored = np.load(path / "features" / "x" / "part-000002" / "vectors.npy")
    parts = RemoteParts(url, "x", _DIMENSIONS)
    for rows in ([0], [3, 4, 99], list(range(0, 100, 2)), list(range(100))):
        assert np.array_equal(parts.take("part-000002", np.array(rows)), stored[rows])
    with pytest.raises(StoreError, match="has no file features/x/part-000009"):
        parts.take("part-000009", np.array([0]))
    with pytest.raises(StoreError, match="is damaged"):
        RemoteParts(url, "x", 7).take("part-000002", np.arange(100))


@pytest.fixture
def without_vectors(pushed: tuple[Path, str], tmp_path: Path) -> Path:
    """Pull the store without its vectors, and delete the sketch."""
    pull(pushed[1], tmp_path / "pulled", vectors=False)
    assert not list((tmp_path / "pulled" / "features").rglob("vectors.npy"))
    shutil.rmtree(tmp_path / "pulled" / "indexes")
    return tmp_path / "pulled"


def test_a_graph_and_a_sketch_are_made_without_local_vectors(
    pushed: tuple[Path, str], without_vectors: Path, tmp_path: Path
) -> None:
    path, url = pushed
    with Store.open(path) as store:
        expected = exact_neighbors(store.feature(), 15)
    work = _work(tmp_path, url)
    with Store.create(without_vectors) as store:
        graph = knn_graph_of(store, options=KnnOptions(small=1, work=work))
        with store.writing():
            lines = update_indexes(store, sketch_values=0, work=work)
    assert np.array_equal(graph.neighbors.neighbors, expected.neighbors)
    assert np.array_equal(graph.neighbors.distances, expected.distances)
    assert "x: sketch of 600 vectors" in lines[0]
    made, same = (p / "indexes" / "x" / "sketch" for p in (without_vectors, path))
    assert {file.name for file in made.iterdir()} == {file.name for file in same.iterdir()}
    for file in made.iterdir():
        assert file.read_bytes() == (same / file.name).read_bytes(), file.name
    assert not list(objects_at(f"{url}-scratch").list())


def test_an_approximate_graph_is_made_without_local_vectors(
    pushed: tuple[Path, str], without_vectors: Path, tmp_path: Path
) -> None:
    _, url = pushed
    cells = CellOptions(components=16, candidates=30, visited=6, cell_rows=40)
    options = KnnOptions(small=1, exact_by_parts=1, cells=cells, work=_work(tmp_path, url))
    with Store.open(without_vectors) as store:
        graph = knn_graph_of(store, options=options)
    assert graph.quality.method == "cells"
    assert graph.quality.recall > 0.9
