"""Writing the labels of one kind: replaced atomically, and not written if unchanged."""

import shutil
from pathlib import Path

import numpy as np
import pytest
from filelock import FileLock
from hypothesis import given
from hypothesis import strategies as st

from imgrec import Store
from imgrec.labels.keep import changes, keep_labels
from stores import nothing_can_be_written
from vector_stores import make


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return make(tmp_path / "store", {"x": np.eye(9, dtype=np.float32)})


def labels(path: Path, kind: str = "color") -> dict[int, str]:
    with Store.open(path) as store:
        return store.catalog.labels.of_kind(kind)


def keep(path: Path, kind: str, values: dict[int, str]) -> list[str]:
    with Store.open(path) as store:
        return keep_labels(store, kind, values)


def test_labels_replace_those_of_their_kind_and_are_read_in_id_order(path: Path) -> None:
    halves = labels(path, "half")
    assert keep(path, "color", {3: "red", 1: "blue", 2: "red"}) == []
    assert list(labels(path).items()) == [(1, "blue"), (2, "red"), (3, "red")]
    assert keep(path, "color", {1: "blue", 2: "gray", 4: "caf\udce9"}) == []
    assert labels(path) == {1: "blue", 2: "gray", 4: "caf\udce9"}
    assert len(halves) == 9
    assert labels(path, "half") == halves


def test_the_catalog_changes_only_if_a_label_does(path: Path) -> None:
    keep(path, "color", {1: "red", 2: "caf\udce9"})
    with Store.open(path) as reader:
        before = reader.state()
        assert keep(path, "color", {2: "caf\udce9", 1: "red"}) == []
        assert reader.state() == before
        assert keep(path, "color", {1: "red", 2: "blue"}) == []
        assert reader.state() != before


def test_a_picture_with_two_values_keeps_one(path: Path) -> None:
    with Store.create(path) as store, store.catalog.transaction() as db:
        db.executemany("INSERT INTO labels VALUES (1, 'color', ?)", [("red",), ("blue",)])
    assert keep(path, "color", {1: "red"}) == []
    with Store.open(path) as store:
        assert store.catalog.labels.of([1])[1]["color"] == "red"


def test_a_locked_or_read_only_store_gives_a_warning(path: Path, tmp_path: Path) -> None:
    keep(path, "color", {1: "red"})
    with FileLock(path / "lock"):
        (warning,) = keep(path, "color", {1: "blue"})
        assert "color labels were not kept: another run is writing" in warning
        # No label changes, so nothing has to be written.
        assert keep(path, "color", {1: "red"}) == []
    with nothing_can_be_written(path):
        (warning,) = keep(path, "color", {1: "blue"})
        assert "denied" in warning
        assert keep(path, "color", {1: "red"}) == []
    assert labels(path) == {1: "red"}


def test_a_deleted_store_is_not_created_again(path: Path) -> None:
    with Store.open(path) as store:
        shutil.rmtree(path)
        (warning,) = keep_labels(store, "color", {1: "red"})
    assert "no store at" in warning
    assert not path.exists()


def test_a_holder_of_the_lock_writes_labels_by_its_own_connection(path: Path) -> None:
    with Store.create(path) as store, store.writing():
        with store.writable() as writable:
            assert writable is store
        assert keep_labels(store, "color", {1: "red"}) == []
    with Store.create(path) as store, store.writable() as writable:
        assert writable is not store
    assert labels(path) == {1: "red"}


@given(
    st.sets(st.tuples(st.integers(1, 6), st.sampled_from("abc"))),
    st.dictionaries(st.integers(1, 6), st.sampled_from("abc")),
)
def test_applying_the_changes_gives_the_wanted_labels(
    there: set[tuple[int, str]], wanted: dict[int, str]
) -> None:
    gone, new = changes(sorted(there), wanted)
    assert set(gone) <= there
    assert not set(new.items()) & there
    assert (there - set(gone)) | set(new.items()) == set(wanted.items())
