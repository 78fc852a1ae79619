"""Killing processes that may have ended by themselves, as `SIGKILL` from outside does."""

import os
import random
import signal
import subprocess
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path


def kill(pid: int) -> bool:
    """Kill a process; return False if it is gone already."""
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)
        return True
    return False


def kill_one(pids: Iterable[int], rng: random.Random) -> bool:
    """Kill one of some processes; return False if there is none."""
    listed = sorted(pids)
    return bool(listed) and kill(rng.choice(listed))


def interrupt(process: "subprocess.Popen[str]", patience_s: float) -> None:
    """Send Ctrl-C to a process and wait until it has ended; kill it if it does not."""
    process.send_signal(signal.SIGINT)
    try:
        process.wait(patience_s)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def children(pid: int) -> list[int]:
    """Return the processes that a process started and that have not been waited for."""
    found: list[int] = []
    with suppress(OSError):
        for task in Path(f"/proc/{pid}/task").iterdir():
            found += map(int, (task / "children").read_text().split())
    return sorted(found)
