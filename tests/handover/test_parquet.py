"""Parquet exports: read back, asked the same questions, replaced, in bounded memory."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from handed_over import COLLECTIONS, COUNT, ODD_PATHS, check_same_answers, exotic_store
from imgrec import ImgrecError, Store, StoreError, WrongValueError, export_vectors
from imgrec.collection.filters import Filter
from imgrec.handover.parquet import write_parquet
from imgrec.handover.rows import Rows
from imgrec.handover.table import Table
from imgrec.system.file_names import text
from vector_stores import Vectors, add_part, remove

pa = pytest.importorskip("pyarrow", reason="needs the extra parquet")
import pyarrow.dataset as dataset  # noqa: E402
import pyarrow.parquet as parquet  # noqa: E402


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return exotic_store(tmp_path_factory.mktemp("handover") / "store", half=("mini",))


def _export(store: Path, out: Path, **options: Any) -> Any:
    with Store.open(store) as opened:
        (done,) = export_vectors(opened, parquet=out, **options)
    assert (done.target, done.place) == ("parquet", str(out))
    found = dataset.dataset(out).to_table()
    assert done.pictures == len(found)
    return found


def _vectors(table: Any) -> Any:
    column = table["vector"].combine_chunks()
    return column.flatten().to_numpy().reshape(len(table), -1)


@pytest.mark.parametrize(("feature", "dtype"), [("lite0", "f4"), ("mini", "f2"), ("rgb", "f4")])
def test_a_table_has_the_vectors_as_they_are_stored(
    store: Path, tmp_path: Path, feature: str, dtype: str
) -> None:
    table = _export(store, tmp_path / "out", feature=feature)
    vectors = _vectors(table)
    assert vectors.dtype == dtype
    with Store.open(store) as opened:
        stored = opened.feature(feature)
        assert table["id"].to_pylist() == stored.ids.tolist() == list(range(1, COUNT + 1))
        assert np.array_equal(vectors.astype("f4"), stored.load())


def test_a_relation_is_written_composed(store: Path, tmp_path: Path) -> None:
    table = _export(store, tmp_path / "out")
    assert json.loads(table.schema.metadata[b"imgrec"])["feature"] == "lite0+mini"
    with Store.open(store) as opened:
        assert np.array_equal(_vectors(table), opened.feature("lite0+mini").load())


@pytest.mark.parametrize("feature", ["lite0", "mini", "lite0+mini"])
def test_the_same_questions_have_the_same_answers(
    store: Path, tmp_path: Path, feature: str
) -> None:
    table = _export(store, tmp_path / "out", feature=feature)
    ids, vectors = table["id"].to_numpy(), _vectors(table).astype("f8")
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)

    def ask(query: Vectors, k: int) -> tuple[list[int], list[float]]:
        distances = 1 - vectors @ (query.astype("f8") / np.linalg.norm(query.astype("f8")))
        nearest = np.argsort(distances, kind="stable")[:k]
        return ids[nearest].tolist(), distances[nearest].tolist()

    check_same_answers(store, feature, ask)


def test_paths_come_back_byte_for_byte(store: Path, tmp_path: Path) -> None:
    rows = _export(store, tmp_path / "out", feature="rgb").drop(["vector"]).to_pylist()
    by_id = {row["id"]: row for row in rows}
    for image_id, path in ODD_PATHS.items():
        row = by_id[image_id]
        assert (row["path_bytes"] or row["path"].encode()) == text(path)
    assert by_id[3]["path"] == "odd/�.jpg"
    assert by_id[5]["path_bytes"] is None
    with Store.open(store) as opened:
        entries = opened.catalog.entries([1, 2, COUNT])
    for entry in entries:
        row = by_id[entry.id]
        assert (row["path"], row["digest"], row["root"]) == (entry.path, entry.digest, 0)


def test_labels_keep_their_values_apart(store: Path, tmp_path: Path) -> None:
    rows = _export(store, tmp_path / "out", feature="rgb").drop(["vector"]).to_pylist()
    labels = {row["id"]: dict(row["labels"]) for row in rows}
    assert {i: labels[i]["collection"] for i in COLLECTIONS} == COLLECTIONS
    assert labels[2500] == {"half": ["high"]}


def test_the_schema_describes_the_vectors(store: Path, tmp_path: Path) -> None:
    told = json.loads(_export(store, tmp_path / "out", feature="mini").schema.metadata[b"imgrec"])
    assert (told["feature"], told["dimensions"], told["dtype"]) == ("mini", 16, "float16")
    assert (told["metric"], told["kind"]) == ("cosine", "embedding")
    assert told["preprocessing"]["crop_px"] == 8
    assert told["roots"] == ["/pictures"]
    assert told["pictures"] == COUNT
    other = json.loads(_export(store, tmp_path / "other").schema.metadata[b"imgrec"])
    assert other["preprocessing_digest"] == told["preprocessing_digest"]
    assert other["encoder_digest"] != told["encoder_digest"]


def test_files_are_bounded_and_have_groups_of_1024_rows(store: Path, tmp_path: Path) -> None:
    with Store.open(store) as opened:
        table = Table(Rows.of(opened, "lite0", Filter()))
        write_parquet(table, tmp_path, lambda _: None, file_bytes=2 * 1024 * 24 * 4)
    files = [parquet.ParquetFile(path) for path in sorted(tmp_path.iterdir())]
    groups = [
        [file.metadata.row_group(i).num_rows for i in range(file.metadata.num_row_groups)]
        for file in files
    ]
    assert groups == [[1024, 1024], [452]]
    for file in files:
        file.close()


def test_a_filter_selects_pictures(store: Path, tmp_path: Path) -> None:
    table = _export(store, tmp_path / "out", where="half=low", under="f3")
    with Store.open(store) as opened:
        wanted = Filter.parse(["half=low"], ["f3"]).ids(opened.catalog)
    assert table["id"].to_pylist() == wanted.tolist()
    assert json.loads(table.schema.metadata[b"imgrec"])["filter"] == "where half=low and under f3"


def test_pictures_that_are_gone_and_older_rows_are_left_out(tmp_path: Path) -> None:
    path = exotic_store(tmp_path / "store")
    remove(path, [2, 4])
    add_part(path, "rgb", np.array([6]), np.full((1, 12), 1 / 12, "f4"))
    table = _export(path, tmp_path / "out", feature="rgb")
    assert table["id"].to_pylist()[:4] == [1, 3, 5, 6]
    assert np.allclose(_vectors(table)[3], 1 / 12)


def test_an_older_export_is_replaced_and_other_files_are_not(store: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    _export(store, out, feature="rgb")
    assert len(_export(store, out, feature="rgb", where="half=low")) == COUNT // 2
    (out / "mine.txt").write_text("mine")
    with Store.open(store) as opened:
        with pytest.raises(ImgrecError, match=r"holds mine\.txt, which is not part of the Parquet"):
            export_vectors(opened, parquet=out)
        with pytest.raises(ImgrecError, match=r"mine\.txt, which is not part of the Lance"):
            export_vectors(opened, lance=out)
        with pytest.raises(WrongValueError, match="lies in the store"):
            export_vectors(opened, lance=store / "features")
    assert (out / "mine.txt").read_text() == "mine"


def test_a_stopped_run_leaves_the_older_export(
    store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "out"
    before = _export(store, out, feature="rgb", where="half=low")

    def stopped(self: Table) -> Any:
        yield next(iter(real(self)))
        raise KeyboardInterrupt

    real = Table.batches
    monkeypatch.setattr(Table, "batches", stopped)
    with Store.open(store) as opened, pytest.raises(KeyboardInterrupt):
        export_vectors(opened, parquet=out)
    assert dataset.dataset(out).to_table().equals(before)
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_what_cannot_be_exported_is_refused(store: Path, tmp_path: Path) -> None:
    with Store.open(store) as opened:
        with pytest.raises(WrongValueError, match="nothing is to be written"):
            export_vectors(opened)
        with pytest.raises(WrongValueError, match="given for two exports"):
            export_vectors(opened, parquet=tmp_path / "a", lance=tmp_path / "a")
        with pytest.raises(StoreError, match="has no feature 'nosuch'"):
            export_vectors(opened, parquet=tmp_path / "a", feature="nosuch")
        with pytest.raises(WrongValueError, match="no picture has this value"):
            export_vectors(opened, parquet=tmp_path / "a", where="half=none")
    assert not list(tmp_path.iterdir())
