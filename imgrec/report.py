"""Write the report of a store: python -m imgrec.report --store DIR --out DIR."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from imgrec.collection.kinds import CLUSTER
from imgrec.commands import Parser, positive, run, seed, some_of
from imgrec.derived.clusters import COUNT
from imgrec.errors import ImgrecError
from imgrec.labels.keep import keep_labels
from imgrec.layouts.kept import METHODS
from imgrec.store.store import Store
from imgrec.system.file_names import printable
from imgrec.system.text import counted


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; return its exit code."""
    return run(_parser(), _report, argv)


def _parser() -> argparse.ArgumentParser:
    parser = Parser(prog="imgrec.report", description="What is in a collection, on one page.")
    add = parser.add_argument
    add("--store", type=Path, required=True, help="made by python -m imgrec.index")
    add("--out", type=Path, required=True, help="the folder of the report; replaced whole")
    add("--encoder", metavar="NAME", help="the feature for clusters and maps; default: the store's")
    add("--clusters", type=positive, default=COUNT, metavar="N", help=f"default: {COUNT}")
    named = f"beside PCA, comma between; default: {','.join(METHODS)}; none for none of them"
    add(
        "--maps",
        type=some_of(METHODS, "map", or_none=True),
        default=METHODS,
        metavar="NAMES",
        help=named,
    )
    add("--seed", type=seed, default=0, help="of the maps; default: 0")
    add("--site", type=Path, metavar="DIR", help="the network to link to; default: the last one")
    beside = "the projector to link to; default: one beside the store or the report"
    add("--logdir", type=Path, metavar="DIR", help=beside)
    add("--quiet", action="store_true", help="no progress bars")
    return parser


def _report(arguments: argparse.Namespace) -> None:
    from imgrec.reporting.write import ReportOptions, write_report  # late: half a second of help

    for folder in (arguments.site, arguments.logdir):
        if folder is not None and not folder.is_dir():
            raise ImgrecError(f"{folder} is no folder: name the one to link to, or none")
    options = ReportOptions(
        encoder=arguments.encoder,
        clusters=arguments.clusters,
        methods=arguments.maps,
        seed=arguments.seed,
        site=arguments.site,
        logdir=arguments.logdir,
    )
    with Store.open(arguments.store) as store:
        report = write_report(store, arguments.out, options, quiet=arguments.quiet)
    lost = keep_labels(arguments.store, CLUSTER, report.clusters.labels())
    if lost is not None:
        sys.stderr.write(printable(f"imgrec.report: cluster labels were not kept: {lost}") + "\n")
    sys.stdout.write(
        f"{counted(report.pictures, 'picture')} ({report.encoder}), "
        f"{counted(report.sections, 'section')}, {counted(report.figures, 'figure')}, "
        f"{report.size_bytes / 1e6:.1f} MB\n"
        f"{printable(str(report.index))}\n"
    )


if __name__ == "__main__":
    sys.exit(main())
