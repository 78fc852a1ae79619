"""An open catalog file: its connection or connections, and whether they still see what is there.

Whoever writes has one connection. Whoever reads has one for each thread
(`imgrec.collection.readers`), or, where the disk is read-only, one that takes the file for
immutable.
"""

import sqlite3
from contextlib import AbstractContextManager, nullcontext, suppress
from pathlib import Path

from imgrec.collection.names import add_composed
from imgrec.collection.opening import log_of, open_for_reading, open_for_writing
from imgrec.collection.readers import Readers
from imgrec.errors import StoreError


class Connection:
    """The open file of a catalog, for SQL in autocommit mode."""

    def __init__(
        self,
        db: sqlite3.Connection,
        path: Path,
        *,
        immutable: bool = False,
        read_by_threads: bool = False,
    ) -> None:
        self._db = db
        add_composed(db)
        self._path = path
        self._immutable = immutable
        self._opened = self._file_state()
        self._readers = Readers(db, self._another) if read_by_threads else None

    @classmethod
    def create(cls, path: Path) -> "Connection":
        """Open a catalog for writing, see `imgrec.collection.opening.open_for_writing`."""
        return cls(open_for_writing(path), path)

    @classmethod
    def open(cls, path: Path) -> "Connection":
        """Open a catalog for reading, see `imgrec.collection.opening.open_for_reading`."""
        db, immutable = open_for_reading(path)
        # What is immutable is the same for all.
        return cls(db, path, immutable=immutable, read_by_threads=not immutable)

    def own(self) -> sqlite3.Connection:
        """Return the connection, of this thread where the catalog is open for reading."""
        return self._readers.own() if self._readers else self._db

    def one_state(self) -> AbstractContextManager[object]:
        """Let this thread read one state while a block runs, whatever others commit meanwhile."""
        return self._readers.one_state() if self._readers else nullcontext()

    def close(self) -> None:
        """Close all connections."""
        if self._readers:
            self._readers.close()
        self._db.close()

    def version(self) -> int:
        """Return a token that changes when another connection commits to the catalog."""
        if self._readers:
            return self._readers.version()
        return int(self._db.execute("PRAGMA data_version").fetchone()[0])

    def is_outdated(self) -> bool:
        """True if the file must be opened again.

        That is so when another file has taken its place, as a restored catalog does. A
        connection opened as immutable never sees changes, so for it any change of the file
        counts.
        """
        return self._file_state() != self._opened

    def _another(self) -> sqlite3.Connection:
        """Return another connection to the file that was opened.

        Raises:
            StoreError: another file has taken its place, or it cannot be opened.
        """
        db, _ = open_for_reading(self._path)
        add_composed(db)
        if self.is_outdated():
            db.close()
            raise StoreError(f"the catalog {self._path} was replaced: ask again")
        return db

    def _file_state(self) -> tuple[int, ...]:
        if not self._immutable:
            # Asked several times a question.
            try:
                return (self._path.stat().st_ino,)
            except (FileNotFoundError, NotADirectoryError):
                return ()
        files = self._path, log_of(self._path)
        states = []
        for path in files:
            with suppress(FileNotFoundError, NotADirectoryError):
                states.append(path.stat())
        return tuple(value for s in states for value in (s.st_ino, s.st_mtime_ns, s.st_size))
