"""A store pushed to a folder by the whole command, beside `cp -r` of the same files."""

import itertools
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

sys.path.insert(1, str(Path(__file__).parents[4]))
sys.path.insert(1, str(Path(__file__).parents[3] / "helpers"))
sys.path.insert(1, str(Path(__file__).parents[2]))
sys.path.insert(1, str(Path(__file__).parents[2] / "serve"))
sys.path.insert(1, str(Path(__file__).parents[1]))

from vectors_store import written

from ratio import Ratio, children_cpu_s, in_turns
from running import main_of

_COUNT, _DIMENSIONS = 20_000, 512


def ratios(work: Path) -> list[Ratio]:
    """Return a first push, of all files, over copying them."""
    store, numbers = written(work / "store", _COUNT, _DIMENSIONS), itertools.count()

    def out() -> Path:
        return work / f"out-{next(numbers)}"

    push = (sys.executable, "-m", "imgrec", "push", str(store))
    return [
        in_turns(
            f"push of {_COUNT:,} x {_DIMENSIONS} to a folder / cp -r (CPU)",
            lambda: _run([*push, f"file://{out()}", "--quiet"]),
            lambda: _run(["cp", "-r", str(store), str(out())]),
            clock=children_cpu_s,
        )
    ]


def _run(command: Sequence[str]) -> None:
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)


if __name__ == "__main__":
    sys.exit(main_of(ratios))
