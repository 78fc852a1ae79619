"""The catalog's schema as numbered migrations.

Each migration runs in its own transaction and raises `PRAGMA user_version` by one, so a killed
one has done nothing and a finished one is never repeated.

Three tables: `roots` (absolute folders), `images` (one row a content at a place), and `labels`
(what stages found out, see `imgrec.collection.labels`).
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


MIGRATIONS: tuple[Callable[[sqlite3.Connection], None], ...] = (_m001_initial, _m002_detail)


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
