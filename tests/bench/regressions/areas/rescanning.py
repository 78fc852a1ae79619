"""A rescan of files that are as they were, beside `find -printf` and a walk of the same tree."""

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

sys.path.insert(1, str(Path(__file__).parents[4]))
sys.path.insert(1, str(Path(__file__).parents[3] / "helpers"))
sys.path.insert(1, str(Path(__file__).parents[2]))
sys.path.insert(1, str(Path(__file__).parents[1]))

from ratio import Ratio, children_cpu_s, in_turns
from rescan import find_command, index_command, made
from running import main_of

_FILES = 30_000


def ratios(work: Path) -> list[Ratio]:
    """Return the whole command over `find`."""
    tree, store = made(work, _FILES)
    return [
        in_turns(
            f"rescan of {_FILES:,} files / find -printf (CPU)",
            lambda: _run(index_command(store)),
            lambda: _run(find_command(tree)),
            clock=children_cpu_s,
        )
    ]


def _run(command: Sequence[str]) -> None:
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


if __name__ == "__main__":
    sys.exit(main_of(ratios))
