"""A logdir: its run beside `SummaryWriter.add_embedding`, from a store and of the same arrays."""

import itertools
import sys
from pathlib import Path

sys.path.insert(1, str(Path(__file__).parents[4]))
sys.path.insert(1, str(Path(__file__).parents[3] / "helpers"))
sys.path.insert(1, str(Path(__file__).parents[2]))
sys.path.insert(1, str(Path(__file__).parents[2] / "search"))
sys.path.insert(1, str(Path(__file__).parents[2] / "logdir"))
sys.path.insert(1, str(Path(__file__).parents[1]))

from beside import by_imgrec, by_torch, contents_of, one_run, run_in
from imgrec import Store
from material import copied, made
from projector.export import write_logdir
from ratio import Ratio, in_turns
from running import main_of

# A square number, because `add_embedding` pads other counts.
_COUNT = 256
_REPEATS = 3


def ratios(work: Path) -> list[Ratio]:
    """Return what a logdir takes over what `add_embedding` takes, both in this process."""
    store = copied(made(work, _COUNT), work / "store", _COUNT)
    numbers = itertools.count()

    def out() -> Path:
        return work / f"out-{next(numbers)}"

    def export(place: Path) -> None:
        with Store.open(store) as opened:
            write_logdir(opened, place, options=one_run(_COUNT, None))

    # Axes and clusters are kept from here on.
    first = out()
    export(first)
    contents = contents_of(store, run_in(first))
    ways = {"logdir of a store": lambda: export(out()),
            "files of the same arrays": lambda: by_imgrec(contents, out())}  # fmt: skip
    return [
        in_turns(f"{name}, {_COUNT:,} x 2,048 / add_embedding", way,
                 lambda: by_torch(contents, out()), _REPEATS)
        for name, way in ways.items()
    ]  # fmt: skip


if __name__ == "__main__":
    sys.exit(main_of(ratios))
