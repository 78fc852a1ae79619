"""The servers that are measured, as processes of their own."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from clients import Target, asked, likeness

from live_server import live
from ports import free_port

_HERE = Path(__file__).parent
_STARTS_S = 300


@contextmanager
def page(store: Path, *arguments: str) -> Iterator[Target]:
    """Serve the live page of a store until the context ends."""
    with live(store, *arguments) as server:
        yield Target(server.origin, server.token, server.process.pid)


@contextmanager
def plain(store: Path) -> Iterator[tuple[Target, float]]:
    """Serve a store by `plain_service`; yield it with the seconds until it answered."""
    port, started = free_port(), time.perf_counter()
    command = [sys.executable, str(_HERE / "plain_service.py"), str(store), str(port)]
    process = subprocess.Popen(command)
    try:
        target = Target(f"http://127.0.0.1:{port}", "", process.pid)
        yield target, _answers(target, process, started)
    finally:
        process.terminate()
        process.wait()


def cold_start(store: Path) -> tuple[float, bool]:
    """Return the seconds from the start of `imgrec serve` to its first answer, and if torch came.

    Its files are in the page cache, as after an earlier run.
    """
    started = time.perf_counter()
    command = [sys.executable, "-m", "imgrec.serve", "--store", str(store)]
    process = subprocess.Popen(
        [*command, "--port", str(free_port())], stdout=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout is not None
        origin, _, token = process.stdout.readline().strip().partition("/?token=")
        target = Target(origin, token, process.pid)
        spent_s = _answers(target, process, started)
        return spent_s, "torch" in Path(f"/proc/{process.pid}/maps").read_text()
    finally:
        process.terminate()
        process.wait()
        process.stdout.close()


def _answers(target: Target, process: "subprocess.Popen[str] | subprocess.Popen[bytes]",
             started: float) -> float:  # fmt: skip
    """Return the seconds until a server answers a first question."""
    while True:
        if process.poll() is not None or time.perf_counter() - started > _STARTS_S:
            raise RuntimeError("the server does not answer")
        try:
            asked(target, list(likeness(target, [1])))
        except OSError:
            time.sleep(0.005)
        else:
            return time.perf_counter() - started


def processor_s(pid: int) -> float:
    """Return the processor time that a process has spent, in seconds."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    # User and system time, the 14th and 15th field.
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
