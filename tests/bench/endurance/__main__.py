"""`make endurance`: kills index, graph, projector and report at random moments, then compares."""

import argparse
import sys
import time
from pathlib import Path

sys.path.insert(1, str(Path(__file__).parents[2] / "helpers"))
sys.path.insert(1, str(Path(__file__).parents[1]))
sys.path.insert(1, str(Path(__file__).parents[1] / "search"))
sys.path.insert(1, str(Path(__file__).parents[1] / "index"))

import comparison
import kills
from imgrec.samples import write_samples
from machine import described, rows, work_folder, write
from measuring import paragraph, tell

_HEADS = ("command", "seconds", "kills", "of the group", "main", "worker", "ended", "with errors")


def main() -> int:
    """Run the measurement, print it as Markdown, and return 1 if anything differs."""
    parser = argparse.ArgumentParser(description=__doc__)
    add = parser.add_argument
    add("--count", type=int, default=600, help="sample pictures (default 600)")
    add("--kills", type=int, default=40, help="SIGKILLs, over all commands (default 40)")
    add("--seed", type=int, default=0, help="of the moments and the processes (default 0)")
    add("--keep", type=Path, metavar="DIR", help="keep samples and results in this new folder")
    arguments = parser.parse_args()
    write(f"# Endurance\n\n{described()}\n")
    started = time.perf_counter()
    with work_folder(arguments.keep) as work:
        tell("rendering")
        write_samples(work / "samples", arguments.count)
        found = _measured(work, arguments.kills, arguments.seed)
    write(f"\n{time.perf_counter() - started:.0f} s in all\n")
    return 1 if found else 0


def _measured(work: Path, count: int, seed: int) -> list[str]:
    """Run everything undisturbed, then killed; print both and return what differs."""
    tell("undisturbed")
    run = work / "run"
    seconds = {stage: kills.undisturbed(stage, work / "samples", run) for stage in kills.STAGES}
    # Twice: pages of the network show clusters, which the projector finds after them.
    for stage in kills.STAGES:
        kills.undisturbed(stage, work / "samples", run)
    # Both runs happen at one path, so that paths on pages are the same.
    run.rename(work / "whole")
    lines = []
    for number, stage in enumerate(kills.STAGES):
        tell(f"killed: {stage}")
        share = count // len(kills.STAGES) + (number < count % len(kills.STAGES))
        hit = kills.killed(stage, work / "samples", run, seconds[stage], share, f"{seed} {stage}")
        of_kinds = [hit.kinds[kind] for kind in kills.KINDS]
        line = [stage, f"{seconds[stage]:.1f}", sum(of_kinds), *of_kinds, hit.ended, hit.errors]
        lines.append(line)
        kills.undisturbed(stage, work / "samples", run)
    tell("once more, undisturbed")
    for stage in kills.STAGES:
        kills.undisturbed(stage, work / "samples", run)
    write(rows(_HEADS, lines))
    found = comparison.differences(work / "whole", run)
    write(f"\n{len(found)} differences from a run that was never killed\n")
    write(paragraph(found[:20]))
    return found


if __name__ == "__main__":
    sys.exit(main())
