"""`python -m graph --store DIR --out SITE`: the collection as a network of communities."""

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from graph.knn_graph import JOINED
from graph.labels import KIND
from graph.louvain import AUTO, ENGINES
from graph.paging import MAX_PAGE_SIZE, PAGE_SIZE
from graph.site import SiteSummary, write_site
from imgrec.commands import Parser, counted, not_negative, positive, run
from imgrec.labels import keep_labels
from imgrec.names import printable
from imgrec.site_pages import keep_site
from imgrec.store import Store


def main(argv: Sequence[str] | None = None) -> int:
    """Write the network pages of a store."""
    return run(_parser(), _write, argv)


def report(summary: SiteSummary) -> str:
    """Return what was written; the last line is the file to open."""
    megabytes = summary.size_bytes / 1e6
    bundled = f", {counted(summary.bundles, 'bundle')}" if summary.bundles else ""
    return (
        f"{counted(summary.pictures, 'picture')}{bundled}, {counted(summary.edges, 'edge')} "
        f"({summary.encoder}, k = {summary.k})\n"
        f"{counted(summary.communities, 'community')} by {summary.engine} in "
        f"{counted(summary.levels, 'level')}, modularity {summary.modularity:z.3f}\n"
        f"{counted(summary.pages, 'page')} in {counted(summary.depth, 'level')} below the "
        f"overview, {megabytes:.1f} MB\n"
        f"{summary.index}\n"
    )


def _parser() -> argparse.ArgumentParser:
    parser = Parser(prog="graph", description="Write a store as pages of a similarity network.")
    add = parser.add_argument
    add("--store", required=True, type=Path, help="made by python -m imgrec.index")
    add("--out", required=True, type=Path, metavar="SITE", help="the folder of the pages")
    add("--encoder", metavar="NAME", help="the feature compared; default: the store's")
    add(
        "--k",
        type=positive,
        default=JOINED,
        help=f"neighbours a picture is joined to; default: {JOINED}",
    )
    add("--seed", type=int, default=0, help="of communities and layouts; default: 0")
    add("--louvain", choices=ENGINES, default=AUTO, help="by which library; default: by size")
    add(
        "--workers",
        type=not_negative,
        default=os.cpu_count(),
        metavar="N",
        help="processes that draw the pages; 0: none; default: one a core",
    )
    pages = f"pictures a page, up to {MAX_PAGE_SIZE}; default: {PAGE_SIZE}"
    add("--page-size", type=_page_size, default=PAGE_SIZE, metavar="N", help=pages)
    return parser


def _page_size(value: str) -> int:
    size = positive(value)
    if size > MAX_PAGE_SIZE:
        raise argparse.ArgumentTypeError(f"{value} is more than {MAX_PAGE_SIZE}, which is too slow")
    return size


def _write(arguments: argparse.Namespace) -> None:
    with Store.open(arguments.store) as store:
        summary = write_site(
            store,
            arguments.out,
            arguments.encoder,
            arguments.k,
            arguments.seed,
            arguments.page_size,
            quiet=False,
            louvain=arguments.louvain,
            workers=arguments.workers,
        )
    lost = keep_labels(arguments.store, KIND, summary.labels)
    if lost is not None:
        sys.stderr.write(printable(f"graph: community labels were not kept: {lost}") + "\n")
    keep_site(arguments.store, arguments.out)
    sys.stdout.write(report(summary))


if __name__ == "__main__":
    sys.exit(main())
