"""Where a store is being searched in a browser: a file in the store names the running server.

`imgrec serve` writes it when it begins and removes it at its end; one that was killed leaves it. So
what it says is checked before it is believed: the process is there, and the port answers as this
server does. The file may be somebody else's, like everything in a store: only a port is taken from
it, and what is made of that is an address of this machine. The token of the server is never in it.
"""

import http.client
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from imgrec.store.paths import StorePaths
from imgrec.system.atomic_files import is_alive, write_text
from imgrec.system.json_files import a_number, json_or_none

# How the server asks for its token (`WWW-Authenticate`).
CHALLENGE = 'Bearer realm="imgrec"'
_SHAPE = {"port": a_number(1, 65_535), "pid": a_number(1, (1 << 31) - 1)}
_ANSWERS_WITHIN_S = 0.5


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
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=_ANSWERS_WITHIN_S)
    try:
        connection.request("GET", "/api/health")
        answer = connection.getresponse()
        return answer.status == 401 and answer.getheader("WWW-Authenticate") == CHALLENGE
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
