"""`make bench-all`: small runs of every bench, as ratios beside those kept for this machine.

Exit status 1 if a ratio is worse than the kept one by more than its repeats vary, and by a quarter
at least, also when measured once more; or if an area cannot be measured.
"""

import argparse
import sys
import time
from collections.abc import Sequence
from pathlib import Path

sys.path.insert(1, str(Path(__file__).parents[3]))
sys.path.insert(1, str(Path(__file__).parents[1]))
sys.path.insert(1, str(Path(__file__).parents[1] / "search"))

import kept
from comparison import NEW, WORSE, best_of, compared, table
from imgrec.arguments import some_of
from machine import described, write
from measuring import paragraph, tell
from ratio import Ratio
from running import Ran, area_names, run_area


def main(argv: Sequence[str] | None = None) -> int:
    """Measure, compare, print a table as Markdown; return 1 if something is worse."""
    parser = argparse.ArgumentParser(description=__doc__)
    add, names = parser.add_argument, area_names()
    add("--only", type=some_of(names, "area"), default=names, metavar="AREA,…",
        help=f"measure only these of {', '.join(names)}; default all")  # fmt: skip
    add("--keep", action="store_true", help="keep what is measured, instead of what was kept")
    add("--kept", type=Path, metavar="FILE", default=kept.file_of_this_machine(),
        help="where ratios are kept (default %(default)s)")  # fmt: skip
    arguments = parser.parse_args(argv)
    before = kept.read(arguments.kept)
    write(f"# Regressions\n\n{described()}\n")
    for line in kept.changed(before.versions, kept.versions()) if before else []:
        write(f"- {line}\n")
    known = before.ratios if before and not arguments.keep else {}
    began, ratios, failures = time.perf_counter(), [], []
    for name in arguments.only:
        ran = _measured(name, known)
        ratios += ran.ratios
        failures += [f"{name}: {ran.failure}"] if ran.failure else []
    found = compared(ratios, known)
    spent_min = (time.perf_counter() - began) / 60
    write(f"\n{table(found)}\n{len(found)} ratios in {spent_min:.1f} minutes\n")
    write(f"\nNot measured:\n\n{paragraph(failures)}" if failures else "")
    new = [one.now for one in found if one.verdict == NEW]
    if new:
        kept.write(arguments.kept, new, before, anew=arguments.keep)
        write(f"\nkept {len(new)} ratios: {arguments.kept}\n")
    return int(bool(failures) or any(one.verdict == WORSE for one in found))


def _measured(name: str, known: dict[str, Ratio]) -> Ran:
    """Measure an area, and once more if a ratio is worse than the kept one: the better counts."""
    tell(f"{name}")
    ran = run_area(name)
    if any(one.verdict == WORSE for one in compared(ran.ratios, known)):
        tell(f"{name}: once more")
        again = run_area(name)
        ran = Ran(tuple(best_of(ran.ratios, again.ratios)), ran.failure)
    return ran


if __name__ == "__main__":
    sys.exit(main())
