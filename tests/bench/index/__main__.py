"""`make bench-index`: indexes many pictures without interruption, and again with random kills."""

import argparse
import sys
from pathlib import Path

sys.path.insert(1, str(Path(__file__).parents[2] / "helpers"))
sys.path.insert(1, str(Path(__file__).parents[1]))
sys.path.insert(1, str(Path(__file__).parents[1] / "search"))

import endurance
from imgrec.samples import write_samples
from machine import described, work_folder, write
from measuring import tell


def main() -> int:
    """Run the measurement and print it as Markdown."""
    parser = argparse.ArgumentParser(description=__doc__)
    add = parser.add_argument
    add("--count", type=int, default=100_000, help="sample pictures (default 100000)")
    add("--kills", type=int, default=50, help="number of SIGKILLs at random moments (default 50)")
    add(
        "--keep",
        type=Path,
        metavar="DIR",
        help="keep the samples in this folder, and use those that exist",
    )
    arguments = parser.parse_args()
    write(f"# Indexing\n\n{described()}")
    with work_folder(arguments.keep) as work:
        tell("rendering")
        write_samples(work / "samples", arguments.count, quiet=False)
        tell("one run")
        whole = endurance.unbroken(work / "samples", work / "whole")
        write(f"\n## Without interruption, mini\n\n{endurance.told(whole, work / 'whole')}")
        tell("killed")
        told = endurance.broken(work / "samples", work / "broken", whole, arguments.kills)
        write(f"\n## With random kills\n\n{told}")
        write(endurance.differences(work / "whole", work / "broken"))
    return 0


if __name__ == "__main__":
    sys.exit(main())
