"""`make bench-growth`: what each stage takes at several sizes, and by which exponent it grows."""

import argparse
import sys
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

sys.path.insert(1, str(Path(__file__).parents[3]))
sys.path.insert(1, str(Path(__file__).parents[2] / "helpers"))
sys.path.insert(1, str(Path(__file__).parents[1]))
sys.path.insert(1, str(Path(__file__).parents[1] / "search"))
sys.path.insert(1, str(Path(__file__).parents[1] / "logdir"))

import material
import measured
from exponents import Cost, table
from imgrec.arguments import some_of
from machine import described, work_folder, write
from measuring import apart, tell

_SIZES = (4_000, 40_000, 400_000)
_RESCAN = "rescan"
_NAMES = (*measured.STAGES, _RESCAN)


def main(argv: Sequence[str] | None = None) -> int:
    """Measure the chosen stages at each size and print a table as Markdown."""
    parser = argparse.ArgumentParser(description=__doc__)
    add = parser.add_argument
    add("--sizes", type=_sizes, default=_SIZES, metavar="N,…",
        help=f"numbers of pictures, default {','.join(map(str, _SIZES))}")  # fmt: skip
    add("--dimensions", type=int, default=1280, help="of a vector (default 1280)")
    add("--only", type=some_of(_NAMES, "stage"), default=_NAMES, metavar="STAGE,…",
        help=f"measure only these of {', '.join(_NAMES)}; default all")  # fmt: skip
    add("--keep", type=Path, metavar="DIR",
        help="keep the stores in this folder, and use those that exist")  # fmt: skip
    arguments = parser.parse_args(argv)
    write(f"# Growth\n\n{described()}\n")
    costs: dict[str, dict[int, Cost]] = defaultdict(dict)
    with work_folder(arguments.keep) as work:
        for size in arguments.sizes:
            for name, cost in _measured(work, size, arguments.dimensions, arguments.only):
                costs[name][size] = cost
    write(
        f"{table(costs)}\nVectors of {arguments.dimensions}; each stage in a process of its own, "
        "with all that it builds on kept in the store. Exponents are of CPU seconds of all cores "
        "and processes.\n"
    )
    return 0


def _measured(
    work: Path, size: int, dimensions: int, names: Sequence[str]
) -> Sequence[tuple[str, Cost]]:
    found = []
    if any(name != _RESCAN for name in names):
        tell(f"{size}: a store")
        place = material.made(work, size, dimensions)
        store = material.copied(place, work / f"growth-{size}", size)
    for name in names:
        tell(f"{size}: {name}")
        if name == _RESCAN:
            cost, _ = apart(measured.rescan, work, size)
        else:
            cost, _ = apart(measured.STAGES[name], store)
        found.append((name, cost))
    return found


def _sizes(text: str) -> tuple[int, ...]:
    sizes = tuple(sorted({int(part) for part in text.split(",")}))
    if sizes[0] < 1_000:
        raise argparse.ArgumentTypeError(f"{sizes[0]}: at least 1000 pictures are needed")
    return sizes


if __name__ == "__main__":
    sys.exit(main())
