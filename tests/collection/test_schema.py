"""A catalog from somebody else: triggers, views, other tables, paths that lead out, odd types."""

import os
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from imgrec import StoreError
from imgrec.collection import Catalog
from imgrec.collection.changes import Changes, apply
from imgrec.collection.integrity import catalog_problem
from imgrec.collection.matching import FoundFile
from imgrec.collection.places import is_picture_path, is_root
from imgrec.collection.rows import MOST_ID
from imgrec.collection.schema import check_journal


@pytest.fixture
def catalog(tmp_path: Path) -> Iterator[Path]:
    path = tmp_path / "catalog.sqlite"
    made = Catalog.create(path)
    made.db.execute("INSERT INTO roots VALUES (1, '/pictures')")
    made.db.execute(
        "INSERT INTO images (id, root_id, path, size, mtime_ns, status, format, width, height, "
        "digest) VALUES (1, 1, 'a/b.jpg', 10, 20, 'ok', 'JPEG', 3, 2, '00')"
    )
    made.db.execute("INSERT INTO labels VALUES (1, 'color', 'red')")
    made.close()
    yield path


def _run(path: Path, *statements: str) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        db.execute("PRAGMA writable_schema = ON")
        for statement in statements:
            db.execute(statement)


HOSTILE = {
    "a trigger": "CREATE TRIGGER t AFTER UPDATE ON images BEGIN DELETE FROM labels; END",
    "a view": "CREATE VIEW v AS SELECT 1",
    "a table": "CREATE TABLE more (a)",
    "a virtual table": "CREATE VIRTUAL TABLE f USING fts5 (a)",
    "an index on an expression": "CREATE INDEX i ON images (abs(size))",
    "a generated column": "ALTER TABLE images ADD COLUMN g AS (hex(zeroblob(9)))",
    "a column": "ALTER TABLE images ADD COLUMN more TEXT",
    "another check": (
        "UPDATE sqlite_master SET sql = replace(sql, '''new''', '''old''') WHERE name = 'images'"
    ),
    "no index": "DROP INDEX images_digest",
    "a negative version": "PRAGMA user_version = -1",
}


@pytest.mark.parametrize("what", HOSTILE)
def test_any_other_schema_is_refused(catalog: Path, what: str) -> None:
    _run(catalog, HOSTILE[what])
    for attempt in (Catalog.open, Catalog.create):
        with pytest.raises(StoreError, match=r"is damaged|has schema -1"):
            attempt(catalog)
    assert catalog_problem(catalog) is not None


def test_a_view_in_place_of_a_table_is_not_evaluated(catalog: Path) -> None:
    bomb = "WITH RECURSIVE r (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM r) SELECT count(*) FROM r"
    _run(catalog, "DROP TABLE roots", f"CREATE VIEW roots (id, path) AS SELECT 1, ({bomb})")
    with pytest.raises(StoreError, match="damaged"):
        Catalog.open(catalog)
    assert "roots" in (catalog_problem(catalog, deep=True) or "")


def test_a_sound_catalog_has_no_problem(catalog: Path) -> None:
    assert catalog_problem(catalog, deep=True) is None
    with closing(Catalog.open(catalog)) as opened:
        assert [entry.path for entry in opened.entries([1])] == ["a/b.jpg"]


@pytest.mark.parametrize("root", ["pictures", "", "/a/../b", "/a\0b", "x" * 70_000])
def test_roots_that_are_no_absolute_paths(catalog: Path, root: str) -> None:
    with closing(sqlite3.connect(catalog, isolation_level=None)) as db:
        db.execute("UPDATE roots SET path = ?", [root])
    with pytest.raises(StoreError, match="no absolute path"):
        Catalog.open(catalog)


SOUND = ["a.jpg", "a/b c/d.jpg", "..a/b..", "a\nb", "...", ".hidden/.x", "a//b", "a\udcff"]
OUTSIDE = ["", "/a", "../a", "a/../b", "a/..", "..", ".", "a/", "a\0b", "./a", "x" * 70_000]


def test_paths() -> None:
    assert [path for path in SOUND if not is_picture_path(path)] == []
    assert [path for path in OUTSIDE if is_picture_path(path)] == []
    assert not is_picture_path(b"a")
    assert all(map(is_root, ["/", "/a/b", "C:\\pictures", "\\\\server\\share\\x"]))
    assert not any(map(is_root, ["", "a", "..", None, 3, "http://a/b"]))


@pytest.mark.parametrize(
    "change",
    [
        *(f"path = CAST(X'{path.encode().hex()}' AS TEXT)" for path in OUTSIDE[:9] if path),
        "path = ''",
        "path = X'00ff'",
        "size = 'many'",
        "mtime_ns = 1.5",
        "width = X'00'",
        "format = X'41'",
    ],
)  # fmt: skip
def test_rows_that_lead_out_or_have_other_types(catalog: Path, change: str) -> None:
    _run(catalog, f"UPDATE images SET {change}")
    with closing(Catalog.open(catalog)) as opened, pytest.raises(StoreError, match="picture 1 of"):
        opened.entries([1])


def test_odd_types_of_labels_and_numbers_become_what_their_columns_are(catalog: Path) -> None:
    _run(
        catalog,
        "UPDATE images SET size = 'many', width = X'41'",
        "INSERT INTO labels VALUES ('one', X'6b', X'ff')",
        "INSERT INTO labels VALUES (1, 'n', 2.5)",
    )
    with closing(Catalog.open(catalog)) as opened:
        assert opened.file_table().tolist() == [[1, 0, 2, 0, 20]]
        assert opened.labels.of([1]) == {1: {"color": "red", "n": "2.5"}}
        assert all(type(kind) is str for kind in opened.totals.labels())


def test_a_journal_that_names_another_file_is_refused(catalog: Path, tmp_path: Path) -> None:
    """SQLite deletes the file that such a journal names."""
    victim, journal = tmp_path / "victim", catalog.with_name(catalog.name + "-journal")
    victim.write_text("mine")
    name = str(victim).encode()
    magic = bytes.fromhex("d9d505f920a163d7")
    checksum = sum(name).to_bytes(4, "big")
    end = (1).to_bytes(4, "big") + name + len(name).to_bytes(4, "big") + checksum + magic
    header = magic + (0).to_bytes(4, "big") * 3 + (512).to_bytes(4, "big") * 2
    journal.write_bytes(header.ljust(512, b"\0") + end)
    with pytest.raises(StoreError, match="names another file"):
        Catalog.create(catalog)
    assert victim.read_text() == "mine"
    journal.write_bytes(b"")
    check_journal(catalog)
    journal.write_bytes(header.ljust(512, b"\0"))
    check_journal(catalog)


BEYOND = ["UPDATE images SET id = 2147483648", "UPDATE images SET id = -1"]
BEYOND += [f"UPDATE sqlite_sequence SET seq = {seq}" for seq in (2**31, 2**63 - 1, -1, "'next'")]


@pytest.mark.parametrize("change", BEYOND)
def test_ids_that_fit_no_array_of_a_store(catalog: Path, change: str) -> None:
    """An id is half of a number of 64 bits where pairs are sorted."""
    _run(catalog, change)
    for attempt in (Catalog.open, Catalog.create):
        with pytest.raises(StoreError, match="ids are 0 to"):
            attempt(catalog)
    assert "ids are 0 to" in (catalog_problem(catalog) or "")


@pytest.mark.parametrize(("last", "fits"), [(MOST_ID - 2, True), (MOST_ID - 1, False)])
def test_the_last_id(catalog: Path, last: int, fits: bool) -> None:
    _run(catalog, f"UPDATE sqlite_sequence SET seq = {last}")
    new = [FoundFile("/pictures", name, 1, 1) for name in ("x.jpg", "y.jpg")]
    with closing(Catalog.create(catalog)) as opened:
        if not fits:
            with pytest.raises(StoreError, match="another store"):
                apply(opened, Changes(new=new))
            assert opened.last_id() == 1
            return
        apply(opened, Changes(new=new))
        assert opened.last_id() == MOST_ID
    with closing(Catalog.open(catalog)) as opened:
        assert opened.last_given_id() == MOST_ID


@pytest.mark.skipif(os.name != "posix", reason="hard links as POSIX has them")
@pytest.mark.parametrize("ending", ["", "-wal", "-shm", "-journal"])
def test_a_file_with_another_name_is_not_written(
    catalog: Path, tmp_path: Path, ending: str
) -> None:
    """SQLite writes to it in place; opening for reading truncates the shared memory."""
    mine, place = tmp_path / "mine", catalog.with_name(catalog.name + ending)
    if not ending:
        shutil.copy(catalog, mine)
    else:
        mine.write_bytes(b"mine" * 10_000)
    place.unlink(missing_ok=True)
    place.hardlink_to(mine)
    before = mine.read_bytes()
    with pytest.raises(StoreError, match="hard link"):
        Catalog.create(catalog)
    if ending:
        for attempt in (Catalog.open, catalog_problem):
            with pytest.raises(StoreError, match="hard link"):
                attempt(catalog)
    assert mine.read_bytes() == before
