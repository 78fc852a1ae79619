"""The live page of a store behind its guards, in a thread of the test, and raw requests to it."""

import json
import re
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from imgrec.serving.access import access_of
from imgrec.serving.asgi import make_app
from imgrec.serving.folders import Folders
from imgrec.serving.guards import Access
from imgrec.serving.server import bound_socket, server_of
from services import opened_service

JSON = "Content-Type: application/json\r\n"
PNG = "Content-Type: image/png\r\n"
_PATIENCE_S = 60


@dataclass(frozen=True)
class GuardedServer:
    """A running server."""

    access: Access
    folders: Folders

    @property
    def port(self) -> int:
        """The port of 127.0.0.1."""
        return self.access.port

    def opened(self) -> socket.socket:
        """Return a connection."""
        return socket.create_connection(("127.0.0.1", self.port), timeout=_PATIENCE_S)

    def answer(self, request: bytes) -> bytes:
        """Send bytes; return everything that comes back until the server closes or is done."""
        with self.opened() as connection:
            connection.sendall(request)
            return read_all(connection)

    def ask(
        self,
        method: str,
        path: str,
        headers: str = "",
        body: bytes = b"",
        *,
        host: str | None = None,
        token: bool = True,
    ) -> bytes:
        """Send a request, with the token unless told otherwise; return the whole answer."""
        named = f"Host: {host or f'127.0.0.1:{self.port}'}\r\n"
        if token:
            named += f"Authorization: Bearer {self.access.token}\r\n"
        if body:
            named += f"Content-Length: {len(body)}\r\n"
        head = f"{method} {path} HTTP/1.1\r\n{named}{headers}Connection: close\r\n\r\n"
        return self.answer(head.encode("latin-1") + body)


@contextmanager
def guarded(store: Path, report: Path | None = None) -> Iterator[GuardedServer]:
    """Serve a store on a free port until the context ends."""
    with opened_service(store) as service, bound_socket("127.0.0.1", 0) as listening:
        access = access_of("127.0.0.1", listening.getsockname()[1])
        folders = Folders(store, report)
        server = server_of(make_app(service, access, folders))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
        thread.start()
        try:
            yield GuardedServer(access, folders)
        finally:
            server.should_exit = True
            thread.join(_PATIENCE_S)
            assert not thread.is_alive()


def read_all(connection: socket.socket) -> bytes:
    """Return what comes until the other side closes; a reset counts as closing."""
    parts = []
    try:
        while part := connection.recv(1 << 16):
            parts.append(part)
    except ConnectionResetError:
        pass
    return b"".join(parts)


def status(answer: bytes) -> int:
    """Return the status code of an answer."""
    found = re.match(rb"HTTP/1\.1 (\d{3}) ", answer)
    assert found, answer[:200]
    return int(found[1])


def parts(answer: bytes) -> tuple[dict[str, str], bytes]:
    """Return the headers, names in lower case, and the body of an answer."""
    head, _, body = answer.partition(b"\r\n\r\n")
    lines = [line.decode("latin-1").split(": ", 1) for line in head.split(b"\r\n")[1:]]
    return {name.lower(): value for name, value in lines}, body


def error_of(answer: bytes) -> str:
    """Return the line of an error after a check that it is one, as JSON and restricted."""
    headers, body = parts(answer)
    assert headers["content-type"] == "application/json"
    assert headers["x-content-type-options"] == "nosniff"
    assert "access-control-allow-origin" not in headers
    found = json.loads(body)
    assert list(found) == ["error"]
    assert found["error"]
    assert "\n" not in found["error"]
    return str(found["error"])
