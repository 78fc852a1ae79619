"""Backends of the vector cache: a SQLite file with least-recently-used eviction, or redis.

Both are given a time in which to answer. SQLite stops at the deadline by itself; a redis server is
asked in a thread that is left behind there, since the timeouts of a socket start again with each
byte, and name resolution has none.
"""

import sqlite3
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from redis import Redis

# For all that one question asks a backend.
SQLITE_LIMIT_S = 2.0
REDIS_LIMIT_S = 1.0
REDIS_PREFIX = "imgrec:vector:1:"
# For a connection, and for each part of an answer.
_REDIS_TIMEOUT_S = 0.5
# A vector of 65,536 values has a quarter of it.
_MAX_VALUE_BYTES = 2**20
# SQLite calls back after so many of its instructions, about a millisecond.
_INSTRUCTIONS = 100_000
# SQLite's application_id marks a file as this cache; it changes with the schema.
_APPLICATION_ID = 0x696D6776
_TABLE = (
    "CREATE TABLE vectors "
    "(used INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE, vector BLOB NOT NULL)"
)
# Everything but the index that SQLite makes for UNIQUE.
_OWN_SCHEMA = "SELECT sql FROM sqlite_master WHERE name <> 'sqlite_autoindex_vectors_1' LIMIT 2"
_LATEST = "(SELECT coalesce(max(used), 0) FROM vectors)"
_DROP = "DELETE FROM vectors WHERE used IN (SELECT used FROM vectors ORDER BY used LIMIT 8)"


class Place(Protocol):
    """A key-value store of bytes, opened at the first read or write.

    Attributes:
        name: for messages; without passwords.
        errors: exceptions that mean that the backend cannot be used; TimeoutError is one.
        limit_s: seconds that one question may take of it.
    """

    name: str
    errors: tuple[type[Exception], ...]
    limit_s: float

    def read(self, key: str, within_s: float) -> object:
        """Return the bytes of a key, None where there are none; fail after `within_s` seconds."""
        ...

    def write(self, key: str, data: bytes, within_s: float) -> None:
        """Keep bytes under a key; fail after `within_s` seconds."""
        ...

    def close(self) -> None:
        """Let go of the file or socket."""
        ...


class SqliteFile:
    """A SQLite table whose primary key is the order of last use, for eviction from the front."""

    # A damaged schema gives messages that are no UTF-8.
    errors: tuple[type[Exception], ...] = (sqlite3.Error, OSError, UnicodeDecodeError)
    limit_s = SQLITE_LIMIT_S

    def __init__(self, path: Path, max_bytes: int) -> None:
        self.name = str(path)
        self._path, self._max_bytes = path, max_bytes
        self._opened: sqlite3.Connection | None = None
        self._end_s = 0.0

    def read(self, key: str, within_s: float) -> object:
        """Return the bytes of a key, None where there are none; fail after `within_s` seconds."""
        db = self._db(within_s)
        select = f"SELECT vector, used = {_LATEST} FROM vectors WHERE key = ?"
        vector, newest = db.execute(select, [key]).fetchone() or (None, True)
        if not newest:
            db.execute(f"UPDATE vectors SET used = {_LATEST} + 1 WHERE key = ?", [key])
        return vector

    def write(self, key: str, data: bytes, within_s: float) -> None:
        """Keep bytes under a key; fail after `within_s` seconds."""
        with self._db(within_s) as db:
            db.execute("BEGIN IMMEDIATE")
            db.execute(f"REPLACE INTO vectors VALUES ({_LATEST} + 1, ?, ?)", [key, data])
            if _used_bytes(db) > self._max_bytes:
                while _used_bytes(db) > self._max_bytes * 0.9 and db.execute(_DROP).rowcount:
                    pass

    def close(self) -> None:
        """Let go of the file or socket."""
        if self._opened:
            self._opened.close()

    def _db(self, within_s: float) -> sqlite3.Connection:
        self._end_s = time.monotonic() + within_s
        if not self._opened:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            # SQLite would wait for the other end of a pipe.
            if self._path.exists() and not self._path.is_file():
                raise OSError("it is not a file")
            self._opened = sqlite3.connect(
                self._path, timeout=within_s, isolation_level=None, check_same_thread=False
            )
            self._opened.set_progress_handler(self._is_late, _INSTRUCTIONS)
            _prepare(self._opened)
        self._opened.execute(f"PRAGMA busy_timeout = {int(1000 * within_s)}")
        return self._opened

    def _is_late(self) -> bool:
        return time.monotonic() > self._end_s


def _prepare(db: sqlite3.Connection) -> None:
    """Create the table of a new file, and check that another has just this table.

    The file may be written by others: triggers and views run when a table is used, so none may be
    there, and no value may be longer than a vector.

    Raises:
        sqlite3.Error: the file is damaged, locked, or of another program or schema.
    """
    db.execute("PRAGMA trusted_schema = OFF")
    db.execute("PRAGMA cell_size_check = ON")
    db.execute("PRAGMA mmap_size = 0")
    db.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, _MAX_VALUE_BYTES)
    with db:
        # A write lock first, so that only one of several processes creates the table.
        db.execute("BEGIN IMMEDIATE")
        if not db.execute("SELECT 1 FROM sqlite_master").fetchone():
            db.execute(f"PRAGMA application_id = {_APPLICATION_ID}")
            db.execute(_TABLE)
        elif db.execute("PRAGMA application_id").fetchone() != (_APPLICATION_ID,):
            raise sqlite3.DatabaseError("it is the SQLite file of another program")
        elif db.execute(_OWN_SCHEMA).fetchall() != [(_TABLE,)]:
            raise sqlite3.DatabaseError("its tables were changed by another program")
    # Fails if another process is switching too, or on a network drive without shared memory.
    with suppress(sqlite3.OperationalError):
        db.execute("PRAGMA journal_mode = WAL")
    # A power cut may lose the last vectors, but does not corrupt the file.
    db.execute("PRAGMA synchronous = NORMAL")


def _used_bytes(db: sqlite3.Connection) -> int:
    names = ("page_count", "freelist_count", "page_size")
    pages, free, size = (db.execute(f"PRAGMA {name}").fetchone()[0] for name in names)
    return int((pages - free) * size)


class RedisServer:
    """Keys under a prefix in a redis server, shared by several machines."""

    # What a server sends is parsed by redis-py, which raises whatever nonsense runs into, such as
    # RecursionError; so does it for an invalid option in the URL.
    errors: tuple[type[Exception], ...] = (Exception,)
    limit_s = REDIS_LIMIT_S

    def __init__(self, address: str, name: str) -> None:
        # Here, where its time does not count.
        import redis  # noqa: F401

        self.name, self._address = name, address
        self._opened: Redis | None = None

    def read(self, key: str, within_s: float) -> object:
        """Return the bytes of a key, None where there are none; fail after `within_s` seconds."""
        return self._answer(lambda client: client.get(REDIS_PREFIX + key), within_s)

    def write(self, key: str, data: bytes, within_s: float) -> None:
        """Keep bytes under a key; fail after `within_s` seconds."""
        self._answer(lambda client: client.set(REDIS_PREFIX + key, data), within_s)

    def close(self) -> None:
        """Let go of the file or socket."""
        if self._opened:
            self._opened.connection_pool.disconnect()

    def _answer(self, ask: "Callable[[Redis], object]", within_s: float) -> object:
        client = self._client()
        asking = _Asking(lambda: ask(client))
        asking.join(within_s)
        if not asking.is_alive():
            return asking.result()
        asking.is_given_up = True
        # Ends the thread's wait for the server, too.
        client.connection_pool.disconnect()
        raise TimeoutError(f"it did not answer within {self.limit_s:g} s")

    def _client(self) -> "Redis":
        from redis import Redis
        from redis.backoff import NoBackoff
        from redis.retry import Retry

        if not self._opened:
            self._opened = Redis.from_url(
                self._address,
                socket_connect_timeout=_REDIS_TIMEOUT_S,
                socket_timeout=_REDIS_TIMEOUT_S,
                retry=Retry(NoBackoff(), 0),
                # RESP2: servers before version 6 do not know the HELLO of RESP3.
                protocol=2,
            )
        return self._opened


class _Asking(threading.Thread):
    """A request in a thread, tried again once where a kept connection turns out to be closed."""

    def __init__(self, ask: Callable[[], object]) -> None:
        # Never waited for at the end of the program.
        super().__init__(daemon=True, name="vector cache")
        self.is_given_up = False
        self._ask = ask
        self._found: object = None
        self._error: Exception | None = None
        self.start()

    def run(self) -> None:
        """Ask, and keep the answer or the error."""
        from redis.exceptions import ConnectionError as Disconnected

        for tries_left in (1, 0):
            try:
                self._found, self._error = self._ask(), None
            except Exception as error:
                self._error = error
                if tries_left and isinstance(error, Disconnected) and not self.is_given_up:
                    continue
            return

    def result(self) -> object:
        """Return the answer.

        Raises:
            Exception: what asking raised.
        """
        if self._error is not None:
            raise self._error
        return self._found
