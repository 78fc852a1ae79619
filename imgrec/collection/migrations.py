"""The catalog's schema as numbered migrations.

Each migration runs in its own transaction and raises `PRAGMA user_version` by one, so a killed
one has done nothing and a finished one is never repeated.

Three tables: `roots` (absolute folders), `images` (one row a content at a place), and `labels`
(what stages found out, see `imgrec.collection.labels`).
"""

import sqlite3
from collections.abc import Callable

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


MIGRATIONS: tuple[Callable[[sqlite3.Connection], None], ...] = (_m001_initial,)


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


def check(db: sqlite3.Connection) -> None:
    """Check that a catalog's schema is known.

    Raises:
        StoreError: it is newer than this imgrec.
    """
    (done,) = db.execute("PRAGMA user_version").fetchone()
    if done > len(MIGRATIONS):
        raise StoreError(
            f"the catalog has schema {done}, this imgrec knows {len(MIGRATIONS)}: "
            "install the newer imgrec that made it"
        )
