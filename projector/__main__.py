"""Write the TensorBoard projector of a store: python -m projector --store DIR --out LOGDIR."""

import argparse
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from imgrec.collection.kinds import CLUSTER
from imgrec.commands import Parser, positive, processes, run, seed, some_of
from imgrec.derived.clusters import COUNT
from imgrec.labels.keep import keep_labels
from imgrec.layouts.kept import METHODS
from imgrec.layouts.overview import SIZE as OVERVIEW_SIZE
from imgrec.store.store import Store
from imgrec.system.file_names import printable
from imgrec.system.text import counted
from projector.export import Export, ProjectorOptions, RunSummary, write_logdir
from projector.runs import MAX_POINTS, OVERVIEW, PAGE, PAGE_SIZE, WHOLE
from projector.source import DIMENSIONS


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; return its exit code."""
    return run(_parser(), _run, argv)


def _parser() -> argparse.ArgumentParser:
    parser = Parser(prog="projector", description=__doc__)
    add = parser.add_argument
    add("--store", type=Path, required=True, help="made by python -m imgrec.index")
    add("--out", type=Path, required=True, help="the logdir; replaced whole")
    add("--encoder", metavar="NAME", help="the feature to show; default: the store's")
    kept = parser.add_mutually_exclusive_group()
    columns = f"principal components in the tensor; default: {DIMENSIONS}"
    kept.add_argument("--dimensions", type=positive, default=DIMENSIONS, metavar="N", help=columns)
    kept.add_argument("--full", action="store_true", help="all dimensions in the tensor")
    overview = f"pictures in the overview; default: {OVERVIEW_SIZE}"
    add("--overview", type=_points, default=OVERVIEW_SIZE, metavar="N", help=overview)
    pages = f"pictures a page; default: {PAGE_SIZE}"
    add("--page-size", type=_points, default=PAGE_SIZE, metavar="N", help=pages)
    named = f"beside PCA, comma between; default: {','.join(METHODS)}; none for none of them"
    add(
        "--layouts",
        type=some_of(METHODS, "layout", or_none=True),
        default=METHODS,
        metavar="NAMES",
        help=named,
    )
    add("--clusters", type=positive, default=COUNT, metavar="N", help=f"default: {COUNT}")
    add("--seed", type=seed, default=0, help="of the layouts; default: 0")
    add("--workers", type=processes, metavar="N", help="processes; default: one a core; 0: none")
    return parser


def _run(arguments: argparse.Namespace) -> None:
    options = ProjectorOptions(
        dimensions=None if arguments.full else arguments.dimensions,
        overview=arguments.overview,
        page_size=arguments.page_size,
        clusters=arguments.clusters,
        methods=arguments.layouts,
        seed=arguments.seed,
        workers=arguments.workers,
    )
    with Store.open(arguments.store) as store:
        export = write_logdir(store, arguments.out, arguments.encoder, options, quiet=False)
    lost = keep_labels(arguments.store, CLUSTER, export.clusters.labels())
    if lost is not None:
        sys.stderr.write(printable(f"projector: cluster labels were not kept: {lost}") + "\n")
    sys.stdout.write(summary(export))


def summary(export: Export) -> str:
    """Return the lines that say what a logdir holds."""
    return (
        f"pictures   {export.pictures:,}, {counted(len(export.clusters.central), 'cluster')}\n"
        f"columns    {export.columns} of {export.encoder}, "
        f"{100 * export.variance_kept:.1f} % of the variance kept\n"
        + "".join(f"{line}\n" for line in _runs(export))
        + f"logdir     {export.logdir}\n"
    )


def _runs(export: Export) -> Iterator[str]:
    """A line for each run but the pages, one for all of these, and what is new."""
    for kind in (OVERVIEW, WHOLE):
        for run_ in export.runs:
            if run_.kind == kind:
                yield f"run        {run_.name}; {_shown(run_)}"
    pages = [run_ for run_ in export.runs if run_.kind == PAGE]
    if pages:
        points = [page.points for page in pages]
        yield (
            f"pages      {len(pages):,}, of {min(points):,} to {max(points):,} pictures; "
            f"{_shown(pages[0])}"
        )
    changed = sum(run_.changed for run_ in export.runs)
    if changed < len(export.runs):
        yield f"changed    {changed} of {counted(len(export.runs), 'run')}"


def _shown(summary: RunSummary) -> str:
    return f"{summary.cell_px} px a picture, {counted(summary.views, 'layout')}"


def _points(text: str) -> int:
    number = positive(text)
    if not 2 <= number <= MAX_POINTS:
        raise argparse.ArgumentTypeError(f"{text} is not 2 to {MAX_POINTS:,}, as the page takes")
    return number


if __name__ == "__main__":
    sys.exit(main())
