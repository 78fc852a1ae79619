"""`make bench-graph`: the network of a large collection, stage by stage, and alternatives."""

import argparse
import sys
from collections.abc import Callable
from pathlib import Path

sys.path.insert(1, str(Path(__file__).parents[2] / "helpers"))
sys.path.insert(1, str(Path(__file__).parents[1]))
sys.path.insert(1, str(Path(__file__).parents[1] / "search"))
sys.path.insert(1, str(Path(__file__).parents[1] / "logdir"))

import command
import communities
import neighbors
import pages
import search
from imgrec.arguments import some_of
from machine import described, work_folder, write
from measuring import tell

_MOST_PAGED = 100_000
# By name: a title, and a function of a work folder and the number of pictures to Markdown.
_PARTS: dict[str, tuple[str, Callable[[Path, int], str]]] = {
    "neighbors": ("The k-NN graph", neighbors.measured),
    "communities": ("Communities", communities.measured),
    "pages": ("Pages", lambda work, count: pages.measured(work, min(count, _MOST_PAGED))),
    "command": ("The whole command", command.measured),
    "search": ("The search box", lambda work, count: search.measured(count)),
}
_PACKAGES = ("numba", "pynndescent", "python-louvain", "scipy", "torch")


def main() -> int:
    """Run the chosen measurements and print them as Markdown."""
    parser = argparse.ArgumentParser(description=__doc__)
    add = parser.add_argument
    add("--count", type=int, default=400_000, help="maximum number of pictures (default 400000)")
    add("--only", type=some_of(tuple(_PARTS), "part"), default=tuple(_PARTS), metavar="PART,…",
        help=f"measure only these of {', '.join(_PARTS)}; default all")  # fmt: skip
    add(
        "--store",
        type=Path,
        metavar="DIR",
        help="a store of photos in class folders: also compares communities with folders",
    )
    add(
        "--keep",
        type=Path,
        metavar="DIR",
        help="keep the collections in this folder, and use those that exist",
    )
    arguments = parser.parse_args()
    if arguments.count < 1000:
        parser.error(f"--count {arguments.count}: at least 1000 pictures are needed")
    write(f"# Network\n\n{described(_PACKAGES)}")
    with work_folder(arguments.keep) as work:
        for part in arguments.only:
            title, measure = _PARTS[part]
            tell(part)
            write(f"\n## {title}\n\n{measure(work, arguments.count)}")
    if arguments.store:
        write(f"\n## Communities against folders\n\n{communities.by_folder(arguments.store)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
