"""Where a store is being searched in a browser: a file in the store names the running server.

`imgrec serve` writes it when it begins and removes it at its end; one that was killed leaves it. So
what it says is checked before it is believed: the process is there, and the port answers as this
server does. The file may be somebody else's, like everything in a store: only a port is taken from
it, and what is made of that is an address of this machine. The token of the server is never in it.
"""

import json
import os
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from imgrec.store.paths import StorePaths
from imgrec.system.atomic_files import is_alive, write_text
from imgrec.system.json_files import a_number, json_or_none

# How the server asks for its token (`WWW-Authenticate`).
CHALLENGE = 'Bearer realm="imgrec"'
_SHAPE = {"port": a_number(1, 65_535), "pid": a_number(1, (1 << 31) - 1)}
# For the whole head of the answer: a byte now and then could hold us for hours.
_ANSWERS_WITHIN_S = 2.0
_MOST_HEAD_BYTES = 8192
_ASK = b"GET /api/health HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n"


@contextmanager
def said_to_run(store_path: Path, port: int) -> Iterator[None]:
    """Let a store say, during a block, that it is served at a port of this machine.

    A store that cannot be written says nothing.
    """
    path, ours = StorePaths(store_path).serving, {"port": port, "pid": os.getpid()}
    with suppress(OSError):
        write_text(path, json.dumps(ours, indent=2) + "\n")
    try:
        yield
    finally:
        # Another server of this store may have begun meanwhile.
        if json_or_none(path, _SHAPE) == ours:
            with suppress(OSError):
                path.unlink()


def running_server(store_path: Path) -> str | None:
    """Return the address of the server of a store, "http://127.0.0.1:8000/"; None if none runs."""
    said = json_or_none(StorePaths(store_path).serving, _SHAPE)
    if said is None or not is_alive(said["pid"]) or not _answers(said["port"]):
        return None
    return f"http://127.0.0.1:{said['port']}/"


def _answers(port: int) -> bool:
    """Whether a server of ours listens at a port: it asks for its token, in its own words."""
    status, *headers = _head(port).decode("latin-1").split("\r\n")
    ours = f"www-authenticate: {CHALLENGE}".lower()
    return status.startswith("HTTP/1.1 401 ") and ours in (header.lower() for header in headers)


def _head(port: int) -> bytes:
    """Return the head of what a server answers, b"" if none comes in time."""
    deadline, data = time.monotonic() + _ANSWERS_WITHIN_S, b""
    try:
        with socket.create_connection(("127.0.0.1", port), _ANSWERS_WITHIN_S) as connection:
            connection.sendall(_ASK)
            while b"\r\n\r\n" not in data and len(data) < _MOST_HEAD_BYTES:
                connection.settimeout(max(0.001, deadline - time.monotonic()))
                part = connection.recv(_MOST_HEAD_BYTES)
                if not part or time.monotonic() > deadline:
                    return b""
                data += part
    except OSError:
        return b""
    return data.partition(b"\r\n\r\n")[0]
