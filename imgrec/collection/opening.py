"""The SQLite connection of a catalog: for writing, or for reading on any disk.

The catalog is in WAL mode: readers see a consistent state while one process writes. A reader
needs a shared-memory file beside the catalog; on a read-only disk there is none, so it opens
the file as immutable, which is right only while nobody writes. Errors of SQLite are translated
here into `StoreError`, with what to do.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from imgrec.collection import migrations
from imgrec.collection.schema import (
    check_journal,
    check_names,
    ids_problem,
    roots_problem,
    schema_problem,
    secure,
)
from imgrec.errors import StoreError

# Causes that are not the fault of the file: locks, permissions, the disk.
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
    """Open a catalog for writing; create or migrate it as needed.

    Raises:
        StoreError: it is damaged or locked, or has a newer schema or one that is not ours; or
            one of its files has a second name.
    """
    check_names(path, writing=True)
    check_journal(path)
    with translated(path):
        db = sqlite3.connect(path, isolation_level=None, timeout=30.0)
        try:
            secure(db)
            migrations.check(db)
            _check_content(db)
            db.execute("PRAGMA journal_mode = WAL")
            # After a power cut an id that was given must not be given again: sync each commit.
            db.execute("PRAGMA synchronous = FULL")
            migrations.migrate(db)
        except BaseException:
            db.close()
            raise
    return db


def open_for_reading(path: Path) -> tuple[sqlite3.Connection, bool]:
    """Open a catalog for reading; return the connection, and True if it is opened as immutable.

    Raises:
        StoreError: there is none, it is damaged, or has another schema; one of its files has a
            second name; or the disk is read-only and the write-ahead log holds changes.
    """
    if not path.is_file():
        raise StoreError(
            f"no catalog at {path}: run imgrec index --store {path.parent}, which makes it again"
        )
    check_names(path, writing=False)
    address, immutable = path.resolve().as_uri(), False
    with translated(path):
        try:
            db = _connect(address + "?mode=ro")
        except sqlite3.OperationalError as error:
            log = log_of(path)
            if log.is_file() and log.stat().st_size:
                raise StoreError(
                    f"{path} has changes in its write-ahead log and cannot be read on a "
                    f"read-only disk ({error}): open the store once where it can be written"
                ) from error
            # No -shm file can be created here.
            db = _connect(address + "?mode=ro&immutable=1")
            immutable = True
        try:
            migrations.check_current(db, path)
            _check_content(db)
        except BaseException:
            db.close()
            raise
    return db, immutable


def log_of(path: Path) -> Path:
    """Return the path of a catalog's write-ahead log, whether or not it exists."""
    return path.with_name(path.name + "-wal")


def is_damage(error: sqlite3.Error) -> bool:
    """True if an SQLite error means a damaged file, not a lock, a permission or the disk."""
    return error.sqlite_errorcode & 0xFF not in _OTHER_CAUSES


@contextmanager
def translated(path: Path) -> Iterator[None]:
    """Translate the SQLite errors of a block into `StoreError`.

    Raises:
        StoreError: the catalog cannot be opened, or is damaged.
    """
    try:
        yield
    except (sqlite3.DatabaseError, UnicodeDecodeError) as error:
        if isinstance(error, sqlite3.Error) and not is_damage(error):
            raise StoreError(f"the catalog {path} cannot be opened ({error})") from error
        raise StoreError(
            f"the catalog {path} is damaged ({error}): run imgrec index "
            f"--store {path.parent}, which makes it again with the same ids"
        ) from error


def _connect(address: str) -> sqlite3.Connection:
    db = sqlite3.connect(address, uri=True, isolation_level=None, check_same_thread=False)
    try:
        secure(db)
        # Reads the file: SQLite opens it as late as this.
        db.execute("SELECT count(*) FROM sqlite_master").fetchone()
    except sqlite3.Error:
        db.close()
        raise
    return db


def _check_content(db: sqlite3.Connection) -> None:
    """Check schema, roots and range of ids of a catalog before any other statement is run on it.

    Raises:
        sqlite3.DatabaseError: they are not as imgrec writes them.
    """
    # In one transaction: another process may migrate it meanwhile.
    db.execute("BEGIN")
    try:
        problem = schema_problem(db)
        (done,) = db.execute("PRAGMA user_version").fetchone()
        problem = problem or ((roots_problem(db) or ids_problem(db)) if done else None)
    finally:
        db.execute("ROLLBACK")
    if problem:
        error = sqlite3.DatabaseError(problem)
        error.sqlite_errorcode = sqlite3.SQLITE_CORRUPT
        raise error
