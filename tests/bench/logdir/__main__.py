"""`make bench-projector`: time to write and to open a logdir, compared with alternatives."""

import argparse
import sys
from collections.abc import Callable
from pathlib import Path

sys.path.insert(1, str(Path(__file__).parents[2] / "helpers"))
sys.path.insert(1, str(Path(__file__).parents[1]))
sys.path.insert(1, str(Path(__file__).parents[1] / "search"))

import beside
import exporting
import layouts
import opening
import whole
import windows
from imgrec.arguments import some_of
from imgrec.layouts.choices import VIEWS
from machine import described, work_folder, write
from measuring import tell

_PARTS = ("export", "writer", "umap", "windows", "pages", "stage")
_USUAL = _PARTS[:-1]
_UMAP, _WINDOWS = 50_000, 30_000
_PACKAGES = ("numba", "openTSNE", "scipy", "torch", "umap-learn")


def main() -> int:
    """Run the chosen measurements and print them as Markdown."""
    parser = argparse.ArgumentParser(description=__doc__)
    add = parser.add_argument
    add("--count", type=int, default=110_000, help="pictures (default 110000)")
    parts, layouts = some_of(tuple(_PARTS), "part"), some_of(VIEWS, "layout", or_none=True)
    add("--only", type=parts, default=_USUAL, metavar="PART,…", help="measure only these "
        f"of {', '.join(_PARTS)}; default {', '.join(_USUAL)}")  # fmt: skip
    add("--layouts", type=layouts, default=VIEWS, metavar="METHOD,…",
        help=f"layouts of the stage, of {', '.join(VIEWS)}, or none; default all")  # fmt: skip
    add("--runs", type=int, help="write only this many runs of the stage, and extrapolate")
    add(
        "--keep",
        type=Path,
        metavar="DIR",
        help="keep the store in this folder, and use one that exists",
    )
    arguments = parser.parse_args()
    if arguments.count < 1000:
        parser.error(f"--count {arguments.count}: at least 1000 pictures are needed")
    count = arguments.count
    write(f"# Projector\n\n{described(_PACKAGES)}")
    with work_folder(arguments.keep) as work:
        measures: dict[str, tuple[str, Callable[[], str]]] = {
            "export": (f"Export of {count:,}", lambda: exporting.measured(work, count)),
            "writer": ("Compared with SummaryWriter", lambda: beside.measured(work, count)),
            "umap": ("Compared with umap-learn", lambda: _umap(min(_UMAP, count))),
            "windows": ("Pages as windows", lambda: _windows(min(_WINDOWS, count))),
            "pages": ("Opening the page", lambda: opening.measured(work, count)),
            "stage": (
                f"The whole stage at {count:,}",
                lambda: whole.measured(work, count, arguments.layouts, arguments.runs),
            ),
        }
        for part in arguments.only:
            title, measure = measures[part]
            write(f"\n## {title}\n\n{measure()}")
    return 0


def _windows(count: int) -> str:
    tell(f"windows: {count} vectors")
    table, _ = exporting.fresh(windows.measured, count)
    return table


def _umap(count: int) -> str:
    tell(f"umap: {count} vectors")
    table, _ = exporting.fresh(layouts.measured, count)
    return table


if __name__ == "__main__":
    sys.exit(main())
