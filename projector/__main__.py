"""`imgrec projector --out LOGDIR`: write a store for TensorBoard's projector."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from imgrec.arguments import (
    encoder_option,
    positive,
    progress_options,
    seed_option,
    some_of,
    store_of,
    store_option,
    workers_option,
)
from imgrec.commands import Parser, run, summary_line, warn
from imgrec.derived.choices import CLUSTERS_HELP
from imgrec.layouts.choices import OVERVIEW_SIZE, VIEWS
from imgrec.system.text import counted
from projector.choices import DIMENSIONS, LEAST_DIMENSIONS, MAX_POINTS, PAGE_SIZE

if TYPE_CHECKING:
    from projector.export import Export, RunSummary

_DESCRIPTION = """\
Write a store as a logdir for TensorBoard's Embedding Projector, with thumbnails, labels and
precomputed layouts. A collection too large for one view is split into an overview and pages that
together show every picture.
"""
_EXAMPLES = """\
examples:
  imgrec projector --out logdir                     then imgrec tensorboard --logdir logdir
  imgrec projector --out logdir --layouts umap --clusters 50
  imgrec projector --out logdir --page-size 5000
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Write the logdir of a store."""
    return run("imgrec projector", _parser, _write, argv)


def _parser(prog: str) -> argparse.ArgumentParser:
    parser = Parser(prog, _DESCRIPTION, _EXAMPLES)
    group = parser.add_argument_group("store")
    store_option(group)
    encoder_option(group, "the feature to show")

    add = parser.add_argument_group("output").add_argument
    add(
        "--out",
        type=Path,
        required=True,
        metavar="LOGDIR",
        help="the logdir; an existing one is replaced",
    )
    overview = "number of pictures in the overview (default %(default)s)"
    add("--overview", type=_points, default=OVERVIEW_SIZE, metavar="N", help=overview)
    pages = "most pictures per page (default %(default)s)"
    add("--page-size", type=_points, default=PAGE_SIZE, metavar="N", help=pages)

    group = parser.add_argument_group("content")
    add = group.add_argument
    kept = group.add_mutually_exclusive_group()
    columns = "principal components in the tensor (default %(default)s)"
    kept.add_argument("--dimensions", type=_columns, default=DIMENSIONS, metavar="N", help=columns)
    kept.add_argument("--full", action="store_true", help="keep all dimensions of the vectors")
    layouts = some_of(VIEWS, "layout", or_none=True)
    named = f"layouts beside PCA, separated by commas, or none (default {','.join(VIEWS)})"
    add("--layouts", type=layouts, default=VIEWS, metavar="NAMES", help=named)
    add("--clusters", type=positive, metavar="N", help=CLUSTERS_HELP)
    seed_option(group, "the layouts")
    workers_option(group, "that lay out and draw")
    progress_options(parser)
    return parser


def _write(arguments: argparse.Namespace) -> None:
    from imgrec.store.store import Store
    from projector.current import logdir_is_current
    from projector.options import ProjectorOptions

    options = ProjectorOptions(
        dimensions=None if arguments.full else arguments.dimensions,
        overview=arguments.overview,
        page_size=arguments.page_size,
        clusters=arguments.clusters,
        methods=arguments.layouts,
        seed=arguments.seed,
        workers=arguments.workers,
    )
    path = store_of(arguments.store)
    with Store.open(path) as store:
        if logdir_is_current(store, arguments.out, arguments.encoder, options):
            warn("imgrec projector", store.lacking(store.feature(arguments.encoder)))
            sys.stdout.write(summary_line(["nothing new"], arguments, arguments.out.resolve()))
            return
        # It imports what lays out and draws, which takes longer than to find that nothing is new.
        from projector.export import write_logdir

        export = write_logdir(
            store, arguments.out, arguments.encoder, options, quiet=arguments.quiet
        )
    warn("imgrec projector", [*export.warnings, *_less_than_asked(arguments, export)])
    if arguments.verbose:
        sys.stdout.write(details(export))
    changed = sum(run_.changed for run_ in export.runs)
    told = [counted(export.pictures, "picture"), counted(len(export.runs), "run")]
    told.append("nothing new" if not changed else f"{changed:,} new or changed")
    sys.stdout.write(summary_line(told, arguments, export.logdir))


def _less_than_asked(arguments: argparse.Namespace, export: Export) -> Iterator[str]:
    """Yield a line for each number that was asked for and is more than the pictures allow."""
    clusters = len(export.clusters.central)
    found = {"dimensions": export.columns, "clusters": clusters}
    for name, number in found.items():
        asked = getattr(arguments, name)
        if name in arguments.given and number < asked:
            pictures = counted(export.pictures, "picture")
            yield f"--{name} {asked:,}: {pictures} of {export.encoder} have {number:,}"


def details(export: Export) -> str:
    """Return what `--verbose` prints of a logdir: clusters, columns, runs."""
    return (
        f"pictures   {export.pictures:,}, {counted(len(export.clusters.central), 'cluster')}\n"
        f"columns    {export.columns} of {export.encoder}, "
        f"{100 * export.variance_kept:.1f} % of the variance kept\n"
        + "".join(f"{line}\n" for line in _runs(export))
    )


def _runs(export: Export) -> Iterator[str]:
    """Yield a line per run, one line for all pages together, and the number of changed runs."""
    from projector.runs import OVERVIEW, PAGE, WHOLE

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
    shown = f"{summary.cell_px} px a picture, {counted(summary.views, 'layout')}"
    return f"{shown}; dots colored by {', '.join(summary.colors)}"


def _columns(text: str) -> int:
    number = positive(text)
    if number < LEAST_DIMENSIONS:
        raise argparse.ArgumentTypeError(
            f"{text} is too few, the projector shows three at once: give {LEAST_DIMENSIONS} or more"
        )
    return number


def _points(text: str) -> int:
    number = positive(text)
    if not 2 <= number <= MAX_POINTS:
        raise argparse.ArgumentTypeError(f"{text} is out of range: give 2 to {MAX_POINTS:,}")
    return number


if __name__ == "__main__":
    sys.exit(main())
