"""`make bench-report`: time, memory and size of the report of a large collection."""

import argparse
import sys
from pathlib import Path

sys.path.insert(1, str(Path(__file__).parents[3]))
sys.path.insert(1, str(Path(__file__).parents[2] / "helpers"))
sys.path.insert(1, str(Path(__file__).parents[1]))
sys.path.insert(1, str(Path(__file__).parents[1] / "search"))
sys.path.insert(1, str(Path(__file__).parents[1] / "logdir"))

import writing
from imgrec.arguments import some_of
from imgrec.layouts.choices import METHODS
from machine import described, work_folder, write

_PACKAGES = ("matplotlib", "numba", "openTSNE", "scipy", "torch", "umap-learn")


def main() -> int:
    """Run the measurement and print a table as Markdown."""
    parser = argparse.ArgumentParser(description=__doc__)
    add = parser.add_argument
    add("--count", type=int, default=400_000, help="pictures (default 400000)")
    add("--maps", type=some_of(METHODS, "map", or_none=True), default=(), metavar="METHOD,…",
        help=f"maps, of {', '.join(METHODS)}, or none; default none")  # fmt: skip
    add(
        "--keep",
        type=Path,
        metavar="DIR",
        help="keep the store in this folder, and use one that exists",
    )
    arguments = parser.parse_args()
    if arguments.count < 1000:
        parser.error(f"--count {arguments.count}: at least 1000 pictures are needed")
    write(f"# Report\n\n{described(_PACKAGES)}\n")
    with work_folder(arguments.keep) as work:
        write(writing.measured(work, arguments.count, arguments.maps))
    return 0


if __name__ == "__main__":
    sys.exit(main())
