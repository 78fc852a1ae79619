"""Collections: what changes, what is refused, what survives, and what a write touches."""

import shutil
import sqlite3
import threading
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from imgrec import Options, Recommender, Store, index_folders
from imgrec.collection.filters import Filter
from imgrec.errors import StoreError, WrongValueError
from imgrec.labels.collections import (
    LONGEST,
    UnknownCollectionError,
    change_collection,
    collection_name,
    collections_of,
    delete_collection,
    ids_in,
    rename_collection,
)
from stores import HERE, nothing_can_be_written
from vector_stores import clustered, make, remove


def _rows(store: Store) -> set[tuple[int, str]]:
    return set(store.catalog.labels.rows("collection"))


def test_pictures_are_added_removed_and_counted(store: Store) -> None:
    assert collections_of(store) == {}
    assert change_collection(store, "best", [3, 1, 3]) == 2
    assert change_collection(store, "beach", [1, 2]) == 2
    assert change_collection(store, "best", [5], [1]) == 2
    assert collections_of(store) == {"beach": 2, "best": 2}
    assert ids_in(store, "best").tolist() == [3, 5]
    assert _rows(store) == {(3, "best"), (5, "best"), (1, "beach"), (2, "beach")}


def test_a_picture_in_two_collections_has_both_in_its_labels(store: Store) -> None:
    change_collection(store, "best", [7])
    change_collection(store, "a beach", [7])
    assert store.catalog.labels.of([7])[7]["collection"] == "a beach, best"


def test_what_is_named_in_both_lists_is_removed(store: Store) -> None:
    change_collection(store, "best", [1, 2])
    assert change_collection(store, "best", [2, 3], [2, 9]) == 2
    assert ids_in(store, "best").tolist() == [1, 3]


def test_a_collection_without_pictures_is_none(store: Store) -> None:
    change_collection(store, "best", [4])
    assert change_collection(store, "best", remove=[4]) == 0
    assert collections_of(store) == {}
    with pytest.raises(UnknownCollectionError, match="there is none yet"):
        ids_in(store, "best")


def test_deleting_takes_the_labels_of_one_collection(store: Store) -> None:
    change_collection(store, "best", [1, 2])
    change_collection(store, "beach", [2])
    assert delete_collection(store, "best") == 2
    assert _rows(store) == {(2, "beach")}
    with pytest.raises(UnknownCollectionError, match="'baech'; did you mean beach"):
        delete_collection(store, "baech")


def test_renaming_keeps_the_pictures(store: Store) -> None:
    change_collection(store, "best", [1, 2])
    assert rename_collection(store, "best", " summer ") == 2
    assert _rows(store) == {(1, "summer"), (2, "summer")}


def test_renaming_never_joins_two_collections(store: Store) -> None:
    change_collection(store, "best", [1, 2])
    change_collection(store, "beach", [3])
    with pytest.raises(WrongValueError, match="there is a collection 'beach' already"):
        rename_collection(store, "best", "beach")
    assert collections_of(store) == {"beach": 1, "best": 2}


def test_renaming_to_the_same_name_changes_nothing(store: Store) -> None:
    change_collection(store, "best", [1, 2])
    assert rename_collection(store, "best", "best") == 2
    assert collections_of(store) == {"best": 2}


@pytest.mark.parametrize(
    "name", ["", " ", "a,b", "a\nb", "a\0b", "x" * (LONGEST + 1), "a\u2028b", "\udcff", "a\x1b[1m"]
)
def test_a_name_that_would_break_a_list_is_refused(store: Store, name: str) -> None:
    with pytest.raises(WrongValueError, match="no name of a collection"):
        change_collection(store, name, [1])
    assert collections_of(store) == {}


@given(st.text(max_size=120))
def test_a_name_is_taken_as_it_is_kept(text: str) -> None:
    try:
        name = collection_name(text)
    except WrongValueError:
        return
    assert collection_name(name) == name
    assert name.isprintable()
    assert ", " not in name


def test_two_spellings_of_a_name_are_one_collection(store: Store) -> None:
    change_collection(store, "Mu\u0308nchen", [1])
    assert change_collection(store, "M\u00fcnchen", [1, 2]) == 2
    assert collections_of(store) == {"M\u00fcnchen": 2}
    assert ids_in(store, "Mu\u0308nchen").tolist() == [1, 2]


def test_a_name_that_another_program_wrote_decomposed_is_the_same(own_store: Path) -> None:
    with Store.create(own_store) as store:
        store.catalog.labels.add("collection", {1: "Mu\u0308nchen", 2: "Mu\u0308nchen"})
        assert change_collection(store, "M\u00fcnchen", [2, 3], [1]) == 1
        assert ids_in(store, "M\u00fcnchen").tolist() == [2, 3]
        assert delete_collection(store, "M\u00fcnchen") == 2
        assert collections_of(store) == {}


@pytest.mark.parametrize("unknown", [0, 25, 10**6, (1 << 63) - 1])
def test_a_picture_that_is_not_there_is_refused_and_nothing_is_written(
    store: Store, unknown: int
) -> None:
    with pytest.raises(WrongValueError, match=f"has the id {unknown}$"):
        change_collection(store, "best", [1, 2, unknown])
    assert collections_of(store) == {}


def test_only_ok_pictures_are_added_and_counted(tmp_path: Path) -> None:
    path = make(tmp_path / "store", {"x": clustered(40, 8)})
    with Store.open(path) as store:
        change_collection(store, "best", [1, 2, 3])
        remove(path, [2])
        assert collections_of(store) == {"best": 2}
        assert ids_in(store, "best").tolist() == [1, 3]
        with pytest.raises(WrongValueError, match="has the id 2"):
            change_collection(store, "other", [2])
        # It is in the collection all the same, for the case that its file comes back.
        assert change_collection(store, "best", [2]) == 2
        assert _rows(store) == {(1, "best"), (2, "best"), (3, "best")}


def test_many_pictures_are_one_transaction(tmp_path: Path) -> None:
    path = make(tmp_path / "store", {"x": clustered(5000, 4)})
    with Store.open(path) as store:
        before = store.catalog.version()
        assert change_collection(store, "all", range(1, 5001)) == 5000
        assert change_collection(store, "all", remove=range(1, 4999)) == 2
        assert ids_in(store, "all").tolist() == [4999, 5000]
        with pytest.raises(WrongValueError):
            change_collection(store, "all", [*range(1, 5001), 5001])
        assert ids_in(store, "all").tolist() == [4999, 5000]
        assert store.catalog.version() != before


def test_what_is_there_already_is_not_written_again(store: Store) -> None:
    change_collection(store, "best", [1, 2])
    before = store.state()
    assert change_collection(store, "best", [2, 1]) == 2
    assert change_collection(store, "best", [], [5]) == 2
    assert change_collection(store, "best") == 2
    assert store.state() == before


def test_collections_are_written_while_indexing_holds_the_store(own_store: Path) -> None:
    with Store.create(own_store) as indexing, indexing.writing(), Store.open(own_store) as store:
        assert change_collection(store, "best", [1]) == 1
        assert collections_of(indexing) == {"best": 1}


def test_a_writer_is_waited_for(own_store: Path) -> None:
    with Store.open(own_store) as store, Store.create(own_store) as indexing:
        began = threading.Event()
        with indexing.catalog.transaction() as db:
            changing = threading.Thread(
                target=lambda: (began.set(), change_collection(store, "best", [1]))
            )
            changing.start()
            began.wait()
            db.execute("UPDATE images SET mtime_ns = mtime_ns + 1 WHERE id = 1")
            assert collections_of(store) == {}
        changing.join()
        assert collections_of(store) == {"best": 1}


def test_a_store_that_cannot_be_written_is_one_line(own_store: Path) -> None:
    with Store.open(own_store) as store, nothing_can_be_written(own_store):
        with pytest.raises(StoreError) as caught:
            change_collection(store, "best", [1])
        assert "\n" not in str(caught.value)
        assert collections_of(store) == {}


def test_no_store_is_made_where_one_was_deleted(own_store: Path) -> None:
    with Store.open(own_store) as store:
        shutil.rmtree(own_store)
        with pytest.raises(StoreError, match="no store at"):
            change_collection(store, "best", [1])
    assert not own_store.exists()


def test_collections_survive_indexing_and_moved_files(photos: Path, tmp_path: Path) -> None:
    folder, path = Path(shutil.copytree(photos, tmp_path / "photos")), tmp_path / "store"
    index_folders([folder], path, HERE)
    with Store.open(path) as store:
        ids = store.catalog.ids("ok")[:4].tolist()
        entries = store.catalog.entries(ids)
        change_collection(store, "best", ids)
    moved, renamed, gone = (folder / entry.path for entry in entries[:3])
    (folder / "elsewhere").mkdir()
    moved.rename(folder / "elsewhere" / moved.name)
    renamed.rename(renamed.with_name("renamed" + renamed.suffix))
    kept_aside = gone.rename(tmp_path / gone.name)
    index_folders([folder], path, HERE)
    with Store.open(path) as store:
        assert ids_in(store, "best").tolist() == [ids[0], ids[1], ids[3]]
        place = store.catalog.entries(ids[:1])[0].path
        assert place == f"elsewhere/{moved.name}"
    kept_aside.rename(gone)
    index_folders([folder], path, Options(encoders=("rgb",), workers=0))
    with Store.open(path) as store:
        assert ids_in(store, "best").tolist() == ids


def test_a_question_can_be_filtered_by_a_collection(own_store: Path) -> None:
    with Recommender.open(own_store) as recommender:
        assert len(recommender.query([1], k=24)) == 23
        change_collection(recommender.store, "best", [1, 5, 9])
        change_collection(recommender.store, "of two no", [9, 12])
        found = recommender.query([1], k=24, where=["collection=best"])
        assert {result.id for result in found} == {5, 9}
        assert {r.id: r.labels["collection"] for r in found} == {5: "best", 9: "best, of two no"}
        either = {"collection": ["best", "of two no"]}
        assert {p.id for p in recommender.pictures(either)} == {1, 5, 9, 12}
        change_collection(recommender.store, "best", [12], [5])
        again = recommender.query([1], k=24, where=["collection=best"])
        assert {result.id for result in again} == {9, 12}
        with pytest.raises(WrongValueError, match=r"collection=bast.*did you mean best"):
            recommender.query([1], where=["collection=bast"])


def test_ids_are_those_of_the_filter(own_store: Path) -> None:
    rng = np.random.default_rng(3)
    with Store.open(own_store) as store:
        for number in range(6):
            chosen = rng.choice(np.arange(1, 25), size=5, replace=False)
            change_collection(store, f"c{number}", chosen.tolist(), [int(chosen[0])])
            wanted = Filter.parse([f"collection=c{number}"])
            assert wanted.ids(store.catalog).tolist() == ids_in(store, f"c{number}").tolist()
            assert ids_in(store, f"c{number}").tolist() == sorted(chosen[1:].tolist())


def test_a_broken_catalog_is_not_taken_for_a_busy_one(own_store: Path) -> None:
    with sqlite3.connect(own_store / "catalog.sqlite") as db:
        db.execute("CREATE TRIGGER t AFTER INSERT ON labels BEGIN DELETE FROM images; END")
    db.close()
    with pytest.raises(StoreError, match="damaged"):
        Store.open(own_store)
