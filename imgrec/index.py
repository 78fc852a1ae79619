"""`python -m imgrec.index FOLDER… --store DIR`: make or update a store."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from imgrec.commands import Parser, positive, processes, run
from imgrec.indexing.options import DEFAULT_ENCODER, IndexOptions, Summary
from imgrec.indexing.run import index_folders
from imgrec.store.inventory import summary_lines
from imgrec.store.relocate import Relocation, relocate
from imgrec.system.file_names import printable
from imgrec.system.text import counted

_SHOWN_WARNINGS = 10
_LINKS = "take in what links lead to outside the folders; kept for later runs (default: not)"

_RELOCATE = "the folder OLD, or those below it, are at NEW now; nothing is read, ids stay"


def main(argv: Sequence[str] | None = None) -> int:
    """Index folders of pictures."""
    return run(_parser(), _index, argv)


def report(summary: Summary) -> str:
    """Return what the store holds and what a run did, a line each."""
    lines = [
        *summary_lines(summary.counts, summary.failures, summary.formats),
        "features: " + ", ".join(f"{name} ({d})" for name, d in summary.features.items()),
        *summary.indexes,
        f"this run: {_run(summary)}",
    ]
    return "".join(f"{line}\n" for line in lines)


def _run(summary: Summary) -> str:
    did = {"new": summary.new, "changed": summary.changed, "moved": summary.moved}
    did |= {"gone": summary.gone, "read": summary.done}
    parts = [f"{count} {what}" for what, count in did.items() if count]
    rate = f" ({summary.done / summary.reading_s:.0f} pictures/s)" if summary.done else ""
    return f"{', '.join(parts) or 'nothing new'} in {summary.elapsed_s:.1f} s{rate}"


def _parser() -> argparse.ArgumentParser:
    parser = Parser(prog="imgrec.index", description="Make or update a store of pictures.")
    add = parser.add_argument
    add("folders", nargs="*", metavar="FOLDER", help="of pictures; default: those of the store")
    add("--store", required=True, type=Path, help="the store's folder; made where there is none")
    encoders = f"mini, or a torchvision model; default: the store's, else {DEFAULT_ENCODER}"
    add("--encoder", action="append", default=[], metavar="NAME", dest="encoders", help=encoders)
    add("--weights", type=Path, metavar="FILE", help="a state dict for the torchvision model")
    add("--device", default="auto", help="auto, cpu, cuda, cuda:1, mps")
    add("--bins", type=positive, help="of the color histogram, a channel (default 256)")
    add("--batch-size", type=positive, default=IndexOptions.batch_size, metavar="N")
    add("--workers", type=processes, metavar="N", help="that decode; 0: none; default: cores")
    compiling = "models by the C++ compiler on the CPU; auto: where the pictures pay for it"
    add("--compile", choices=("auto", "on", "off"), default=IndexOptions.compile, help=compiling)
    add("--only", action="store_true", help="pictures of other folders leave the collection")
    add("--follow-links", action=argparse.BooleanOptionalAction, help=_LINKS)
    add("--hnsw", action="store_true", help="make the graph index (pays past a million pictures)")
    add("--relocate", nargs=2, action="append", default=[], metavar=("OLD", "NEW"), help=_RELOCATE)
    add("--retry-failed", action="store_true", help="read failed pictures again")
    return parser


def _index(arguments: argparse.Namespace) -> None:
    options = IndexOptions(
        encoders=tuple(arguments.encoders),
        weights=arguments.weights,
        device=arguments.device,
        bins=arguments.bins,
        batch_size=arguments.batch_size,
        workers=arguments.workers,
        only=arguments.only,
        follow_links=arguments.follow_links,
        retry_failed=arguments.retry_failed,
        hnsw=arguments.hnsw,
        compile=arguments.compile,
        quiet=False,
    )
    for old, new in arguments.relocate:
        for moved in relocate(arguments.store, old, new):
            sys.stdout.write(printable(_relocated(moved)) + "\n")
    if arguments.relocate and not arguments.folders:
        return
    summary = index_folders(arguments.folders, arguments.store, options)
    _warn(summary.warnings)
    sys.stdout.write(report(summary))


def _relocated(moved: Relocation) -> str:
    seen = f"{moved.found} of {moved.looked_for} looked for are there"
    return f"{moved.old} is {moved.new} now: {counted(moved.pictures, 'picture')}, {seen}"


def _warn(warnings: list[str]) -> None:
    for line in warnings[:_SHOWN_WARNINGS]:
        sys.stderr.write(printable(line) + "\n")
    if len(warnings) > _SHOWN_WARNINGS:
        sys.stderr.write(f"… and {len(warnings) - _SHOWN_WARNINGS} lines like these\n")


if __name__ == "__main__":
    sys.exit(main())
