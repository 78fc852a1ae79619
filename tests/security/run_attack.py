"""Run every command on a hostile store, and compare what lies around it before and after."""

import re
import shutil
from collections.abc import Iterator
from pathlib import Path

from attack import Attack
from ground import SECRET, Ground, make_ground
from program import Ended, Program

# In this order, on one copy of the store: what one command leaves is there for the next.
_READING = (
    "doctor --store store --deep",
    "catalog --store store",
    "catalog --store store --json --failed --missing",
    "query PICTURE --store store --grid out/grid.png",
    "projector --store store --out out/logdir --workers 0 --layouts none --page-size 10",
    "graph --store store --out out/site --workers 0 --k 3 --page-size 8 --duplicates out/d.csv "
    "--parquet out/n.parquet --thumbnails",
    "export --store store --parquet out/vectors --quiet",
    "report --store store --out out/report --maps none --quiet",
    "duplicates --store store --out out/review --csv out/t.csv --list out/l --list0 out/l0 "
    "--workers 0 --quiet",
)
# On another copy: the doctor tells the next run what is damaged, which mends it.
_WRITING = (
    "index more --store store --workers 0 --hnsw",
    "doctor --store store",
    "query PICTURE --store store",
    "projector --store store --out out/logdir --workers 0 --layouts none --page-size 10",
)
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\x80-\x9f\u202a-\u202e\u2066-\u2069]")
# A line of the doctor on what is wrong and harms no command.
_WARNING = re.compile(r"^warning ", re.MULTILINE)
_LONGEST_LINE = 4000
_MARKUP = "<xss-canary"


def attacked(attack: Attack, good: Path, folder: Path, program: Program) -> list[str]:
    """Return what went wrong when all commands were run on a hostile store, a line each."""
    picture = good.parent / "photos/discs/000.jpg"
    wrong: list[str] = []
    for name, lines in {"reading": _READING, "writing": _WRITING}.items():
        ground = make_ground(folder / name, good)
        attack.spoil(ground)
        before = ground.snapshot(attack.treasures)
        found = False
        for line in lines:
            argv = [str(picture) if word == "PICTURE" else word for word in line.split()]
            ended = program.run(argv, ground.work)
            wrong += [f"{line}: {problem}" for problem in problems(ended, argv[0])]
            found |= argv[0] == "doctor" and (
                ended.code != 0 or _WARNING.search(ended.out) is not None
            )
            differ = changed(before, ground.snapshot(attack.treasures))
            wrong += [f"{line}: {what}" for what in differ]
            # What follows would only repeat it, and hang as long.
            if differ or ended.hung:
                break
        if name == "reading" and attack.found and not found:
            wrong.append("doctor: finds nothing wrong")
        wrong += [f"{path} holds the owner's text" for path in ground.leaks()]
        wrong += [f"{path} holds markup" for path in _with_markup(ground)]
        if (ground.work / "PWNED").exists():
            wrong.append("code of the store was run")
        shutil.rmtree(folder / name, ignore_errors=True)
    return wrong


def problems(ended: Ended, command: str) -> Iterator[str]:
    """Yield what is wrong with the end of a command."""
    if ended.raised is not None:
        yield ended.raised.strip().splitlines()[-1] + _place(ended.raised)
        return
    if ended.code not in ((0, 1, 2) if command == "doctor" else (0, 2)):
        yield f"ended with {ended.code}"
    if "Traceback" in ended.out + ended.err:
        yield "shows a traceback"
    if SECRET in ended.out + ended.err:
        yield "shows the owner's text"
    if ended.code == 2 and not (ended.err.splitlines() or [""])[-1].startswith("imgrec "):
        yield f"ended with 2 and no line of its own: {ended.err[-300:]!r}"
    for line in (ended.out + ended.err).split("\n"):
        # Of what a progress bar draws over and over the last counts.
        shown = line.rpartition("\r")[2]
        if _CONTROL.search(shown):
            yield f"writes control characters: {shown[:200]!r}"
        if len(shown) > _LONGEST_LINE and command != "catalog":
            yield f"writes a line of {len(shown):,} letters: {shown[:80]!r}"


def _place(raised: str) -> str:
    places = [line.strip() for line in raised.splitlines() if line.startswith("  File")]
    return f" ({places[-1]})" if places else ""


def changed(before: dict[str, object], after: dict[str, object]) -> list[str]:
    """Return what is no longer as it was: changed, gone or new."""
    names = sorted(before.keys() | after.keys())
    differ = [name for name in names if before.get(name) != after.get(name)]
    return [f"{n} {'is new' if n not in before else 'was changed or is gone'}" for n in differ]


def _with_markup(ground: Ground) -> Iterator[str]:
    for path in ground.out.rglob("*.html"):
        if _MARKUP in path.read_text("utf-8", "replace").lower():
            yield path.relative_to(ground.path).as_posix()
