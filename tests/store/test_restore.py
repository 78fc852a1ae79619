"""A catalog that is lost or damaged, made again from parts written by hand, under the same ids."""

import json
import shutil
import sqlite3
from pathlib import Path

import numpy as np
import pytest
from filelock import FileLock

from imgrec import Store, StoreError
from imgrec.collection import Outcome
from imgrec.collection.changes import Changes, apply
from imgrec.collection.matching import FoundFile
from imgrec.collection.outcomes import record_outcomes
from imgrec.store.origins import origins_of, write_roots
from imgrec.store.parts import write_part
from imgrec.store.restore import damage_noticed, restore
from imgrec.store.set_aside import report_damaged, reported_damaged
from thumb_parts import write_thumbs

LABELS = (
    "labels of communities, clusters and duplicates come back when imgrec graph and imgrec "
    "projector are run again"
)
NAMES = ("x/a.jpg", "x/b.jpg", "c.jpg", "d.jpg")


def _thumbs(store: Store, number: int, *ids: int, without_metadata: bool = False) -> None:
    """Read pictures, and write their part of thumbnails."""
    outcomes = [Outcome(i, "ok", f"digest {i}", 10 + i, 20 + i, "JPEG") for i in ids]
    record_outcomes(store.catalog, outcomes)
    entries, array = store.catalog.entries(ids), np.array(ids, np.int64)
    origins = origins_of(array, entries, outcomes, store.catalog.roots())
    if without_metadata:
        told = json.loads(origins)
        del told["metadata"]
        origins = json.dumps(told).encode()
    write_thumbs(store.paths.thumbs, number, array, [b"thumb"] * len(ids), origins)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Make a store of four pictures in two parts of thumbnails."""
    path = tmp_path / "store"
    with Store.create(path) as store:
        apply(store.catalog, Changes(new=[FoundFile("/r", name, 9, 7) for name in NAMES]))
        _thumbs(store, 0, 1, 2)
        _thumbs(store, 1, 3, 4)
        write_roots(path, store.catalog)
    return path


def _rows(path: Path) -> list[tuple[object, ...]]:
    with Store.open(path) as store:
        entries = store.catalog.entries(store.catalog.ids("ok", "missing", "new"))
        return [
            (e.id, e.root, e.path, e.size, e.mtime_ns, e.digest, e.width, e.height, e.status)
            for e in entries
        ]


def _damage(path: Path) -> None:
    (path / "catalog.sqlite").write_bytes(b"words, not a database" * 300)


def test_a_sound_store_is_left_as_it_is(path: Path) -> None:
    def files() -> dict[Path, int]:
        # SQLite makes the files of its log when it reads.
        volatile = {"lock", "catalog.sqlite-wal", "catalog.sqlite-shm"}
        found = (file for file in path.rglob("*") if file.name not in volatile)
        return {file: file.stat().st_mtime_ns for file in found}

    before = files()
    assert restore(path) == []
    assert files() == before


def test_a_lost_catalog_comes_back_with_the_same_ids(path: Path) -> None:
    before = _rows(path)
    (path / "catalog.sqlite").unlink()
    assert restore(path) == [
        f"the catalog {path / 'catalog.sqlite'} was lost or damaged (it is not there): made again "
        "with 4 pictures under their ids",
        LABELS,
    ]
    assert _rows(path) == before
    assert [(row[0], row[5], row[8]) for row in before] == [
        (i, f"digest {i}", "ok") for i in (1, 2, 3, 4)
    ]
    with Store.open(path) as store:
        assert store.catalog.labels.of([1, 3]) == {1: {"folder": "x"}, 3: {"folder": "r"}}
    assert restore(path) == []


def test_a_part_from_before_metadata_was_read_restores_its_pictures(path: Path) -> None:
    before = _rows(path)
    shutil.rmtree(path / "thumbs" / "part-000000")
    with Store.create(path) as store:
        _thumbs(store, 0, 1, 2, without_metadata=True)
    (path / "catalog.sqlite").unlink()
    assert "with 4 pictures under their ids" in restore(path)[0]
    assert _rows(path) == before


def test_damaged_catalogs_are_kept_beside_each_other(path: Path) -> None:
    before = _rows(path)
    for number in (1, 2, 3):
        _damage(path)
        (path / "catalog.sqlite-wal").write_bytes(b"log")
        (path / "catalog.sqlite-shm").write_bytes(b"memory")
        first, _ = restore(path)
        assert first.endswith(f"; the damaged one is catalog.sqlite.damaged-{number}")
        aside = path / f"catalog.sqlite.damaged-{number}"
        assert aside.read_bytes().startswith(b"words")
        log = path / f"catalog.sqlite.damaged-{number}-wal"
        assert log.read_bytes() == b"log"
        assert not (path / "catalog.sqlite-shm").exists()
        assert _rows(path) == before
    assert not list(path.glob(".tmp-*"))


def test_pictures_that_no_sound_part_tells_of_are_counted(path: Path) -> None:
    (path / "thumbs" / "part-000001" / "pictures.json").unlink()
    with Store.create(path) as store:
        folder = store.paths.feature("x")
    folder.mkdir(parents=True)
    vectors = np.zeros((3, 2), np.float32)
    write_part(folder, 0, {"ids.npy": np.array([2, 3, 9]), "vectors.npy": vectors})
    (path / "catalog.sqlite").unlink()
    lines = restore(path)
    assert "made again with 2 pictures under their ids" in lines[0]
    # 3 and 9, of which a part has vectors; the thumbnails of 3 and 4 are damaged.
    assert lines[1] == (
        "of 2 pictures no part says which files they are (those parts are damaged too): they are "
        "read again, under new ids"
    )
    assert lines[2] == LABELS
    assert [row[0] for row in _rows(path) if row[8] == "ok"] == [1, 2]


def test_a_reported_catalog_is_checked_to_the_last_index(path: Path) -> None:
    report_damaged(path, ["catalog.sqlite"])
    # It is sound all the same.
    assert restore(path) == []


def test_a_lost_manifest_is_written_anew_and_says_so(path: Path) -> None:
    (path / "store.json").unlink()
    (line,) = restore(path)
    assert line == (
        f"{path / 'store.json'} was lost or damaged: written anew, the encoder is rgb; "
        "--follow-links, --take, --exclude, --include and --previews are to be given again"
    )
    with Store.open(path):
        pass


def test_what_is_no_store_of_this_format_is_left_alone(path: Path, tmp_path: Path) -> None:
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "a.txt").write_text("mine", "utf-8")
    assert restore(tmp_path / "photos") == []
    assert [file.name for file in (tmp_path / "photos").iterdir()] == ["a.txt"]
    manifest = json.loads((path / "store.json").read_text("utf-8"))
    (path / "store.json").write_text(json.dumps({**manifest, "format": 99}), "utf-8")
    (path / "catalog.sqlite").unlink()
    assert restore(path) == []
    assert not (path / "catalog.sqlite").exists()


def test_a_store_that_another_run_writes_to_is_left_alone(path: Path) -> None:
    (path / "catalog.sqlite").unlink()
    with FileLock(path / "lock"):
        assert restore(path) == []
    assert not (path / "catalog.sqlite").exists()
    assert len(restore(path)) == 2


def test_damage_that_is_met_while_reading_is_reported_to_the_next_run(path: Path) -> None:
    report_damaged(path, ["thumbs/part-000000"])
    with pytest.raises(StoreError) as error, damage_noticed(path):
        raise sqlite3.DatabaseError("malformed")
    assert str(error.value) == (
        f"the catalog {path / 'catalog.sqlite'} is damaged (malformed): run the same command "
        "again, which makes it anew with the same ids"
    )
    assert reported_damaged(path) == {"thumbs/part-000000", "catalog.sqlite"}


@pytest.mark.parametrize(
    "error", [sqlite3.OperationalError("locked"), sqlite3.ProgrammingError("closed"), OSError(5)]
)
def test_other_errors_are_no_damage(path: Path, error: Exception) -> None:
    with pytest.raises(type(error)) as raised, damage_noticed(path):
        raise error
    assert raised.value is error
    assert reported_damaged(path) == set()


def test_damage_is_told_where_it_cannot_be_reported(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "full")

    monkeypatch.setattr("imgrec.store.restore.report_damaged", full)
    with pytest.raises(StoreError, match="is damaged"), damage_noticed(path):
        raise sqlite3.DatabaseError("malformed")
