"""The live page of a store in a process of its own, as `imgrec serve` starts it."""

import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from killing import interrupt
from ports import free_port

_PATIENCE_S = 60


@dataclass(frozen=True)
class LiveServer:
    """A running server.

    Attributes:
        address: as printed, with its token.
        process: of the command.
    """

    address: str
    process: subprocess.Popen[str]

    @property
    def origin(self) -> str:
        """Scheme, host and port."""
        parts = urlsplit(self.address)
        return f"{parts.scheme}://{parts.netloc}"

    @property
    def token(self) -> str:
        """Return the token of the address; "" if it has none."""
        return urlsplit(self.address).query.removeprefix("token=")


@contextmanager
def live(store: Path, *arguments: str, port: int | None = None) -> Iterator[LiveServer]:
    """Serve a store on a free port until the context ends; wait until it answers."""
    command = [sys.executable, "-m", "imgrec.serve", "--store", str(store)]
    command += ["--port", str(port or free_port()), *arguments]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env={**os.environ})
    try:
        assert process.stdout is not None
        server = LiveServer(process.stdout.readline().strip(), process)
        _wait(server)
        yield server
    finally:
        interrupt(process, 20)
        assert process.stdout is not None
        process.stdout.close()


def _wait(server: LiveServer) -> None:
    deadline = time.monotonic() + _PATIENCE_S
    while True:
        assert server.process.poll() is None, "the server ended before it answered"
        try:
            urllib.request.urlopen(f"{server.origin}/", timeout=5).close()
        except urllib.error.HTTPError:
            return
        except OSError:
            assert time.monotonic() < deadline, "the server does not answer"
            time.sleep(0.05)
        else:
            return
