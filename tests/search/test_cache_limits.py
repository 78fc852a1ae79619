"""A cache that is slow, damaged or hostile costs a question a bounded time and one warning.

The servers are real sockets that answer as no redis server should.
"""

import contextlib
import os
import socket
import sqlite3
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import numpy as np
import pytest

from cached_vectors import SPEC, is_kept, nothing_is_kept, vector
from imgrec import Recommender, Store
from imgrec.search import cache as cache_module
from imgrec.search import cache_backends
from imgrec.search.cache import open_cache
from imgrec.search.cache_backends import REDIS_LIMIT_S, SQLITE_LIMIT_S

# Of the machine that runs the tests: a limit that does not hold takes for ever.
_PATIENCE_S = 20.0


@contextmanager
def serving(behave: Callable[[socket.socket], None]) -> Iterator[str]:
    """Serve each connection in a thread; yield the address. Ends with its connections closed."""
    opened: list[socket.socket] = []

    def accept() -> None:
        with contextlib.suppress(OSError):
            while True:
                opened.append(server.accept()[0])
                threading.Thread(target=attend, args=[opened[-1]], daemon=True).start()

    def attend(connection: socket.socket) -> None:
        with contextlib.suppress(OSError), connection:
            behave(connection)

    with socket.create_server(("127.0.0.1", 0)) as server:
        threading.Thread(target=accept, daemon=True).start()
        yield f"redis://127.0.0.1:{server.getsockname()[1]}"
        with contextlib.suppress(OSError):
            server.shutdown(socket.SHUT_RDWR)
        for connection in opened:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)


def silent(connection: socket.socket) -> None:
    while connection.recv(4096):
        pass


def dripping(connection: socket.socket) -> None:
    connection.recv(4096)
    connection.sendall(b"$32\r\n")
    while True:
        time.sleep(0.05)
        connection.sendall(b"x" if connection.fileno() else b"")


def dripping_a_number(connection: socket.socket) -> None:
    connection.recv(4096)
    connection.sendall(b"$")
    while True:
        time.sleep(0.05)
        connection.sendall(b"0")


def nesting(connection: socket.socket) -> None:
    connection.recv(4096)
    connection.sendall(b"*1\r\n" * 20_000)
    silent(connection)


def closing_at_once(connection: socket.socket) -> None:
    return


def closing_in_the_middle(connection: socket.socket) -> None:
    connection.recv(4096)
    connection.sendall(b"$32\r\nhalf")


def saying(answer: bytes) -> Callable[[socket.socket], None]:
    def behave(connection: socket.socket) -> None:
        while connection.recv(4096):
            connection.sendall(answer)

    return behave


BEHAVIORS = {
    "silent": silent,
    "dripping": dripping,
    "dripping a number": dripping_a_number,
    "nesting": nesting,
    "closing at once": closing_at_once,
    "closing in the middle": closing_in_the_middle,
    "HTTP": saying(b"HTTP/1.1 400 Bad Request\r\n\r\n"),
    "an error": saying(b"-ERR no\r\n"),
    "an endless list": saying(b"*2147483647\r\n"),
    "a negative length": saying(b"$-9\r\n"),
    "no length": saying(b"$x\r\n"),
    "no UTF-8": saying(b"-\xff\xfe\r\n"),
    "a huge length": saying(b"$999999999999\r\n"),
}


@pytest.mark.parametrize("behavior", BEHAVIORS)
def test_a_server_that_is_none_costs_one_limit_and_one_line(
    behavior: str, warnings: list[str]
) -> None:
    with (
        serving(BEHAVIORS[behavior]) as address,
        closing(open_cache(address, warn=warnings.append, clock=lambda: 0.0)) as cache,
    ):
        started_s = time.monotonic()
        assert cache.get(SPEC, "a") is None
        assert nothing_is_kept(cache)
        assert time.monotonic() - started_s < _PATIENCE_S
    assert len(warnings) == 1
    assert warnings[0].startswith(f"imgrec: the vector cache {address} cannot be used (")
    assert warnings[0].endswith("): continuing without it")
    assert warnings[0].isprintable()


@pytest.mark.parametrize("answer", [b":7\r\n", b"+OK\r\n", b"$3\r\nabc\r\n", b"*0\r\n"])
def test_an_answer_that_is_no_vector_counts_as_a_miss(answer: bytes, warnings: list[str]) -> None:
    with (
        serving(saying(answer)) as address,
        closing(open_cache(address, warn=warnings.append)) as cache,
    ):
        assert cache.get(SPEC, "a") is None
        assert cache.get(SPEC, "b") is None
    assert not warnings


def test_no_thread_is_left_asking_a_server_that_drips(warnings: list[str]) -> None:
    with serving(dripping) as address:
        with closing(open_cache(address, warn=warnings.append)) as cache:
            assert cache.get(SPEC, "a") is None
        end_s = time.monotonic() + _PATIENCE_S
        while any(thread.name == "vector cache" for thread in threading.enumerate()):
            assert time.monotonic() < end_s
            time.sleep(0.02)


def test_a_question_has_one_limit_for_all_its_calls(warnings: list[str]) -> None:
    """A server whose every answer is in time, but not all of them together."""
    asked = []

    def slow(connection: socket.socket) -> None:
        while connection.recv(4096):
            asked.append(1)
            time.sleep(REDIS_LIMIT_S * 0.1)
            connection.sendall(b"$-1\r\n")

    with (
        serving(slow) as address,
        closing(open_cache(address, warn=warnings.append, clock=lambda: 0.0)) as cache,
    ):
        # Each on its own is within the limit.
        for _ in range(3):
            assert cache.get(SPEC, "a") is None
        assert not warnings
        with cache.question():
            for name in map(str, range(50)):
                assert cache.get(SPEC, name) is None
        assert len(warnings) == 1
        assert f"it did not answer within {REDIS_LIMIT_S:g} s" in warnings[0]
        assert 4 < len(asked) < 20


def test_a_new_question_has_a_new_limit(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, warnings: list[str]
) -> None:
    now_s = [0.0]
    monkeypatch.setattr(cache_module.time, "monotonic", lambda: now_s[0])

    class Slow:
        name, errors, limit_s = "slow", (TimeoutError,), 1.0

        def __init__(self) -> None:
            self.given: list[float] = []

        def read(self, key: str, within_s: float) -> object:
            self.given.append(round(within_s, 6))
            now_s[0] += 0.4
            return None

        def write(self, key: str, data: bytes, within_s: float) -> None:
            raise AssertionError

        def close(self) -> None:
            pass

    place = Slow()
    cache = cache_module._GuardedCache(lambda: place, 30.0, warnings.append, lambda: 0.0)
    for _ in range(2):
        with cache.question():
            cache.get(SPEC, "a")
            cache.get(SPEC, "b")
    cache.get(SPEC, "c")
    cache.get(SPEC, "d")
    assert place.given == [1.0, 0.6, 1.0, 0.6, 1.0, 1.0]
    assert not warnings
    with cache.question():
        for name in "abcd":
            cache.get(SPEC, name)
    assert place.given[6:] == [1.0, 0.6, 0.2]
    assert warnings == [
        "imgrec: the vector cache slow cannot be used (it did not answer within 1 s): "
        "continuing without it"
    ]


def test_a_query_goes_on_without_a_server_that_drips(
    photo_store: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    array = np.arange(64 * 64 * 3, dtype=np.uint32).reshape(64, 64, 3).astype(np.uint8)
    with Recommender(Store.open(photo_store), cache="none") as recommender:
        expected = recommender.query([array], encoder="mini")
    with (
        serving(dripping) as address,
        Recommender(Store.open(photo_store), cache=address) as recommender,
    ):
        found = recommender.query([array, array[::-1]], encoder="mini")
        assert recommender.query([array], encoder="mini").results == expected.results
    assert len(found.results) == 5
    error = capfd.readouterr().err
    assert error.count("continuing without it\n") == 1
    assert error.count("\n") == 1


def test_a_locked_file_is_waited_for_no_longer_than_the_limit(
    tmp_path: Path, warnings: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cache_backends.SqliteFile, "limit_s", 0.2)
    path = tmp_path / "v"
    with closing(open_cache(str(path), warn=warnings.append)) as cache:
        cache.put(SPEC, "a", vector(1))
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        db.execute("BEGIN EXCLUSIVE")
        with closing(open_cache(str(path), warn=warnings.append)) as cache:
            started_s = time.monotonic()
            assert nothing_is_kept(cache)
            assert time.monotonic() - started_s < SQLITE_LIMIT_S
    assert warnings == [
        f"imgrec: the vector cache {path} cannot be used (database is locked): "
        "continuing without it"
    ]


HOSTILE = {
    "trigger": "CREATE TRIGGER t AFTER UPDATE ON vectors BEGIN DELETE FROM vectors; END",
    "insert trigger": "CREATE TRIGGER t BEFORE INSERT ON vectors BEGIN SELECT raise(FAIL, ''); END",
    "view": "CREATE VIEW v AS SELECT 1",
    "table": "CREATE TABLE other (x)",
    "index": "CREATE INDEX i ON vectors (length(vector))",
    "generated column": "ALTER TABLE vectors ADD COLUMN g AS (length(vector))",
    "column": "ALTER TABLE vectors ADD COLUMN g DEFAULT 7",
}


@pytest.mark.parametrize("statement", HOSTILE.values(), ids=list(HOSTILE))
def test_a_file_with_another_schema_is_not_used(
    statement: str, tmp_path: Path, warnings: list[str]
) -> None:
    path = tmp_path / "v"
    with closing(open_cache(str(path), warn=warnings.append)) as cache:
        cache.put(SPEC, "a", vector(1))
    with closing(sqlite3.connect(path)) as db, db:
        db.execute(statement)
    before = path.read_bytes()
    with closing(open_cache(str(path), warn=warnings.append)) as cache:
        assert nothing_is_kept(cache)
    assert path.read_bytes() == before
    assert len(warnings) == 1
    assert "(its tables were changed by another program)" in warnings[0]


def test_a_view_in_place_of_the_table_never_runs(tmp_path: Path, warnings: list[str]) -> None:
    path = tmp_path / "v"
    with closing(open_cache(str(path))) as cache:
        cache.put(SPEC, "a", vector(1))
    endless = "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c)"
    with closing(sqlite3.connect(path)) as db, db:
        db.execute("DROP TABLE vectors")
        columns = "x AS used, x AS key, x AS vector"
        db.execute(f"CREATE VIEW vectors AS {endless} SELECT {columns} FROM c")
    with closing(open_cache(str(path), warn=warnings.append)) as cache:
        assert nothing_is_kept(cache)
    assert len(warnings) == 1


def test_a_statement_is_stopped_at_the_limit(tmp_path: Path, warnings: list[str]) -> None:
    with closing(open_cache(str(tmp_path / "v"), warn=warnings.append)) as cache:
        cache.put(SPEC, "a", vector(1))
        place = cache_backends.SqliteFile(tmp_path / "v", 10**6)
        db = place._db(0.05)
        endless = "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c)"
        with pytest.raises(sqlite3.OperationalError, match="interrupted"):
            db.execute(f"{endless} SELECT count(*) FROM c").fetchone()
        place.close()


def test_a_value_longer_than_any_vector_is_not_read(tmp_path: Path, warnings: list[str]) -> None:
    path = tmp_path / "v"
    with closing(open_cache(str(path), warn=warnings.append)) as cache:
        cache.put(SPEC, "a", vector(1))
        with closing(sqlite3.connect(path)) as db, db:
            db.execute("UPDATE vectors SET vector = zeroblob(50000000)")
        assert cache.get(SPEC, "a") is None
    assert len(warnings) == 1
    assert "too big" in warnings[0]
    assert path.stat().st_size > 50_000_000


def test_every_flipped_byte_of_a_file_is_a_miss_or_one_warning(tmp_path: Path) -> None:
    path = tmp_path / "v"
    with closing(open_cache(str(path))) as cache:
        for i in range(20):
            cache.put(SPEC, str(i), vector(i))
    data = path.read_bytes()
    for place in range(0, len(data), 97):
        path.write_bytes(data[:place] + bytes([data[place] ^ 0xFF]) + data[place + 1 :])
        for beside in ("-wal", "-shm"):
            Path(f"{path}{beside}").unlink(missing_ok=True)
        said: list[str] = []
        with closing(open_cache(str(path), warn=said.append)) as cache:
            for i in range(20):
                found = cache.get(SPEC, str(i))
                assert found is None or found.shape == (1, 8)
            cache.put(SPEC, "new", vector(1))
        assert len(said) <= 1


@pytest.mark.skipif(sys.platform == "win32", reason="there are no named pipes in folders")
def test_a_pipe_is_no_file(tmp_path: Path, warnings: list[str]) -> None:
    os.mkfifo(tmp_path / "v")
    with closing(open_cache(str(tmp_path / "v"), warn=warnings.append)) as cache:
        assert nothing_is_kept(cache)
    assert len(warnings) == 1
    assert "(it is not a file)" in warnings[0]


def test_a_good_server_is_used_within_a_question(tmp_path: Path, warnings: list[str]) -> None:
    with closing(open_cache(str(tmp_path / "v"), warn=warnings.append)) as cache, cache.question():
        cache.put(SPEC, "a", vector(1))
        assert is_kept(cache, "a", vector(1))
    assert not warnings
