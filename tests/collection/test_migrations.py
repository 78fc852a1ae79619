"""Migrations: a catalog of an older schema keeps its rows, and gives none of its ids again."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from imgrec.collection import Catalog
from imgrec.collection.integrity import catalog_problem
from older_catalogs import downgrade

ROWS = (
    "SELECT id, root_id, CAST(path AS BLOB), size, mtime_ns, token, digest, width, height, format, "
    "status, reason, detail FROM images ORDER BY id"
)


@pytest.fixture
def older(tmp_path: Path) -> Iterator[Path]:
    """Make a catalog of schema 2 with a row of each status; the last ids given are gone."""
    path = tmp_path / "catalog.sqlite"
    Catalog.create(path).close()
    downgrade(path, 2)
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        db.execute("INSERT INTO roots VALUES (1, '/pictures')")
        rows = [
            (3, "a.jpg", "ok", "0" * 32, 4, 5, "JPEG", None, "odd"),
            (5, "b.jpg", "failed", None, None, None, None, "truncated", "cut"),
            (6, "a.jpg", "missing", "1" * 32, 4, 5, "PNG", None, None),
            (7, "a.jpg", "missing", None, None, None, None, None, None),
            (9, "c.jpg", "new", None, None, None, None, None, None),
        ]
        db.executemany(
            "INSERT INTO images (id, root_id, path, size, mtime_ns, token, status, digest, width, "
            "height, format, reason, detail) VALUES (?1, 1, ?2, 10, 20, '', ?3, ?4, ?5, ?6, ?7, "
            "?8, ?9)",
            rows,
        )
        db.execute("UPDATE images SET path = CAST(X'ff2e6a7067' AS TEXT) WHERE id = 9")
        db.execute("INSERT INTO labels VALUES (3, 'color', 'red'), (6, 'folder', 'pictures')")
        db.execute("UPDATE sqlite_sequence SET seq = 40 WHERE name = 'images'")
    yield path


def _state(path: Path) -> tuple[list[object], list[object], list[object]]:
    with closing(sqlite3.connect(path)) as db:
        given = "SELECT name, seq FROM sqlite_sequence"
        labels = "SELECT * FROM labels ORDER BY 1, 2, 3"
        return tuple(db.execute(query).fetchall() for query in (ROWS, labels, given))  # type: ignore[return-value]


def test_a_catalog_of_schema_2_keeps_every_row_and_gives_no_id_again(older: Path) -> None:
    before = _state(older)
    with closing(Catalog.create(older)) as catalog:
        assert catalog.last_given_id() == 40
        assert catalog.totals.counts()["missing"] == 2
        catalog.db.execute("UPDATE images SET status = 'left-out' WHERE id = 3")
        with pytest.raises(sqlite3.IntegrityError):
            catalog.db.execute("UPDATE images SET status = 'other' WHERE id = 3")
        # A place that is left out is still taken.
        with pytest.raises(sqlite3.IntegrityError):
            catalog.db.execute("UPDATE images SET status = 'ok' WHERE id = 6")
        catalog.db.execute("UPDATE images SET status = 'ok' WHERE id = 3")
    assert _state(older) == before
    assert catalog_problem(older, deep=True) is None
    with closing(Catalog.open(older)) as catalog:
        assert [entry.path for entry in catalog.entries([9])] == ["\udcff.jpg"]


def test_an_interrupted_migration_changes_nothing(
    older: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from imgrec.collection import migrations

    before, step = _state(older), migrations.MIGRATIONS[2]

    def killed(db: sqlite3.Connection) -> None:
        step(db)
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(migrations, "MIGRATIONS", (*migrations.MIGRATIONS[:2], killed))
        with pytest.raises(KeyboardInterrupt):
            Catalog.create(older)
    with closing(sqlite3.connect(older)) as db:
        assert db.execute("PRAGMA user_version").fetchone() == (2,)
        assert "left-out" not in str(db.execute("SELECT sql FROM sqlite_master").fetchall())
    assert _state(older) == before
    Catalog.create(older).close()
    assert catalog_problem(older, deep=True) is None


def test_a_status_that_no_schema_has_does_not_stop_the_migration(older: Path) -> None:
    with closing(sqlite3.connect(older, isolation_level=None)) as db:
        db.execute("PRAGMA ignore_check_constraints = ON")
        db.execute("UPDATE images SET status = 'odd' WHERE id = 3")
    with closing(Catalog.create(older)) as catalog:
        assert [entry.status for entry in catalog.entries([3, 5])] == ["missing", "failed"]
