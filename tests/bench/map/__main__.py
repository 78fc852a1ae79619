"""`make bench-map`: the map of a large collection."""

import argparse
import sys
from pathlib import Path

sys.path.insert(1, str(Path(__file__).parents[3]))
sys.path.insert(1, str(Path(__file__).parents[2] / "helpers"))
sys.path.insert(1, str(Path(__file__).parents[1]))
sys.path.insert(1, str(Path(__file__).parents[1] / "search"))
sys.path.insert(1, str(Path(__file__).parents[1] / "logdir"))

import browsing
import files
import more_dots

from imgrec.maps.format import FOLDER, PAGE
from machine import described, work_folder, write

_PACKAGES = ("numba", "numpy", "pillow")


def main() -> int:
    """Run the measurements and print tables as Markdown."""
    parser = argparse.ArgumentParser(description=__doc__)
    add = parser.add_argument
    add("--count", type=int, default=400_000, help="pictures (default 400000)")
    add("--photos", type=Path, metavar="STORE", help="take the thumbnails of this store")
    add("--keep", type=Path, metavar="DIR",
        help="keep store and site in this folder, and use a store that exists")  # fmt: skip
    add("--dots", type=int, default=4_000_000,
        help="of a synthetic map without tiles (default 4000000)")  # fmt: skip
    arguments = parser.parse_args()
    if arguments.count < 1000:
        parser.error(f"--count {arguments.count}: at least 1000 pictures are needed")
    write(f"# Map\n\n{described(_PACKAGES)}\n")
    with work_folder(arguments.keep) as work:
        table, site = files.measured(work, arguments.count, arguments.photos)
        write(f"{table}\n")
        write(f"{browsing.measured(site / FOLDER / PAGE, work)}\n")
        write(more_dots.measured(site, work, arguments.dots))
    return 0


if __name__ == "__main__":
    sys.exit(main())
