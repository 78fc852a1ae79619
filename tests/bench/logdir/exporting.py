"""Export of a whole collection in a fresh process: time, memory, and the cost of new pictures."""

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
# One of this many pictures is added later.
NEW = 100
_T = TypeVar("_T")


@dataclass(frozen=True)
class Exported:
    """The cost of an export.

    Attributes:
        seconds: wall time.
        cpu_s: CPU seconds of all threads and processes.
        main_s: seconds by part, in the main thread.
        all_s: seconds by part, in all threads.
        disk_mb: size of the logdir.
        runs: number of runs in the logdir.
        changed: number of runs that changed.
        views: number of bookmarks of all runs.
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
    """Return time, memory and size of the export of `count` pictures without layouts."""
    later = max(1, count // NEW)
    tell(f"export: {count} pictures and {later} that come later")
    place = made(work, count + later)
    store = copied(place, work / "export" / "store", count, later)
    first, second = work / "export" / "first", work / "export" / "second"
    for logdir in (first, second):
        # The logdir of a previous run.
        shutil.rmtree(logdir, ignore_errors=True)
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
        + "\nWithout layouts. Seconds by part; worker processes draw sprites in parallel to the "
        "others. Memory of all processes without mapped files, with imported libraries. Report "
        "the load of the machine before and after with these figures.\n\n" + paragraph(parts)
    )


def fresh(function: Callable[..., _T], *arguments: Any) -> tuple[_T, float]:
    """Run a function in a process of its own.

    Returns:
        its result, and the peak memory of the process in MB without mapped files.
    """
    (before_mb, result), more_mb = apart(_with_memory, function, arguments)
    return result, before_mb + more_mb


def exported(store: Path, out: Path, options: ProjectorOptions) -> Exported:
    """Write a logdir in this process, which must be a fresh one, so that late imports count."""
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
    """Return the cells of a table row with the columns HEADS."""
    figures = (f"{v:.1f}" for v in (done.seconds, done.cpu_s))
    sizes = (f"{v:.0f}" for v in (peak_mb, done.disk_mb))
    return [name, *figures, *sizes, str(done.runs), str(done.changed)]


def where(done: Exported) -> str:
    """Return the time by part, in the main thread and in the sprite threads, as text."""
    rest = done.seconds - sum(done.main_s.values())
    beside = {part: done.all_s.get(part, 0.0) for part in SPRITES}
    return f"{told(done.main_s | {'rest': rest})}; in parallel: {told(beside) or 'nothing'}"


def _cpu_s() -> float:
    # RUSAGE_CHILDREN covers processes that have ended.
    kinds = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    return sum(used.ru_utime + used.ru_stime for used in map(resource.getrusage, kinds))


def _with_memory(function: Callable[..., _T], arguments: tuple[Any, ...]) -> tuple[float, _T]:
    return anonymous_mb(), function(*arguments)
