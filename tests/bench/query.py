"""A query from the shell: the wall time of the whole process."""

import json
from pathlib import Path

from imgrec import Recommender, Store
from imgrec.distances.metrics import METRICS
from machine import median_of, rows, run

_RUNS = 7


def measured(store: Path) -> str:
    """Return the wall time of whole processes and of calls within one, by metric."""
    with Store.open(store) as opened:
        entry = opened.catalog.entries(opened.catalog.ids("ok")[:1])[0]
        count = len(opened.feature())
        recommender = Recommender(opened)
        lines = []
        for metric in METRICS:
            command = ("-m", "imgrec.query", entry.location, "--store", str(store))
            least, middle, most = median_of(_RUNS, *command, "--metric", metric)
            inside = sorted(
                recommender.query([entry.location], metric=metric).elapsed_ms for _ in range(_RUNS)
            )
            lines.append(
                [metric, f"{least:.2f} / {middle:.2f} / {most:.2f}", f"{inside[_RUNS // 2]:.1f}"]
            )
    heads = ["metric", "process, s: min / median / max", "in process, ms: median"]
    return rows(heads, lines) + f"\n{count} pictures; torch imported: {_imports_torch(command)}\n"


def _imports_torch(command: tuple[str, ...]) -> str:
    code = (
        f"import runpy, sys; sys.argv = {list(command[1:])!r}\n"
        "try: runpy.run_module('imgrec.query', run_name='__main__')\n"
        "except SystemExit: sys.stderr.write(str('torch' in sys.modules))"
    )
    return json.dumps(run("-c", code).stderr.endswith("True")).replace("false", "no")
