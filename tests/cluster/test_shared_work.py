"""Work shared among processes: in object storage where the store follows one, else in folders."""

from functools import partial
from pathlib import Path

import numpy as np
import pytest

from graph.__main__ import main as graph
from imgrec import Store
from imgrec.cluster.shared_work import shared_work
from imgrec.neighbors.graph import KnnOptions, exact_neighbors, knn_graph_of
from imgrec.objects.opening import objects_at
from imgrec.remote.part_vectors import RemoteParts
from imgrec.remote.push import push
from vector_stores import add_part, add_pictures, clustered, make, update


def test_a_pushed_store_is_read_where_all_machines_reach_it(tmp_path: Path, bucket: str) -> None:
    path, url = make(tmp_path / "store", {"x": clustered(400, 40)}, 100), f"s3://{bucket}/store"
    push(path, url)
    with Store.open(path) as store:
        feature = store.feature()
        work = shared_work(store, feature, 0, 4 * 40 * 150)
        assert isinstance(work.vectors, partial)
        assert work.vectors("x", 40) == RemoteParts(url, "x", 40)
        assert work.url == f"{url}/scratch"
        expected = exact_neighbors(feature, 15)
        graph = knn_graph_of(store, options=KnnOptions(small=1, work=work))
    assert np.array_equal(graph.neighbors.neighbors, expected.neighbors)
    assert not list(objects_at(work.url).list())


def test_parts_that_are_not_pushed_are_read_from_the_folder(tmp_path: Path, bucket: str) -> None:
    path = make(tmp_path / "store", {"x": clustered(200, 40)}, 100)
    with Store.open(path) as store:
        assert shared_work(store, store.feature(), 0).vectors is None
    push(path, f"s3://{bucket}/store")
    add_pictures(path, [201])
    add_part(path, "x", np.array([201]), clustered(1, 40))
    with Store.open(path) as store:
        assert shared_work(store, store.feature(), 0).vectors is None


def test_a_composed_feature_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = make(tmp_path / "store", {"lite0": clustered(60, 40), "mini": clustered(60, 16, 3)}, 30)
    update(path, hnsw=False)
    command = ["--store", str(path), "--gexf", str(tmp_path / "a.gexf"), "--workers", "ray"]
    assert graph([*command, "--encoder", "lite0+mini"]) == 2
    told = capsys.readouterr().err
    assert told.count("\n") == 1
    assert "name one of the features, --encoder lite0 or --encoder mini" in told
    assert not (tmp_path / "a.gexf").exists()
