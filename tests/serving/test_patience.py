"""Clients that are slow, silent or many: each has a deadline, and others are answered meanwhile."""

import socket
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from guarded_server import JSON, PNG, GuardedServer, error_of, read_all, status
from imgrec.serving import guarded as guarded_module
from imgrec.serving import server as server_module


@pytest.mark.parametrize("sent", [b"", b"G", b"GET / HTTP/1.1\r\nHost: 127"])
def test_a_head_that_does_not_come_ends_the_connection(hasty: GuardedServer, sent: bytes) -> None:
    with hasty.opened() as connection:
        connection.sendall(sent)
        assert read_all(connection) == b""


def test_a_head_that_comes_by_single_bytes_ends_the_connection(hasty: GuardedServer) -> None:
    ended = False
    with hasty.opened() as connection:
        connection.settimeout(0.02)
        for _ in range(3000):
            try:
                connection.sendall(b"G")
                if not connection.recv(1):
                    ended = True
            except TimeoutError:
                continue
            except (ConnectionResetError, BrokenPipeError):
                ended = True
            if ended:
                break
    assert ended


def test_a_second_head_has_a_deadline_too(hasty: GuardedServer) -> None:
    with hasty.opened() as connection:
        head = f"GET /page/any/none.js HTTP/1.1\r\nHost: 127.0.0.1:{hasty.port}\r\n"
        connection.sendall(head.encode() + b"\r\n")
        first = b""
        while b"no such file" not in first:
            first += connection.recv(1 << 16)
        assert status(first) == 404
        connection.sendall(b"GET / HT")
        assert read_all(connection).removeprefix(b'"}') == b""


@pytest.mark.parametrize(
    ("method", "path", "kind"),
    [("POST", "/api/search", JSON), ("PUT", "/api/pictures", PNG)],
)
def test_a_body_that_does_not_come_is_408(
    hasty: GuardedServer, method: str, path: str, kind: str
) -> None:
    head = f"{method} {path} HTTP/1.1\r\nHost: 127.0.0.1:{hasty.port}\r\n{kind}"
    head += f"Authorization: Bearer {hasty.access.token}\r\nContent-Length: 100\r\n\r\n"
    with hasty.opened() as connection:
        connection.sendall(head.encode() + b"half")
        answer = read_all(connection)
    assert status(answer) == 408
    assert error_of(answer)


def test_connections_that_only_wait_do_not_keep_others_out(
    server: GuardedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server_module, "_MOST", 20)
    waiting: list[socket.socket] = []
    try:
        for number in range(60):
            connection = server.opened()
            connection.sendall(b"GET / HTTP/1.1\r\nX: slow")
            waiting.append(connection)
            if number % 10 == 0:
                assert status(server.ask("GET", "/api/store")) == 200
        assert status(server.ask("GET", "/api/store")) == 200
        # The first were closed to make room.
        assert read_all(waiting[0]) == b""
    finally:
        for connection in waiting:
            connection.close()


def test_a_client_that_does_not_read_is_dropped(
    server: GuardedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server_module, "_TAKEN_S", 0.2)
    line = f"GET /api/openapi.json HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\n"
    line += f"Authorization: Bearer {server.access.token}\r\n\r\n"
    with server.opened() as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        dropped = threading.Event()

        def ask_on() -> None:
            try:
                while not dropped.is_set():
                    connection.sendall(line.encode())
            except (ConnectionResetError, BrokenPipeError):
                dropped.set()

        asking = threading.Thread(target=ask_on)
        asking.start()
        was_dropped = dropped.wait(60)
        dropped.set()
        connection.close()
        asking.join()
    assert was_dropped
    assert status(server.ask("GET", "/api/store")) == 200


def test_a_thousand_uploads_at_once_leave_memory_bounded_and_the_server_answering(
    server: GuardedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    held, most = 0, 0
    lock = threading.Lock()
    true_call: Callable[..., object] = guarded_module.Guarded._call

    async def counted(self: object, *arguments: object) -> None:
        nonlocal held, most
        with lock:
            held += 1
            most = max(most, held)
        try:
            await true_call(self, *arguments)  # type: ignore[misc]
        finally:
            with lock:
                held -= 1

    monkeypatch.setattr(guarded_module.Guarded, "_call", counted)
    body = b"\x89PNG\r\n\x1a\n" + bytes(1 << 16)

    def upload(_: int) -> int:
        try:
            return status(server.ask("PUT", "/api/pictures", PNG, body))
        except OSError:
            return 0

    with ThreadPoolExecutor(64) as pool:
        found = list(pool.map(upload, range(1000)))
    assert set(found) <= {422, 503}, sorted(set(found))
    assert 1 <= most <= guarded_module._HELD
    assert status(server.ask("GET", "/api/store")) == 200
