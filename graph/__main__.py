"""`python -m graph --store DIR --out SITE`: the collection as a network, in pages or in files.

`--duplicates FILE.csv` writes the table of pictures that are there more than once.
"""

import argparse
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from graph.addresses import MAX_PAGE_SIZE, PAGE_SIZE
from graph.communities.louvain import AUTO, ENGINES
from graph.communities.weights import JOINED
from graph.exports.duplicates_csv import write_duplicates
from graph.exports.write import FORMATS, Export, check_targets, export
from graph.pages.site import SiteSummary, write_site
from imgrec.collection.kinds import COMMUNITY, DUPLICATES
from imgrec.commands import Parser, positive, processes, run, seed
from imgrec.duplicates.find import find_duplicates
from imgrec.errors import ImgrecError
from imgrec.labels.keep import keep_labels
from imgrec.store.site_link import keep_site
from imgrec.store.store import Store
from imgrec.system.file_names import printable
from imgrec.system.text import counted


def main(argv: Sequence[str] | None = None) -> int:
    """Write the network pages of a store, or its network for other programs."""
    return run(_parser(), _write, argv)


def report(summary: SiteSummary) -> str:
    """Return what was written; the last line is the file to open."""
    megabytes = summary.size_bytes / 1e6
    bundled = f", {counted(summary.bundles, 'bundle')}" if summary.bundles else ""
    return (
        f"{counted(summary.pictures, 'picture')}{bundled}, {counted(summary.edges, 'edge')} "
        f"({summary.encoder}, k = {summary.k})\n"
        f"{summary.knn}\n"
        f"{counted(summary.communities, 'community')} by {summary.engine} in "
        f"{counted(summary.levels, 'level')}, modularity {summary.modularity:z.3f}\n"
        f"{counted(summary.pages, 'page')} in {counted(summary.depth, 'level')} below the "
        f"overview, {megabytes:.1f} MB\n"
        f"{summary.index}\n"
    )


def report_exports(exports: Sequence[Export]) -> str:
    """Return a line for each file that was written."""
    lines = []
    for written in exports:
        edges = "" if written.edges is None else f", {counted(written.edges, 'edge')}"
        size = f"{written.size_bytes / 1e6:.1f} MB"
        line = f"{written.path}: {counted(written.pictures, 'picture')}{edges}, {size}"
        lines.append(printable(line) + "\n")
    return "".join(lines)


def _parser() -> argparse.ArgumentParser:
    parser = Parser(prog="graph", description="Write a store as pages of a similarity network.")
    add = parser.add_argument
    add("--store", required=True, type=Path, help="made by python -m imgrec.index")
    add("--out", type=Path, metavar="SITE", help="the folder of the pages")
    table = "write the pictures that are there more than once as a table"
    add("--duplicates", type=Path, metavar="FILE.csv", help=table)
    add("--gexf", type=Path, metavar="FILE", help="write the network for Gephi")
    add("--graphml", type=Path, metavar="FILE", help="write it for igraph, Cytoscape, yEd")
    add("--parquet", type=Path, metavar="FILE", help="write a table for Embedding Atlas, DuckDB")
    add("--thumbnails", action="store_true", help="put the thumbnails into the table too")
    add("--encoder", metavar="NAME", help="the feature compared; default: the store's")
    add(
        "--k",
        type=positive,
        default=JOINED,
        help=f"neighbors a picture is joined to; default: {JOINED}",
    )
    add("--seed", type=seed, default=0, help="of communities and layouts; default: 0")
    add("--louvain", choices=ENGINES, default=AUTO, help="by which library; default: by size")
    add(
        "--workers",
        type=processes,
        default=os.cpu_count(),
        metavar="N",
        help="processes that draw the pages; 0: none; default: one a core",
    )
    alone = "show nearly identical pictures each on its own"
    add("--no-bundles", dest="bundles", action="store_false", help=alone)
    pages = f"pictures a page, up to {MAX_PAGE_SIZE}; default: {PAGE_SIZE}"
    add("--page-size", type=_page_size, default=PAGE_SIZE, metavar="N", help=pages)
    return parser


def _page_size(value: str) -> int:
    size = positive(value)
    if size > MAX_PAGE_SIZE:
        raise argparse.ArgumentTypeError(f"{value} is more than {MAX_PAGE_SIZE}, which is too slow")
    return size


def _write(arguments: argparse.Namespace) -> None:
    targets = {name: path for name in FORMATS if (path := getattr(arguments, name)) is not None}
    if arguments.out is None and arguments.duplicates is None and not targets:
        raise ImgrecError(
            "nothing to write: name --out SITE, or a file by --duplicates, --gexf, --graphml or "
            "--parquet"
        )
    if arguments.thumbnails and "parquet" not in targets:
        raise ImgrecError("--thumbnails are put into a table: name one by --parquet FILE")
    check_targets(targets)
    if arguments.duplicates is not None:
        _write_duplicates(arguments)
    if arguments.out is not None:
        _write_site(arguments)
    if targets:
        _write_exports(arguments, targets)


def _write_duplicates(arguments: argparse.Namespace) -> None:
    with Store.open(arguments.store) as store:
        summary = write_duplicates(store, arguments.duplicates, arguments.encoder, quiet=False)
    _keep_labels(arguments.store, DUPLICATES, summary.labels)
    sys.stdout.write(summary.report())


def _write_exports(arguments: argparse.Namespace, targets: Mapping[str, Path]) -> None:
    with Store.open(arguments.store) as store:
        written = export(
            store,
            targets,
            arguments.encoder,
            arguments.k,
            arguments.seed,
            arguments.thumbnails,
        )
    sys.stdout.write(report_exports(written))


def _write_site(arguments: argparse.Namespace) -> None:
    groups = _groups(arguments) if arguments.bundles else ()
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
            groups=groups,
        )
    _keep_labels(arguments.store, COMMUNITY, summary.labels)
    keep_site(arguments.store, arguments.out)
    sys.stdout.write(report(summary))


def _groups(arguments: argparse.Namespace) -> Sequence[Sequence[int]]:
    """Find what is nearly identical, and keep it before others read the labels."""
    with Store.open(arguments.store) as store:
        found = find_duplicates(store, arguments.encoder, quiet=False)
    _keep_labels(arguments.store, DUPLICATES, found.labels())
    return found.groups


def _keep_labels(store: Path, kind: str, labels: dict[int, str]) -> None:
    lost = keep_labels(store, kind, labels)
    if lost is not None:
        sys.stderr.write(printable(f"graph: {kind} labels were not kept: {lost}") + "\n")


if __name__ == "__main__":
    sys.exit(main())
