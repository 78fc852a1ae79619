"""`imgrec graph --out SITE`: the collection as a network, in pages or in files."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from graph.choices import (
    AUTO,
    ENGINES,
    FORMATS,
    JOINED,
    MAX_PAGE_SIZE,
    METHODS,
    PAGE_SIZE,
    check_method,
)
from imgrec.arguments import (
    encoder_option,
    positive,
    processes,
    progress_options,
    refuse,
    seed_option,
    store_of,
    store_option,
)
from imgrec.commands import Parser, made_and_kept, run, summary_line, warn
from imgrec.errors import ImgrecError
from imgrec.system.text import counted, size_text

RAY: Literal["ray"] = "ray"

if TYPE_CHECKING:
    from graph.pages.site import SiteSummary
    from imgrec.store.store import Store

_DESCRIPTION = """\
Write a collection as a network of similar pictures: a tree of communities (Louvain or Leiden), a
page for each, and a map of all pictures, all offline. Or write the network into files for other
programs.
"""
_EXAMPLES = """\
a picture is joined to the --k pictures nearest to it; a community is a group of pictures that are
joined to each other more than to others. Nearly identical pictures are one node, a bundle.

examples:
  imgrec graph --out site                           then open site/index.html
  imgrec graph --out site --page-size 100 --no-bundles
  imgrec graph --out site --communities leiden
  imgrec graph --duplicates duplicates.csv          a table of duplicates
  imgrec graph --gexf network.gexf --graphml network.graphml
  imgrec graph --parquet network.parquet --thumbnails
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Write the network pages of a store, or its network for other programs."""
    return run("imgrec graph", _parser, _write, argv)


def details(summary: SiteSummary) -> str:
    """Return what `--verbose` prints of a site: neighbors, communities, levels."""
    bundled = f", {counted(summary.bundles, 'bundle')}" if summary.bundles else ""
    return (
        f"{counted(summary.edges, 'edge')}{bundled} ({summary.encoder}, k = {summary.k})\n"
        f"{summary.knn}\n"
        f"{summary.communities.lines()}"
        f"{counted(summary.depth, 'level')} of pages below the overview\n"
    )


def _parser(prog: str) -> argparse.ArgumentParser:
    parser = Parser(prog, _DESCRIPTION, _EXAMPLES)
    group = parser.add_argument_group("store")
    store_option(group)
    encoder_option(group, "the feature to compare")

    pages_group = parser.add_argument_group("pages")
    add = pages_group.add_argument
    add("--out", type=Path, metavar="SITE", help="the folder of the pages; replaced as a whole")
    pages = f"pictures per page, up to {MAX_PAGE_SIZE} (default {PAGE_SIZE})"
    add("--page-size", type=_page_size, default=PAGE_SIZE, metavar="N", help=pages)
    alone = "show nearly identical pictures each on its own"
    add("--no-bundles", dest="bundles", action="store_false", help=alone)

    small = "copy no larger pictures into the pages, which imgrec index --previews keeps"
    add("--no-previews", dest="previews", action="store_false", help=small)
    either = pages_group.add_mutually_exclusive_group().add_argument
    either("--no-map", dest="map", action="store_false", help="write no map of all pictures")
    only = "write the map and no network pages"
    either("--map-only", dest="network", action="store_false", help=only)

    add = parser.add_argument_group("files for other programs").add_argument
    table = "write the duplicates as a table, as imgrec duplicates --csv does"
    add("--duplicates", type=Path, metavar="FILE.csv", help=table)
    add("--gexf", type=Path, metavar="FILE", help="write the network for Gephi")
    add("--graphml", type=Path, metavar="FILE", help="write it for igraph, Cytoscape, yEd")
    add("--parquet", type=Path, metavar="FILE", help="write a table for Embedding Atlas, DuckDB")
    add("--thumbnails", action="store_true", help="put the thumbnails into that table too")

    group = parser.add_argument_group("network")
    add = group.add_argument
    joined = f"neighbors a picture is joined to (default {JOINED})"
    add("--k", type=positive, default=JOINED, metavar="N", help=joined)
    method = "how communities are found: %(choices)s (default as in the last run, at first louvain)"
    add("--communities", choices=METHODS, metavar="NAME", help=method)
    engine = "library for Louvain: %(choices)s; auto: by the number of pictures"
    add("--louvain", choices=ENGINES, default=AUTO, metavar="NAME", help=engine)
    seed_option(group, "communities and layouts")
    workers = (
        "processes that draw the pages; 0: only the main process; default: one per core; ray: "
    )
    workers += "the machines of a Ray cluster ($RAY_ADDRESS) find the nearest pictures before that"
    add("--workers", type=_workers, metavar="N|ray", help=workers)
    progress_options(parser)
    return parser


def _workers(value: str) -> int | str:
    return RAY if value == RAY else processes(value)


def _page_size(value: str) -> int:
    size = positive(value)
    if size > MAX_PAGE_SIZE:
        raise argparse.ArgumentTypeError(f"{value} is more than {MAX_PAGE_SIZE}, which is too slow")
    return size


def _write(arguments: argparse.Namespace) -> None:
    from imgrec.store.store import Store

    targets = {name: path for name in FORMATS if (path := getattr(arguments, name)) is not None}
    if arguments.out is None and arguments.duplicates is None and not targets:
        raise ImgrecError(
            "nothing to write: name --out SITE, or a file by --duplicates, --gexf, --graphml or "
            "--parquet"
        )
    if arguments.thumbnails and "parquet" not in targets:
        raise ImgrecError("--thumbnails are put into a table: name one by --parquet FILE")
    _check_method(arguments)
    _check_without_pages(arguments)
    if targets:
        # It imports what finds communities.
        from graph.exports.write import check_targets

        check_targets(targets)
    with Store.open(store_of(arguments.store)) as store:
        if arguments.workers == RAY:
            _share_neighbors(store, arguments)
            arguments.workers = None
        if arguments.duplicates is not None:
            _write_duplicates(store, arguments)
        if arguments.out is not None:
            _write_site(store, arguments)
        if targets:
            _write_exports(store, arguments, targets)


def _share_neighbors(store: Store, arguments: argparse.Namespace) -> None:
    """Have the k-NN graph built by a Ray cluster; the store keeps it for what follows."""
    from imgrec.cluster.shared_work import shared_work
    from imgrec.neighbors.graph import K, KnnOptions, knn_graph_of
    from imgrec.store.part_work import has_parts

    feature = store.feature(arguments.encoder)
    if not has_parts(store, feature):
        names = " or ".join(f"--encoder {name}" for name in store.feature_names())
        raise ImgrecError(
            f"--workers ray is for vectors that lie in parts, and those of {feature.name} are "
            f"composed: name one of the features, {names}"
        )
    options = KnnOptions(work=shared_work(store, feature, RAY))
    k = max(K, arguments.k)
    knn_graph_of(store, feature.name, k, quiet=arguments.quiet, options=options)


def _check_method(arguments: argparse.Namespace) -> None:
    try:
        check_method(arguments.communities, arguments.louvain)
    except ValueError as error:
        raise ImgrecError(str(error)) from None
    if arguments.communities and arguments.out is None:
        raise ImgrecError(
            "--communities needs --out SITE: exports hold the communities of its pages"
        )


def _check_without_pages(arguments: argparse.Namespace) -> None:
    """Refuse options that have no effect on what is written.

    Raises:
        ImgrecError: one is given.
    """
    given = arguments.given
    if arguments.out is None:
        of_pages = ("page_size", "bundles", "louvain", "map", "network")
        refuse(given, of_pages, "is for the pages: name their folder by --out SITE")
        if not any(getattr(arguments, name) for name in FORMATS):
            refuse(given, ["k", "seed"], "has no effect on --duplicates: leave it out")

    if not arguments.network:
        refuse(given, ["previews"], "is for the pages, which --map-only leaves out")


def _write_duplicates(store: Store, arguments: argparse.Namespace) -> None:
    from imgrec.review.review import write_duplicates

    quiet = arguments.quiet
    summary = write_duplicates(store, arguments.duplicates, arguments.encoder, quiet=quiet)
    warn("imgrec graph", summary.warnings)
    sys.stdout.write(summary_line([summary.counts.line()], arguments, summary.file))


def _write_site(store: Store, arguments: argparse.Namespace) -> None:
    from graph.pages.current import site_is_current
    from graph.pages.options import SiteOptions

    options = SiteOptions(
        encoder=arguments.encoder,
        k=arguments.k,
        seed=arguments.seed,
        page_size=arguments.page_size,
        communities=arguments.communities,
        louvain=arguments.louvain,
        groups=None if arguments.bundles else (),
        previews=arguments.previews,
        network=arguments.network,
        map=arguments.map,
        workers=arguments.workers,
    )
    if site_is_current(store, arguments.out, options):
        warn("imgrec graph", store.lacking(store.feature(options.encoder)))
        index = arguments.out.resolve() / "index.html"
        sys.stdout.write(summary_line(["nothing new"], arguments, index))
        return
    # It imports what finds communities and draws pages, which takes longer than to find out that
    # nothing is new.
    from graph.pages.site import write_site

    summary = write_site(store, arguments.out, options, quiet=arguments.quiet)
    warn("imgrec graph", summary.warnings)
    if arguments.verbose:
        sys.stdout.write(details(summary))
    groups = summary.communities.communities
    told = [counted(summary.pictures, "picture"), counted(groups, "community")]
    if summary.pages:
        told += made_and_kept(summary.pages, summary.kept, "page", "written")
    if options.map:
        told.append("map written")
    told.append(size_text(summary.size_bytes))
    sys.stdout.write(summary_line(told, arguments, summary.index))


def _write_exports(
    store: Store, arguments: argparse.Namespace, targets: Mapping[str, Path]
) -> None:
    from graph.exports.write import export

    a = arguments
    written = export(store, targets, a.encoder, a.k, a.seed, a.thumbnails, quiet=a.quiet)
    # Beside pages they have been printed.
    if a.verbose and a.out is None:
        sys.stdout.write("".join(f"{line}\n" for line in written[0].details))
    for made in written:
        told = [counted(made.pictures, "picture")]
        told += [] if made.edges is None else [counted(made.edges, "edge")]
        told.append(size_text(made.size_bytes))
        sys.stdout.write(summary_line(told, arguments, made.path))


if __name__ == "__main__":
    sys.exit(main())
