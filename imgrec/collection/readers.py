"""The connections of a catalog that several threads read: one for each of them.

A connection of SQLite sees one state of the file while any of its statements is unfinished. Threads
that share one see what was committed only in a moment when none of them reads, which under load may
never come. With a connection of its own a thread sees it from its next statement on.
"""

import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from weakref import WeakSet, finalize

# Of a connection beside the first, in KiB: there may be a dozen.
_CACHE_KIB = 1024


class _Own:
    """The connection of a thread, closed when the thread ends."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self.db = db
        finalize(self, db.close).atexit = False


class Readers:
    """The connections of a catalog that is read; thread-safe."""

    def __init__(self, first: sqlite3.Connection, open_another: Callable[[], sqlite3.Connection]):
        """Begin with the connection of this thread.

        Args:
            first: open.
            open_another: returns another to the same file.
        """
        self._open_another = open_another
        self._local = threading.local()
        self._all: WeakSet[_Own] = WeakSet()
        self._closed = False
        self._lock = threading.Lock()
        self._watching: sqlite3.Connection | None = None
        self._keep(first)

    def own(self) -> sqlite3.Connection:
        """Return the connection of this thread.

        Raises:
            StoreError: it is new, and the catalog cannot be opened any more.
        """
        own: _Own | None = getattr(self._local, "own", None)
        if own is None:
            own = self._keep(self._open_another())
            own.db.execute(f"PRAGMA cache_size = -{_CACHE_KIB}")
        return own.db

    def version(self) -> int:
        """Return a token that changes when anybody commits; the same for all threads."""
        # Never two statements at once on this one: it sees each commit.
        with self._lock:
            if self._watching is None:
                self._check_open()
                self._watching = self._open_another()
            ((version,),) = self._watching.execute("PRAGMA data_version").fetchall()
        return int(version)

    @contextmanager
    def one_state(self) -> Iterator[None]:
        """Let this thread read one state of the catalog while a block runs."""
        # An unfinished statement holds the state; there is always more than one table.
        holding = self.own().execute("SELECT name FROM sqlite_master")
        holding.fetchone()
        try:
            yield
        finally:
            holding.close()

    def close(self) -> None:
        """Close all connections; what other threads read then fails."""
        with self._lock:
            self._closed = True
            for own in [*self._all]:
                own.db.close()
            if self._watching is not None:
                self._watching.close()

    def _keep(self, db: sqlite3.Connection) -> _Own:
        own = _Own(db)
        with self._lock:
            self._all.add(own)
            if self._closed:
                db.close()
        self._local.own = own
        return own

    def _check_open(self) -> None:
        if self._closed:
            raise sqlite3.ProgrammingError("Cannot operate on a closed database.")
