"""The whole projector stage on a large collection with layouts: measured once, by part."""

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import projector.export
from clock import ONCE, told
from exporting import HEADS, Exported, cells, exported, fresh, where
from machine import rows
from material import copied, made
from measuring import paragraph, tell
from projector.export import ProjectorOptions
from projector.runs import Run
from projector.source import ProjectedFeature


def measured(work: Path, count: int, methods: Sequence[str], most_runs: int | None) -> str:
    """Return the cost of the stage for a store without derived data.

    Args:
        work: folder for the store and the logdir.
        count: number of pictures.
        methods: layout methods.
        most_runs: number of runs that are written; the others are extrapolated.
    """
    tell(f"stage: writing a store of {count} pictures")
    store = copied(made(work, count), work / "stage" / "store", count)
    tell("stage: begins")
    options = ProjectorOptions(methods=methods)
    (done, planned), peak_mb = fresh(_staged, store, work / "stage" / "logdir", options, most_runs)
    name = f"{count:,} pictures, layouts: {', '.join(methods) or 'none'}"
    lines = [f"{done.views} bookmarks; {where(done)}", f"all threads: {told(done.all_s)}"]
    if done.runs < len(planned):
        lines.append(_extrapolated(done, planned))
    return rows(HEADS, [cells(name, done, peak_mb)]) + "\n" + paragraph(lines)


def _staged(
    store: Path, out: Path, options: ProjectorOptions, most_runs: int | None
) -> tuple[Exported, list[int]]:
    """Write a logdir; return its cost and the number of pictures of each planned run."""
    planned: list[int] = []
    _told_by_run(planned, most_runs)
    return exported(store, out, options), planned


def _extrapolated(done: Exported, planned: list[int]) -> str:
    once_s = sum(done.main_s.get(part, 0.0) for part in ONCE)
    share = sum(planned[: done.runs]) / sum(planned)
    whole_s = once_s + (done.seconds - once_s) / share
    return (
        f"extrapolated, not measured: {done.runs} of {len(planned)} runs were written, with "
        f"{share:.1%} of the pictures of all; all of them would take {whole_s:.0f} s and "
        f"{done.disk_mb / share:.0f} MB"
    )


def _told_by_run(planned: list[int], most_runs: int | None) -> None:
    """Patch the export to report the time of each run on stderr, and write only the first."""
    write, plan = projector.export._written, ProjectedFeature.runs

    def written(composer: Any, writer: Any, run: Run) -> Any:
        started = time.perf_counter()
        summary = write(composer, writer, run)
        tell(f"stage: {summary.name}: {time.perf_counter() - started:.1f} s, sprite not counted")
        return summary

    def runs(
        collection: ProjectedFeature, overview: int, page_size: int, **limits: int
    ) -> list[Run]:
        found = plan(collection, overview, page_size, **limits)
        planned.extend(len(run.ids) for run in found)
        tell(f"stage: {len(found)} runs of {sum(planned)} pictures in all")
        return found[:most_runs]

    projector.export._written = written
    ProjectedFeature.runs = runs  # type: ignore[method-assign]
