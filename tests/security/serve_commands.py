"""Run commands of imgrec, one after another, for a test that gives them on standard input.

A process of its own, so that a command that crashes, hangs or fills memory takes nothing with it;
one for many commands, because importing everything takes seconds. Each line of standard input is a
JSON object with `argv` and `cwd`. Each answer, a line on the file descriptor that the first
argument names, has `code`, `out`, `err` and `raised`, a traceback or null.
"""

import json
import os
import re
import resource
import sys
import tempfile
import traceback
from pathlib import Path
from typing import Any

from imgrec.__main__ import main
from imgrec.reporting import write
from imgrec.reporting.figures.chart import Chart
from imgrec.reporting.figures.render import Rendered

# Memory that a command may take beside what the process has; mapped files do not count.
_ROOM_BYTES = 3 << 29


def _undrawn(chart: Chart, *_: object) -> Rendered:
    """Return a chart without drawing it: matplotlib takes seconds, and reads nothing of a store."""
    return Rendered(chart, b"<svg/>", b"", ("<svg></svg>",))


def _answer(argv: list[str], cwd: str) -> dict[str, Any]:
    os.chdir(cwd)
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        saved = os.dup(1), os.dup(2)
        os.dup2(out.fileno(), 1)
        os.dup2(err.fileno(), 2)
        try:
            code, raised = _run(argv)
            sys.stdout.flush()
            sys.stderr.flush()
        finally:
            for number, copy in enumerate(saved, start=1):
                os.dup2(copy, number)
                os.close(copy)
        texts = []
        for file in (out, err):
            file.seek(0)
            texts.append(file.read().decode("utf-8", "backslashreplace"))
    return {"code": code, "out": texts[0], "err": texts[1], "raised": raised}


def _run(argv: list[str]) -> tuple[int, str | None]:
    status = dict(re.findall(r"(\w+):\s+(\d+) kB", Path("/proc/self/status").read_text()))
    unlimited = resource.getrlimit(resource.RLIMIT_DATA)
    limit = int(status["VmData"]) * 1024 + _ROOM_BYTES
    resource.setrlimit(resource.RLIMIT_DATA, (limit, unlimited[1]))
    try:
        return main(argv), None
    except SystemExit as end:
        return int(end.code or 0), None
    except BaseException:
        return -1, traceback.format_exc()
    finally:
        resource.setrlimit(resource.RLIMIT_DATA, unlimited)


if __name__ == "__main__":
    write.render = _undrawn
    with os.fdopen(int(sys.argv[1]), "w") as answers:
        for line in sys.stdin:
            asked = json.loads(line)
            answers.write(json.dumps(_answer(asked["argv"], asked["cwd"])) + "\n")
            answers.flush()
