"""`imgrec report --out DIR`: write the page that says what is in a collection."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from imgrec.arguments import (
    encoder_option,
    not_negative,
    positive,
    progress_options,
    seed_option,
    some_of,
    store_of,
    store_option,
)
from imgrec.commands import Parser, made_and_kept, run, summary_line, warn
from imgrec.derived.choices import CLUSTERS_HELP
from imgrec.layouts.choices import METHODS
from imgrec.reporting.choices import DIVERSE, START
from imgrec.system.text import counted, size_text
from imgrec.system.threads import cores

_DESCRIPTION = """\
Write what is in a collection on one HTML page with its figures: counts, formats, failures,
classes, clusters, maps, duplicates, likely wrong labels. It works offline.
"""
_EXAMPLES = """\
examples:
  imgrec report --out report
  imgrec report --out report --maps umap --clusters 50
  imgrec report --out report --site site --logdir logdir
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Write the report of a store."""
    return run("imgrec report", _parser, _report, argv)


def _parser(prog: str) -> argparse.ArgumentParser:
    parser = Parser(prog, _DESCRIPTION, _EXAMPLES)
    group = parser.add_argument_group("store")
    store_option(group)
    encoder_option(group, "the feature of clusters and maps")

    add = parser.add_argument_group("output").add_argument
    add("--out", type=Path, required=True, metavar="DIR", help="the report; replaced as a whole")
    site = "the network to link to; default: where imgrec graph wrote it last"
    add("--site", type=Path, metavar="DIR", help=site)
    beside = "the projector's logdir to link to; default: one beside the store or the report"
    add("--logdir", type=Path, metavar="DIR", help=beside)

    group = parser.add_argument_group("content")
    add = group.add_argument
    add("--clusters", type=positive, metavar="N", help=CLUSTERS_HELP)
    maps = some_of(METHODS, "map", or_none=True)
    named = f"maps beside PCA, separated by commas, or none (default {','.join(METHODS)})"
    add("--maps", type=maps, default=METHODS, metavar="NAMES", help=named)
    diverse = "pictures of the diverse subset, 0 for none (default %(default)s)"
    add("--diverse", type=not_negative, default=DIVERSE, metavar="N", help=diverse)
    seed_option(group, "the maps")
    progress_options(parser)
    return parser


def _report(arguments: argparse.Namespace) -> None:
    from imgrec.reporting.current import Surroundings, report_is_current
    from imgrec.reporting.options import ReportOptions
    from imgrec.store.store import Store

    options = ReportOptions(
        encoder=arguments.encoder,
        clusters=arguments.clusters,
        methods=arguments.maps,
        seed=arguments.seed,
        site=arguments.site,
        logdir=arguments.logdir,
        diverse=arguments.diverse,
        named=arguments.store,
    )
    path = store_of(arguments.store)
    with Store.open(path) as store:
        if report_is_current(store, arguments.out, options):
            out = arguments.out.resolve()
            unlinked = Surroundings.of(store, out, options).unlinked
            warn("imgrec report", [*unlinked, *store.lacking(store.feature(options.encoder))])
            sys.stdout.write(summary_line(["nothing new"], arguments, out / START))
            return
        # It imports what draws, which takes longer than to find out that nothing is new.
        from imgrec.reporting.write import write_report

        report = write_report(store, arguments.out, options, workers=cores(), quiet=arguments.quiet)
    warn("imgrec report", report.warnings)
    if "clusters" in arguments.given and report.clusters < arguments.clusters:
        of = f"{counted(report.pictures, 'picture')} of {report.encoder}"
        warn("imgrec report", [f"--clusters {arguments.clusters:,}: {of} have {report.clusters:,}"])
    if arguments.verbose:
        sys.stdout.write(f"feature    {report.encoder}\n")
    told = [counted(report.pictures, "picture"), counted(report.sections, "section")]
    told += made_and_kept(report.figures, report.kept, "figure", "drawn")
    told.append(size_text(report.size_bytes))
    sys.stdout.write(summary_line(told, arguments, report.index))


if __name__ == "__main__":
    sys.exit(main())
