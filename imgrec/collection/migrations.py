"""The catalog's schema as numbered migrations.

Each migration runs in its own transaction and raises `PRAGMA user_version` by one, so a killed
one has done nothing and a finished one is never repeated.

Four tables: `roots` (absolute folders), `images` (one row a content at a place), `labels` (what
stages found out, see `imgrec.collection.labels`) and `metadata` (what a file says of itself).
"""

import sqlite3
from collections.abc import Callable
from pathlib import Path

from imgrec.collection.transaction import transaction
from imgrec.errors import StoreError


def _m001_initial(db: sqlite3.Connection) -> None:
    db.execute("CREATE TABLE roots (id INTEGER PRIMARY KEY, path TEXT NOT NULL UNIQUE)")
    # AUTOINCREMENT: an id stands for one content and is never given again.
    db.execute(
        """CREATE TABLE images (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            root_id INTEGER NOT NULL REFERENCES roots (id),
            path TEXT NOT NULL,
            size INTEGER NOT NULL,
            mtime_ns INTEGER NOT NULL,
            token TEXT NOT NULL DEFAULT '',
            digest TEXT,
            width INTEGER,
            height INTEGER,
            format TEXT,
            status TEXT NOT NULL CHECK (status IN ('new', 'ok', 'failed', 'missing')),
            reason TEXT
        )"""
    )
    db.execute(
        "CREATE UNIQUE INDEX images_place ON images (root_id, path) WHERE status != 'missing'"
    )
    db.execute("CREATE INDEX images_not_ok ON images (status) WHERE status != 'ok'")
    db.execute("CREATE INDEX images_digest ON images (digest)")
    db.execute(
        """CREATE TABLE labels (
            image_id INTEGER NOT NULL REFERENCES images (id),
            kind TEXT NOT NULL,
            value TEXT NOT NULL,
            PRIMARY KEY (image_id, kind, value)
        ) WITHOUT ROWID"""
    )
    db.execute("CREATE INDEX labels_value ON labels (kind, value)")


def _m002_detail(db: sqlite3.Connection) -> None:
    # Why a picture failed, in the decoder's words; of an ok picture, what is odd about its file.
    db.execute("ALTER TABLE images ADD COLUMN detail TEXT")
    db.execute("CREATE INDEX images_detail ON images (status) WHERE detail IS NOT NULL")


def _m003_left_out_and_metadata(db: sqlite3.Connection) -> None:
    # SQLite cannot change a CHECK, so the table is made anew (sqlite.org/lang_altertable.html, 7).
    last = db.execute("SELECT seq FROM sqlite_sequence WHERE name = 'images'").fetchall()
    db.execute(
        """CREATE TABLE images_3 (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            root_id INTEGER NOT NULL REFERENCES roots (id),
            path TEXT NOT NULL,
            size INTEGER NOT NULL,
            mtime_ns INTEGER NOT NULL,
            token TEXT NOT NULL DEFAULT '',
            digest TEXT,
            width INTEGER,
            height INTEGER,
            format TEXT,
            status TEXT NOT NULL
                CHECK (status IN ('new', 'ok', 'failed', 'missing', 'left-out')),
            reason TEXT,
            detail TEXT
        )"""
    )
    names = "id, root_id, path, size, mtime_ns, token, digest, width, height, format, reason, "
    names += "detail"
    # A status that somebody else wrote past the CHECK must not stop every run.
    status = "CASE WHEN status IN ('new', 'ok', 'failed') THEN status ELSE 'missing' END"
    db.execute(
        f"INSERT INTO images_3 ({names}, status) SELECT {names}, {status} FROM images ORDER BY id"
    )
    db.execute("DROP TABLE images")
    db.execute("ALTER TABLE images_3 RENAME TO images")
    # Ids that were given and have no row any more are not given again either.
    db.execute("DELETE FROM sqlite_sequence WHERE name = 'images'")
    db.executemany("INSERT INTO sqlite_sequence (name, seq) VALUES ('images', ?)", last)
    db.execute(
        "CREATE UNIQUE INDEX images_place ON images (root_id, path) WHERE status != 'missing'"
    )
    db.execute("CREATE INDEX images_not_ok ON images (status) WHERE status != 'ok'")
    db.execute("CREATE INDEX images_digest ON images (digest)")
    db.execute("CREATE INDEX images_detail ON images (status) WHERE detail IS NOT NULL")
    # `number` is the value as a number, where a range of it can be asked for.
    db.execute(
        """CREATE TABLE metadata (
            image_id INTEGER NOT NULL REFERENCES images (id),
            name TEXT NOT NULL,
            value TEXT NOT NULL,
            number REAL,
            PRIMARY KEY (image_id, name, value)
        ) WITHOUT ROWID"""
    )
    db.execute("CREATE INDEX metadata_value ON metadata (name, value)")
    db.execute("CREATE INDEX metadata_number ON metadata (name, number) WHERE number IS NOT NULL")


MIGRATIONS: tuple[Callable[[sqlite3.Connection], None], ...] = (
    _m001_initial,
    _m002_detail,
    _m003_left_out_and_metadata,
)


def migrate(db: sqlite3.Connection) -> None:
    """Bring a catalog to the newest schema.

    Raises:
        StoreError: the schema is newer than this imgrec.
    """
    check(db)
    for number, step in enumerate(MIGRATIONS, start=1):
        with transaction(db):
            # Another process may have done this step since the check.
            if number > db.execute("PRAGMA user_version").fetchone()[0]:
                step(db)
                db.execute(f"PRAGMA user_version = {number}")


def check_current(db: sqlite3.Connection, path: Path) -> None:
    """Check that a catalog that is only read has the newest schema.

    Args:
        db: its connection.
        path: of the catalog, for the message.

    Raises:
        StoreError: it is newer than this imgrec, or older and has to be migrated.
    """
    check(db)
    (done,) = db.execute("PRAGMA user_version").fetchone()
    if done < len(MIGRATIONS):
        raise StoreError(
            f"the catalog has schema {done}, this imgrec reads {len(MIGRATIONS)}: run imgrec index "
            f"--store {path.parent}, which migrates it"
        )


def check(db: sqlite3.Connection) -> None:
    """Check that a catalog's schema is not newer than this imgrec.

    Raises:
        StoreError: it is.
    """
    (done,) = db.execute("PRAGMA user_version").fetchone()
    if done > len(MIGRATIONS):
        raise StoreError(
            f"the catalog has schema {done}, this imgrec knows {len(MIGRATIONS)}: "
            "install the newer imgrec that made it"
        )
