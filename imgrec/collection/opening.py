"""The SQLite file: opened for writing, or for reading on any disk; its errors in our words."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from imgrec.collection import migrations
from imgrec.errors import StoreError

_OTHER_CAUSES = (
    sqlite3.SQLITE_BUSY,
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_LOCKED,
    sqlite3.SQLITE_PERM,
    sqlite3.SQLITE_READONLY,
)


def open_for_writing(path: Path) -> sqlite3.Connection:
    """Open a catalog for writing; make or migrate it where needed.

    Raises:
        StoreError: it is damaged, or a newer imgrec made it.
    """
    with translated(path):
        db = sqlite3.connect(path, isolation_level=None, timeout=30.0)
        try:
            db.execute("PRAGMA journal_mode = WAL")
            db.execute("PRAGMA synchronous = FULL")  # an id once given must not be given again
            migrations.migrate(db)
        except BaseException:
            db.close()
            raise
    return db


def open_for_reading(path: Path) -> tuple[sqlite3.Connection, bool]:
    """Open a catalog for reading; say whether it is taken for one that never changes.

    Raises:
        StoreError: there is none, it is damaged, or a newer imgrec made it.
    """
    if not path.is_file():
        raise StoreError(
            f"no catalog at {path}: run python -m imgrec.index --store {path.parent}, which "
            "makes it again"
        )
    address, immutable = path.resolve().as_uri(), False
    with translated(path):
        try:
            db = _connect(address + "?mode=ro")
        except sqlite3.OperationalError as error:
            log = log_of(path)
            if log.is_file() and log.stat().st_size:
                raise StoreError(
                    f"{path} has changes that are not folded in yet and cannot be read on a "
                    f"read-only disk ({error}): open the store once where it can be written"
                ) from error
            db = _connect(address + "?mode=ro&immutable=1")  # no -shm file can be made here
            immutable = True
        try:
            migrations.check(db)
        except BaseException:
            db.close()
            raise
    return db, immutable


def log_of(path: Path) -> Path:
    """Return the write-ahead log of a catalog, there or not."""
    return path.with_name(path.name + "-wal")


def is_damage(error: sqlite3.Error) -> bool:
    """Whether what SQLite says is the fault of the file: not of a lock, a right or the disk."""
    return error.sqlite_errorcode & 0xFF not in _OTHER_CAUSES


@contextmanager
def translated(path: Path) -> Iterator[None]:
    """Say in our words what SQLite says of a catalog.

    Raises:
        StoreError: it cannot be opened, or it is damaged.
    """
    try:
        yield
    except (sqlite3.DatabaseError, UnicodeDecodeError) as error:
        if isinstance(error, sqlite3.Error) and not is_damage(error):
            raise StoreError(f"the catalog {path} cannot be opened ({error})") from error
        raise StoreError(
            f"the catalog {path} is damaged ({error}): run python -m imgrec.index "
            f"--store {path.parent}, which makes it again with the same ids"
        ) from error


def _connect(address: str) -> sqlite3.Connection:
    db = sqlite3.connect(address, uri=True, isolation_level=None, check_same_thread=False)
    try:
        db.execute("SELECT count(*) FROM roots").fetchone()
    except sqlite3.Error:
        db.close()
        raise
    return db
