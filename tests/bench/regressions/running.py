"""Run the areas: each is a script in a process of its own, which prints its ratios as JSON.

So what one area imports, compiles and leaves in memory does not reach the next, and an area that
fails costs only its own ratios.
"""

import json
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from ratio import Ratio

AREAS = Path(__file__).parent / "areas"
# Most areas take half a minute.
_PATIENCE_S = 300


@dataclass(frozen=True)
class Ran:
    """What an area gave.

    Attributes:
        ratios: what was measured.
        failure: last line of its error; "" if there was none.
    """

    ratios: tuple[Ratio, ...]
    failure: str = ""


def area_names() -> tuple[str, ...]:
    """Return the names of all areas, sorted."""
    return tuple(sorted(file.stem for file in AREAS.glob("[!_]*.py")))


def run_area(name: str, patience_s: float = _PATIENCE_S) -> Ran:
    """Measure an area in a process and a work folder of its own."""
    with tempfile.TemporaryDirectory(prefix="imgrec-bench-") as work:
        command = [sys.executable, str(AREAS / f"{name}.py"), work]
        try:
            done = subprocess.run(
                command, stdout=subprocess.PIPE, text=True, timeout=patience_s, check=False
            )
        except subprocess.TimeoutExpired:
            return Ran((), f"no result after {patience_s:.0f} s")
    if done.returncode:
        return Ran((), f"exit status {done.returncode}; its error is above")
    return Ran(tuple(read_ratios(done.stdout)))


def main_of(ratios: Callable[[Path], Sequence[Ratio]]) -> int:
    """Run an area as a script: `python AREA.py WORK` prints its ratios as JSON."""
    found = ratios(Path(sys.argv[1]))
    # Libraries may print too: the last line counts.
    sys.stdout.write(f"\n{json.dumps({ratio.name: ratio.values for ratio in found})}\n")
    return 0


def read_ratios(printed: str) -> list[Ratio]:
    """Return the ratios in the last line of what an area printed."""
    found = json.loads(printed.strip().rpartition("\n")[2])
    return [Ratio(name, tuple(values)) for name, values in found.items()]
