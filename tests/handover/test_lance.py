"""Lance exports: read back with pylance, asked the same questions, replaced."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from handed_over import COLLECTIONS, COUNT, check_same_answers, exotic_store
from imgrec import ImgrecError, Store, export_vectors
from imgrec.collection.filters import Filter
from imgrec.handover.lance import write_lance
from imgrec.handover.rows import Rows
from imgrec.handover.table import Table
from vector_stores import Vectors

lance = pytest.importorskip("lance", reason="needs the extra lance")


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return exotic_store(tmp_path_factory.mktemp("handover") / "store", half=("mini",))


def _export(store: Path, out: Path, **options: Any) -> Any:
    with Store.open(store) as opened:
        (done,) = export_vectors(opened, lance=out, **options)
    assert (done.target, done.place) == ("lance", str(out))
    return lance.dataset(str(out))


@pytest.mark.parametrize("feature", ["lite0", "mini", "lite0+mini"])
def test_the_same_questions_have_the_same_answers(
    store: Path, tmp_path: Path, feature: str
) -> None:
    written = _export(store, tmp_path / "out", feature=feature)

    def ask(query: Vectors, k: int) -> tuple[list[int], list[float]]:
        nearest = {"column": "vector", "q": query, "k": k, "metric": "cosine", "use_index": False}
        found = written.to_table(columns=["id", "_distance"], nearest=nearest)
        return found["id"].to_pylist(), found["_distance"].to_pylist()

    # Lance computes distances of float16 in half precision.
    check_same_answers(store, feature, ask, within=2e-3 if feature == "mini" else 1e-5)


def test_a_dataset_equals_the_table_of_parquet(store: Path, tmp_path: Path) -> None:
    dataset = pytest.importorskip("pyarrow.dataset")
    written = _export(store, tmp_path / "out", feature="mini")
    with Store.open(store) as opened:
        export_vectors(opened, parquet=tmp_path / "parquet", feature="mini")
    table = dataset.dataset(tmp_path / "parquet").to_table()
    found = written.to_table()
    assert found.column_names == table.column_names
    for name in ("id", "path", "path_bytes", "root", "digest", "labels", "vector"):
        assert found[name].to_pylist() == table[name].to_pylist(), name
    told = json.loads(written.schema.metadata[b"imgrec"])
    assert told == json.loads(table.schema.metadata[b"imgrec"])


def test_labels_can_be_asked_for(store: Path, tmp_path: Path) -> None:
    written = _export(store, tmp_path / "out", feature="rgb")
    wanted = "array_has(element_at(labels, 'collection')[1], 'c')"
    found = written.to_table(columns=["id"], filter=wanted)
    assert found["id"].to_pylist() == [*COLLECTIONS]


def test_fragments_are_bounded_and_of_one_version(store: Path, tmp_path: Path) -> None:
    with Store.open(store) as opened:
        table, told = Table(Rows.of(opened, "lite0", Filter())), list[int]()
        write_lance(table, tmp_path, told.append, fragment_bytes=1024 * 24 * 4)
        stored = opened.feature("lite0").load()
    written = lance.dataset(str(tmp_path))
    assert [fragment.count_rows() for fragment in written.get_fragments()] == [1024, 1024, 452]
    assert (written.version, sum(told)) == (1, COUNT)
    column = written.to_table(columns=["vector"])["vector"].combine_chunks()
    assert np.array_equal(column.flatten().to_numpy().reshape(COUNT, -1), stored)


def test_an_older_export_is_replaced_unless_it_was_changed(store: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    _export(store, out, feature="rgb")
    written = _export(store, out, feature="rgb", where="half=low")
    assert (written.count_rows(), written.version) == (COUNT // 2, 1)
    written.delete("id = 1")
    with Store.open(store) as opened, pytest.raises(ImgrecError, match="not part of the Lance"):
        export_vectors(opened, lance=out)
    assert lance.dataset(str(out)).count_rows() == COUNT // 2 - 1
