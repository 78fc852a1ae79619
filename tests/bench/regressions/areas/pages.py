"""Network pages and report of a store with all derived data, beside Pillow and Matplotlib alone."""

import itertools
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

sys.path.insert(1, str(Path(__file__).parents[4]))
sys.path.insert(1, str(Path(__file__).parents[3] / "helpers"))
sys.path.insert(1, str(Path(__file__).parents[2]))
sys.path.insert(1, str(Path(__file__).parents[2] / "search"))
sys.path.insert(1, str(Path(__file__).parents[2] / "logdir"))
sys.path.insert(1, str(Path(__file__).parents[1]))

from material import copied, made
from ratio import Ratio, children_cpu_s, in_turns
from running import main_of

_COUNT = 500
_REPEATS = 3
_DECODE = (
    "import io, sys; from PIL import Image; from imgrec import Store\n"
    "with Store.open(sys.argv[1]) as store:\n"
    "    thumbs = store.thumbs()\n"
    "    for image_id in thumbs.ids.tolist():\n"
    "        Image.open(io.BytesIO(thumbs.get(image_id))).load()\n"
)
_FIGURE = (
    "import sys, matplotlib; matplotlib.use('agg'); import matplotlib.pyplot as plt\n"
    "figure, axes = plt.subplots(); axes.plot(range(9)); figure.savefig(sys.argv[1])\n"
)


def ratios(work: Path) -> list[Ratio]:
    """Return the pages over decoding all thumbnails, and the report over one figure."""
    store = copied(made(work, _COUNT), work / "store", _COUNT)
    numbers = itertools.count()

    def out() -> str:
        return str(work / f"out-{next(numbers)}")

    def command(*arguments: str) -> Callable[[], object]:
        return lambda: _run(*arguments, "--store", str(store), "--out", out(), "--quiet")

    return [
        in_turns(
            f"network pages of {_COUNT:,}, neighbors kept / decoding its thumbnails (CPU)",
            command("-m", "graph", "--no-map"),
            lambda: _run("-c", _DECODE, str(store)),
            _REPEATS,
            clock=children_cpu_s,
        ),
        in_turns(
            f"report of {_COUNT:,}, all kept / python that draws one figure (CPU)",
            command("-m", "imgrec.report", "--maps", "none"),
            lambda: _run("-c", _FIGURE, str(work / "figure.png")),
            _REPEATS,
            clock=children_cpu_s,
        ),
    ]


def _run(*command: str) -> None:
    subprocess.run([sys.executable, *command], check=True, stdout=subprocess.DEVNULL)


if __name__ == "__main__":
    sys.exit(main_of(ratios))
