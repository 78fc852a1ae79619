"""The fingerprint of a store's content: another one after every change, and after no run."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from imgrec import Store
from imgrec.collection import Outcome
from imgrec.collection.outcomes import record_outcomes
from imgrec.labels.keep import keep_labels
from imgrec.neighbors.graph import neighbors_of
from imgrec.pictures.metadata_names import Datum
from imgrec.store.contents import Materials, contents_of


def _whole(path: Path, without: tuple[str, ...] = ()) -> str:
    with Store.open(path) as store:
        paths = store.paths
        return contents_of(
            store, [paths.manifest, paths.features, paths.thumbs, paths.all_knn], without
        )


@pytest.fixture
def own_store(own_store: Path) -> Path:
    """A copy of the shared store without kept neighbors, which other tests may have left in it."""
    with Store.open(own_store) as store:
        shutil.rmtree(store.paths.all_knn, ignore_errors=True)
    return own_store


def _label(store: Store) -> None:
    store.catalog.labels.add("star", {3: "yes"})


def _other_label(store: Store) -> None:
    store.catalog.labels.replace("folder", dict.fromkeys(store.catalog.ids("ok").tolist(), "x"))


def _metadata(store: Store) -> None:
    data = (Datum("camera", "box", None),)
    record_outcomes(store.catalog, [Outcome(3, "ok", "d" * 32, 5, 5, "PNG", metadata=data)])


def _failed(store: Store) -> None:
    record_outcomes(store.catalog, [Outcome(5, "failed", reason="damaged")])


def _renamed(store: Store) -> None:
    with store.catalog.transaction() as db:
        db.execute("UPDATE images SET path = 'other.png' WHERE id = 4")


def _gone(store: Store) -> None:
    with store.catalog.transaction() as db:
        db.execute("UPDATE images SET status = 'missing' WHERE id = 4")


def _root(store: Store) -> None:
    with store.catalog.transaction() as db:
        db.execute("UPDATE roots SET path = '/elsewhere'")


def _settings(store: Store) -> None:
    store.set_preview_px(256)


def _neighbors(store: Store) -> None:
    neighbors_of(store)


CHANGES = [_label, _other_label, _metadata, _failed, _renamed, _gone, _root, _settings, _neighbors]


@pytest.mark.parametrize("change", CHANGES)
def test_every_change_counts(own_store: Path, change: Callable[[Store], None]) -> None:
    before = _whole(own_store)
    assert _whole(own_store) == before
    with Store.create(own_store) as store:
        change(store)
    assert _whole(own_store) != before


def test_what_stands_behind_a_nul_counts(own_store: Path) -> None:
    found = set()
    for value in ("a", "a\0c", "a\0d", "a\0", "x610063", "'a'"):
        with Store.create(own_store) as store:
            store.catalog.labels.replace("note", {1: value})
        found.add(_whole(own_store))
    assert len(found) == 6


def test_bytes_where_texts_belong_count(own_store: Path) -> None:
    found = set()
    for value in ("'6162'", "x'6162'", "x'6163'", "'ab'"):
        with Store.create(own_store) as store, store.catalog.transaction() as db:
            db.execute(f"UPDATE images SET detail = {value} WHERE id = 2")
        found.add(_whole(own_store))
    assert len(found) == 4


def test_a_part_that_is_written_again_counts(own_store: Path) -> None:
    before = _whole(own_store)
    part = next((own_store / "thumbs").glob("part-*/thumbs.bin"))
    data = part.read_bytes()
    part.unlink()
    part.write_bytes(data[:-1] + b"x")
    assert _whole(own_store) != before


def test_what_is_kept_once_more_is_the_same(own_store: Path) -> None:
    with Store.open(own_store) as store:
        neighbors_of(store)
        before = _whole(own_store)
        for file in store.paths.all_knn.glob("*/*"):
            file.unlink()
        assert _whole(own_store) != before
        neighbors_of(store)
    assert _whole(own_store) == before


def test_labels_that_a_command_writes_itself_are_left_out(own_store: Path) -> None:
    with Store.open(own_store) as store:
        made_of = Materials((store.paths.features,), (store.paths.all_knn,), ("star",))
        read, whole = made_of.read_only(store), made_of.whole(store)
        assert not keep_labels(store, "star", {3: "yes"})
        neighbors_of(store)
        assert made_of.read_only(store) == read
        assert made_of.whole(store) != whole
        assert not keep_labels(store, "other", {3: "yes"})
        assert made_of.read_only(store) != read


def test_ids_far_apart_count_too(own_store: Path) -> None:
    with Store.create(own_store) as store, store.catalog.transaction() as db:
        db.execute("UPDATE sqlite_sequence SET seq = 99999 WHERE name = 'images'")
        db.execute(
            "INSERT INTO images (root_id, path, size, mtime_ns, status) "
            "SELECT 1, 'far.png', 1, 1, 'failed'"
        )
    before = _whole(own_store)
    with Store.create(own_store) as store, store.catalog.transaction() as db:
        db.execute("UPDATE images SET detail = 'why' WHERE path = 'far.png'")
    assert _whole(own_store) != before
