"""The program under attack: a process that runs commands, replaced when one crashes or hangs."""

import json
import os
import select
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

# No command on a store of 24 pictures takes a second; the first of a process imports everything.
_LIMIT_S, _FIRST_LIMIT_S = 60, 240


@dataclass(frozen=True)
class Ended:
    """How a command ended.

    Attributes:
        code: the exit code; -1 after an exception, minus the signal after a crash.
        out: what it wrote to stdout.
        err: what it wrote to stderr.
        raised: the traceback of an exception that left `main`, or what else stopped it.
        hung: True if it was killed because it did not end.
    """

    code: int
    out: str = ""
    err: str = ""
    raised: str | None = None
    hung: bool = False


class Program:
    """A running process; a context manager."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[str] | None = None

    def __enter__(self) -> "Program":
        return self

    def __exit__(self, *_: object) -> None:
        self._stop()

    def run(self, argv: list[str], cwd: Path) -> Ended:
        """Run a command in a folder; return how it ended."""
        if self._process is None:
            self._start()
        process = self._process
        assert process is not None
        assert process.stdin is not None
        process.stdin.write(json.dumps({"argv": argv, "cwd": str(cwd)}) + "\n")
        process.stdin.flush()
        limit_s, self._limit_s = self._limit_s, _LIMIT_S
        if not select.select([self._answers], [], [], limit_s)[0]:
            self._stop()
            return Ended(-signal.SIGKILL, raised=f"no end within {limit_s} s", hung=True)
        line = self._answers.readline()
        if not line:
            code = process.wait()
            self._stop()
            return Ended(code, raised=f"the process ended by itself with {code}")
        return Ended(**json.loads(line))

    def _start(self) -> None:
        read, write = os.pipe()
        command = [sys.executable, str(Path(__file__).with_name("serve_commands.py")), str(write)]
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, text=True, pass_fds=[write]
        )
        os.close(write)
        self._limit_s = _FIRST_LIMIT_S
        self._answers = os.fdopen(read)

    def _stop(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            assert self._process.stdin is not None
            self._process.stdin.close()
            self._answers.close()
            self._process = None
