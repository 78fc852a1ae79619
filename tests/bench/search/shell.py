"""A query from the shell: the wall time and the memory of the whole process.

Python writes the byte code of a module at its first import, as an installer does for all modules.
Where the environment forbids it, each process would compile imgrec again, so here it is allowed, in
a folder of its own.
"""

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence

from collection import FIRST_ID, Place
from imgrec import Store
from machine import seconds
from measuring import anonymous_mb, tell

_RUNS = 7
_EVERY_S = 0.002
# What no query can do without.
_FLOOR = ("-c", "import numpy")


def measured(place: Place) -> str:
    """Return the wall time of whole processes, and the memory of one without mapped files."""
    tell(f"{place.count}: from the shell")
    with Store.open(place.store) as store:
        (entry,) = store.catalog.entries([FIRST_ID])
    asked = entry.path, "--store", str(place.store)
    command = ("-m", "imgrec.query", *asked)
    commands = {"query": command, "imgrec": ("-m", "imgrec", "query", *asked), "numpy": _FLOOR}
    with tempfile.TemporaryDirectory() as folder:
        environment = {**os.environ, "PYTHONPYCACHEPREFIX": folder}
        environment.pop("PYTHONDONTWRITEBYTECODE", None)
        taken = _in_turns(commands, environment)
    least_s, middle_s, most_s = taken["query"]
    return (
        f"from the shell, whole process, s: {least_s:.2f} / {middle_s:.2f} / {most_s:.2f} "
        f"(min / median / max of {_RUNS}; `imgrec query`: median {taken['imgrec'][1]:.2f}; "
        f"`import numpy` alone: {taken['numpy'][1]:.2f}, of which the query took "
        f"{middle_s / taken['numpy'][1]:.1f} times); {_peak_mb(*command):.0f} MB without mapped "
        f"files, {_peak_mb('-c', 'import imgrec, imgrec.query'):.0f} MB of them by imports"
    )


def _in_turns(
    commands: Mapping[str, Sequence[str]], environment: Mapping[str, str]
) -> dict[str, tuple[float, float, float]]:
    """Return minimum, median and maximum wall seconds of each command, run in turns."""

    def run(command: Sequence[str]) -> None:
        subprocess.run(
            [sys.executable, *command], env=environment, stdout=subprocess.DEVNULL, check=True
        )

    for command in commands.values():
        run(command)
    spent_s: dict[str, list[float]] = {name: [] for name in commands}
    for _ in range(_RUNS):
        for name, command in commands.items():
            spent_s[name].append(seconds(lambda command=command: run(command)))  # type: ignore[misc]
    return {name: (min(s), statistics.median(s), max(s)) for name, s in spent_s.items()}


def _peak_mb(*command: str) -> float:
    with subprocess.Popen([sys.executable, *command], stdout=subprocess.DEVNULL) as process:
        peak_mb = 0.0
        while process.poll() is None:
            peak_mb = max(peak_mb, anonymous_mb(process.pid))
            time.sleep(_EVERY_S)
    return peak_mb
