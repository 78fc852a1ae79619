"""Export of a whole collection in a fresh process: time, memory, and what new pictures cost."""

import resource
import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from clock import SPRITES, Clock, told
from imgrec import Store
from machine import rows
from material import copied, indexed, made
from measuring import anonymous_mb, apart, paragraph, size_mb, tell
from projector.export import ProjectorOptions, write_logdir

HEADS = ("case", "s", "CPU s", "memory MB", "disk MB", "runs", "changed")
NEW = 100  # one picture in so many comes later
_T = TypeVar("_T")


@dataclass(frozen=True)
class Exported:
    """What an export took.

    Attributes:
        seconds: of the wall.
        cpu_s: of all threads and processes.
        main_s: seconds of the main thread by part.
        all_s: seconds of all threads by part.
        disk_mb: of the logdir.
        runs: in it.
        changed: of these, those that are other than before.
        views: bookmarks of all runs.
    """

    seconds: float
    cpu_s: float
    main_s: dict[str, float]
    all_s: dict[str, float]
    disk_mb: float
    runs: int
    changed: int
    views: int


def measured(work: Path, count: int) -> str:
    """Return seconds, memory and size of the export of `count` pictures, layouts left out."""
    later = max(1, count // NEW)
    tell(f"export: {count} pictures and {later} that come later")
    place = made(work, count + later)
    store = copied(place, work / "export" / "store", count, later)
    first, second = work / "export" / "first", work / "export" / "second"
    for logdir in (first, second):
        shutil.rmtree(logdir, ignore_errors=True)  # of a run before
    options = ProjectorOptions(methods=())
    lines, parts = [], []

    def case(name: str, out: Path) -> None:
        tell(f"export: {name}")
        done, peak_mb = fresh(exported, store, out, options)
        lines.append(cells(name, done, peak_mb))
        parts.append(f"{name}: {where(done)}")

    case("nothing kept", first)
    case("all kept, another logdir", second)
    case("all kept, the same logdir", second)
    indexed(store)
    case(f"{later:,} new pictures", second)
    return (
        rows(HEADS, lines)
        + "\nLayouts left out; seconds by part, sprites laid by worker processes "
        "beside the others; memory of all processes beside mapped files, everything imported "
        "included. Load of the machine before and after belongs beside these figures.\n\n"
        + paragraph(parts)
    )


def fresh(function: Callable[..., _T], *arguments: Any) -> tuple[_T, float]:
    """Run a function in a process of its own.

    Returns:
        what it returned, and the most memory in MB that the process held beside mapped files.
    """
    (before_mb, result), more_mb = apart(_with_memory, function, arguments)
    return result, before_mb + more_mb


def exported(store: Path, out: Path, options: ProjectorOptions) -> Exported:
    """Write a logdir in this process, which is to be a fresh one; what is imported late counts."""
    clock = Clock.installed()
    started, started_cpu = time.perf_counter(), _cpu_s()
    with Store.open(store) as opened:
        export = write_logdir(opened, out, options=options)
    seconds, cpu_s = time.perf_counter() - started, _cpu_s() - started_cpu
    return Exported(
        seconds,
        cpu_s,
        dict(clock.main_s),
        dict(clock.seconds),
        size_mb(out),
        len(export.runs),
        sum(run.changed for run in export.runs),
        sum(run.views for run in export.runs),
    )


def cells(name: str, done: Exported, peak_mb: float) -> list[str]:
    """Return the line of a table with the columns HEADS."""
    figures = (f"{v:.1f}" for v in (done.seconds, done.cpu_s))
    sizes = (f"{v:.0f}" for v in (peak_mb, done.disk_mb))
    return [name, *figures, *sizes, str(done.runs), str(done.changed)]


def where(done: Exported) -> str:
    """Return where the time went: in the main thread, then in the threads of the sprites."""
    rest = done.seconds - sum(done.main_s.values())
    beside = {part: done.all_s.get(part, 0.0) for part in SPRITES}
    return f"{told(done.main_s | {'rest': rest})}; beside: {told(beside) or 'nothing'}"


def _cpu_s() -> float:
    kinds = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)  # those that have ended
    return sum(used.ru_utime + used.ru_stime for used in map(resource.getrusage, kinds))


def _with_memory(function: Callable[..., _T], arguments: tuple[Any, ...]) -> tuple[float, _T]:
    return anonymous_mb(), function(*arguments)
