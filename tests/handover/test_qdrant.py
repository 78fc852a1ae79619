"""Exports to Qdrant, by the local mode of its client: answers, resumed and repeated runs."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from handed_over import COLLECTIONS, COUNT, ODD_PATHS, check_same_answers, exotic_store
from imgrec import ImgrecError, Store, export_vectors
from imgrec.collection.filters import Filter
from imgrec.handover.qdrant import Written, write_points
from imgrec.handover.rows import Rows
from imgrec.system.file_names import text
from vector_stores import Vectors, remove

qdrant_client = pytest.importorskip("qdrant_client", reason="needs the extra qdrant")
models = qdrant_client.models


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return exotic_store(tmp_path_factory.mktemp("handover") / "store", half=("mini",))


@pytest.fixture
def client() -> Iterator[Any]:
    opened = qdrant_client.QdrantClient(":memory:")
    yield opened
    opened.close()


def _write(store: Path, client: Any, feature: str = "lite0", *where: str) -> Written:
    with Store.open(store) as opened:
        rows = Rows.of(opened, feature, Filter.parse(where))
        return write_points(rows, client, "pictures", lambda _: None)


@pytest.mark.parametrize("feature", ["lite0", "mini", "lite0+mini"])
def test_the_same_questions_have_the_same_answers(store: Path, client: Any, feature: str) -> None:
    assert _write(store, client, feature) == Written(COUNT, 0, 0)

    def ask(query: Vectors, k: int) -> tuple[list[int], list[float]]:
        found = client.query_points("pictures", query=query.tolist(), limit=k).points
        return [point.id for point in found], [1 - point.score for point in found]

    # A collection of float16 rounds the vectors after it has scaled them.
    check_same_answers(store, feature, ask, within=1e-3 if feature == "mini" else 1e-5)


def test_the_payload_has_path_root_digest_and_labels(store: Path, client: Any) -> None:
    _write(store, client)
    found = {p.id: p.payload for p in client.retrieve("pictures", [*ODD_PATHS, *COLLECTIONS])}
    for image_id, path in ODD_PATHS.items():
        payload = found[image_id]
        odd = payload.get("path_hex")
        assert (bytes.fromhex(odd) if odd else payload["path"].encode()) == text(path)
    assert found[3]["path_hex"] == text(ODD_PATHS[3]).hex()
    assert found[3]["root"] == "/pictures"
    assert found[3]["digest"] == f"{3:032x}"
    wanted = models.FieldCondition(key="labels.collection", match=models.MatchValue(value="c"))
    page, _ = client.scroll("pictures", scroll_filter=models.Filter(must=[wanted]))
    assert [point.id for point in page] == [*COLLECTIONS]


def test_a_repeated_run_writes_only_what_changed(tmp_path: Path, client: Any) -> None:
    path = exotic_store(tmp_path / "store")
    assert _write(path, client) == Written(COUNT, 0, 0)
    assert _write(path, client) == Written(0, COUNT, 0)
    with Store.create(path) as store:
        store.catalog.labels.add("collection", {11: "best"})
    remove(path, [20, COUNT])
    assert _write(path, client) == Written(1, COUNT - 3, 2)
    (point,) = client.retrieve("pictures", [11, 20, COUNT])
    assert point.payload["labels"]["collection"] == ["best"]


class _Stopping:
    """A client that fails after some upserts."""

    def __init__(self, client: Any, upserts: int) -> None:
        self._client, self._left = client, upserts

    def __getattr__(self, name: str) -> Any:
        return getattr(self._client, name)

    def upsert(self, *given: Any, **named: Any) -> Any:
        if self._left == 0:
            raise qdrant_client.http.exceptions.ResponseHandlingException(OSError("reset"))
        self._left -= 1
        return self._client.upsert(*given, **named)


def test_a_stopped_run_goes_on(store: Path, client: Any) -> None:
    with pytest.raises(ImgrecError, match=r"'pictures' could not be written \(reset\)"):
        _write(store, _Stopping(client, 4))
    there = client.count("pictures").count
    assert 0 < there < COUNT
    assert _write(store, client) == Written(COUNT - there, there, 0)


def test_points_of_others_are_neither_replaced_nor_deleted(
    store: Path, tmp_path: Path, client: Any
) -> None:
    _write(store, client)
    with pytest.raises(ImgrecError, match="not mini vectors of this version"):
        _write(store, client, "mini")
    other = shutil.copytree(store, tmp_path / "other")
    with Store.create(other) as opened, opened.catalog.transaction() as db:
        db.execute("UPDATE images SET digest = 'another' WHERE id = 2000")
    with pytest.raises(ImgrecError, match=r"point 2000 .* is another picture"):
        _write(other, client)
    foreign = models.PointStruct(id=1, vector=[1.0] * 24, payload={"path": "mine"})
    client.upsert("pictures", [foreign])
    with pytest.raises(ImgrecError, match="holds points that are not lite0 vectors"):
        _write(store, client)
    assert client.retrieve("pictures", [1])[0].payload == {"path": "mine"}
    assert client.count("pictures").count == COUNT


def test_a_folder_of_the_client_is_an_address(store: Path, tmp_path: Path) -> None:
    folder, few = str(tmp_path / "qdrant"), {"collection": "c", "under": "odd"}
    with Store.open(store) as opened:
        (done,) = export_vectors(opened, qdrant=folder, **few)
        (again,) = export_vectors(opened, qdrant=folder, **{**few, "under": ["odd", "f6"]})
        (less,) = export_vectors(opened, qdrant=folder, **few)
        stored = opened.feature("lite0+mini").take(np.array([9]))
    assert (done.place, done.pictures, done.kept, done.deleted) == ("c", len(ODD_PATHS), 0, 0)
    assert (again.kept, again.deleted) == (len(ODD_PATHS), 0)
    assert (less.kept, less.deleted) == (len(ODD_PATHS), again.pictures - len(ODD_PATHS))
    client = qdrant_client.QdrantClient(path=folder)
    nearest = client.query_points("c", query=stored[0].tolist(), limit=10).points
    assert (nearest[0].id, len(nearest)) == (9, len(ODD_PATHS))
    client.close()
