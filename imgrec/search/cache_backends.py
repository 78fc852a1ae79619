"""Backends of the vector cache: a SQLite file with least-recently-used eviction, or redis."""

import sqlite3
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from redis import Redis

BUSY_TIMEOUT_S = 5.0
REDIS_PREFIX = "imgrec:vector:1:"
REDIS_TIMEOUT_S = 0.5
# SQLite's application_id marks a file as this cache; it changes with the schema.
_APPLICATION_ID = 0x696D6776
_TABLE = (
    "CREATE TABLE vectors "
    "(used INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE, vector BLOB NOT NULL)"
)
_LATEST = "(SELECT coalesce(max(used), 0) FROM vectors)"
_DROP = "DELETE FROM vectors WHERE used IN (SELECT used FROM vectors ORDER BY used LIMIT 8)"


class Place(Protocol):
    """A key-value store of bytes, opened at the first read or write.

    Attributes:
        name: for messages; without passwords.
        errors: exceptions that mean that the backend cannot be used.
    """

    name: str
    errors: tuple[type[Exception], ...]

    def read(self, key: str) -> object:
        """Return the bytes of a key, None where there are none."""
        ...

    def write(self, key: str, data: bytes) -> None:
        """Keep bytes under a key."""
        ...

    def close(self) -> None:
        """Let go of the file or socket."""
        ...


class SqliteFile:
    """A SQLite table whose primary key is the order of last use, for eviction from the front."""

    errors: tuple[type[Exception], ...] = (sqlite3.Error, OSError)

    def __init__(self, path: Path, max_bytes: int) -> None:
        self.name = str(path)
        self._path, self._max_bytes = path, max_bytes
        self._opened: sqlite3.Connection | None = None

    def read(self, key: str) -> object:
        """Return the bytes of a key, None where there are none."""
        db = self._db()
        select = f"SELECT vector, used = {_LATEST} FROM vectors WHERE key = ?"
        vector, newest = db.execute(select, [key]).fetchone() or (None, True)
        if not newest:
            db.execute(f"UPDATE vectors SET used = {_LATEST} + 1 WHERE key = ?", [key])
        return vector

    def write(self, key: str, data: bytes) -> None:
        """Keep bytes under a key."""
        with self._db() as db:
            db.execute("BEGIN IMMEDIATE")
            db.execute(f"REPLACE INTO vectors VALUES ({_LATEST} + 1, ?, ?)", [key, data])
            if _used_bytes(db) > self._max_bytes:
                while _used_bytes(db) > self._max_bytes * 0.9 and db.execute(_DROP).rowcount:
                    pass

    def close(self) -> None:
        """Let go of the file or socket."""
        if self._opened:
            self._opened.close()

    def _db(self) -> sqlite3.Connection:
        if not self._opened:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._opened = sqlite3.connect(
                self._path, timeout=BUSY_TIMEOUT_S, isolation_level=None, check_same_thread=False
            )
            _prepare(self._opened)
        return self._opened


def _prepare(db: sqlite3.Connection) -> None:
    with db:
        # A write lock first, so that only one of several processes creates the table.
        db.execute("BEGIN IMMEDIATE")
        if not db.execute("SELECT 1 FROM sqlite_master").fetchone():
            db.execute(f"PRAGMA application_id = {_APPLICATION_ID}")
            db.execute(_TABLE)
        elif db.execute("PRAGMA application_id").fetchone() != (_APPLICATION_ID,):
            raise sqlite3.DatabaseError("it is the SQLite file of another program")
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

    def __init__(self, address: str, name: str) -> None:
        import redis

        self.errors: tuple[type[Exception], ...] = (
            *(redis.RedisError, OSError),
            # redis-py raises these for an invalid option in the URL.
            *(ValueError, TypeError, AttributeError),
        )
        self.name, self._address = name, address
        self._opened: Redis | None = None

    def read(self, key: str) -> object:
        """Return the bytes of a key, None where there are none."""
        return self._client().get(REDIS_PREFIX + key)

    def write(self, key: str, data: bytes) -> None:
        """Keep bytes under a key."""
        self._client().set(REDIS_PREFIX + key, data)

    def close(self) -> None:
        """Let go of the file or socket."""
        if self._opened:
            self._opened.close()

    def _client(self) -> "Redis":
        from redis import Redis
        from redis.backoff import NoBackoff
        from redis.retry import Retry

        if not self._opened:
            self._opened = Redis.from_url(
                self._address,
                socket_connect_timeout=REDIS_TIMEOUT_S,
                socket_timeout=REDIS_TIMEOUT_S,
                retry=Retry(NoBackoff(), 1),
                # RESP2: servers before version 6 do not know the HELLO of RESP3.
                protocol=2,
            )
        return self._opened
