"""Labels of one kind: read, kept, left alone where they are the same."""

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


def test_kept_are_read_in_the_order_of_ids_and_replace_those_of_their_kind(path: Path) -> None:
    halves = labels(path, "half")
    assert keep(path, "color", {3: "red", 1: "blue", 2: "red"}) == []
    assert list(labels(path).items()) == [(1, "blue"), (2, "red"), (3, "red")]
    assert keep(path, "color", {1: "blue", 2: "gray", 4: "caf\udce9"}) == []
    assert labels(path) == {1: "blue", 2: "gray", 4: "caf\udce9"}
    assert len(halves) == 9
    assert labels(path, "half") == halves


def test_an_open_reader_sees_a_change_only_where_there_is_one(path: Path) -> None:
    keep(path, "color", {1: "red", 2: "caf\udce9"})
    with Store.open(path) as reader:
        before = reader.state()
        assert keep(path, "color", {2: "caf\udce9", 1: "red"}) == []
        assert reader.state() == before
        assert keep(path, "color", {1: "red", 2: "blue"}) == []
        assert reader.state() != before


def test_a_picture_of_two_values_is_left_with_one(path: Path) -> None:
    with Store.create(path) as store, store.catalog.transaction() as db:
        db.executemany("INSERT INTO labels VALUES (1, 'color', ?)", [("red",), ("blue",)])
    assert keep(path, "color", {1: "red"}) == []
    with Store.open(path) as store:
        assert store.catalog.labels.of([1])[1]["color"] == "red"


def test_a_store_that_cannot_be_written_tells_why(path: Path, tmp_path: Path) -> None:
    keep(path, "color", {1: "red"})
    with FileLock(path / "lock"):
        (warning,) = keep(path, "color", {1: "blue"})
        assert "color labels were not kept: another run is writing" in warning
        assert keep(path, "color", {1: "red"}) == []  # nothing has to be written
    with nothing_can_be_written(path):
        (warning,) = keep(path, "color", {1: "blue"})
        assert "denied" in warning
        assert keep(path, "color", {1: "red"}) == []
    assert labels(path) == {1: "red"}


def test_a_store_that_was_deleted_is_not_made_again(path: Path) -> None:
    with Store.open(path) as store:
        shutil.rmtree(path)
        (warning,) = keep_labels(store, "color", {1: "red"})
    assert "no store at" in warning
    assert not path.exists()


def test_whoever_holds_the_lock_keeps_labels_by_its_own_connection(path: Path) -> None:
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
def test_changes_lead_to_what_is_wanted(
    there: set[tuple[int, str]], wanted: dict[int, str]
) -> None:
    gone, new = changes(sorted(there), wanted)
    assert set(gone) <= there
    assert not set(new.items()) & there
    assert (there - set(gone)) | set(new.items()) == set(wanted.items())
