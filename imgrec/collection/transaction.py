"""Transactions of an SQLite connection that is in autocommit mode."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def transaction(db: sqlite3.Connection) -> Iterator[sqlite3.Connection]:
    """Run a block as one atomic transaction: committed whole, or rolled back on any exception.

    The write lock is taken at the start (`BEGIN IMMEDIATE`), so that a block which reads first
    and writes later cannot fail halfway because another process has written in between.
    """
    db.execute("BEGIN IMMEDIATE")
    try:
        yield db
    except BaseException:
        db.execute("ROLLBACK")
        raise
    db.execute("COMMIT")
