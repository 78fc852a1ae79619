"""`imgrec plan FOLDER…`: what indexing would take, before anything is indexed."""

import argparse
import os
import sys
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from imgrec.arguments import positive, progress_options, workers_option
from imgrec.commands import Parser, run, summary_line
from imgrec.indexing.options import DEFAULT_ENCODERS, IndexOptions
from imgrec.system.text import counted, size_text

if TYPE_CHECKING:
    from imgrec.cluster.estimate import Estimate

_PROG = "imgrec plan"
# Machines for which the time is told, up to as many as there are parts.
_MACHINES = (1, 4, 16, 64, 256)
_SAMPLE = 64
_DESCRIPTION = """\
Estimate what indexing would take: list the pictures, read a sample of them as a run would, and tell
their number and size, the time on machines like this one, requests, and the size of the store.
Nothing is written.
"""
_EXAMPLES = """\
examples:
  imgrec plan ~/Pictures
  imgrec plan s3://bucket/photos --encoder resnet50 --sample 500
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Estimate what indexing would take."""
    return run(_PROG, _parser, _plan, argv)


def _parser(prog: str) -> argparse.ArgumentParser:
    parser = Parser(prog, _DESCRIPTION, _EXAMPLES)
    where = "of pictures: a folder, or an address such as s3://bucket/photos"
    parser.add_argument("folders", nargs="+", metavar="FOLDER", help=where)
    default = " and ".join(DEFAULT_ENCODERS)
    encoders = f"lite0, mini, or a model; default: {default}"
    add = parser.add_argument
    add("--encoder", action="append", default=[], metavar="NAME", dest="encoders", help=encoders)
    sample = "pictures to read; more of them give a better estimate (default %(default)s)"
    add("--sample", type=positive, default=_SAMPLE, metavar="N", help=sample)
    add("--device", default="auto", help="auto, cpu, cuda, cuda:1, mps (default auto)")
    workers_option(parser, "that decode pictures")
    progress_options(parser)
    return parser


def _plan(arguments: argparse.Namespace) -> None:
    from pathlib import Path

    from imgrec.cluster.estimate import estimate
    from imgrec.indexing.wanted import decide

    workers = os.cpu_count() or 1 if arguments.workers is None else arguments.workers
    options = IndexOptions(
        encoders=tuple(arguments.encoders),
        device=arguments.device,
        workers=workers,
        quiet=arguments.quiet,
    )
    wanted = decide(None, Path(), arguments.folders, options)
    found = estimate(wanted, options, arguments.sample)
    sys.stdout.write("".join(f"{line}\n" for line in report(found, list(wanted.encoders), workers)))
    told = [counted(found.pictures, "picture"), f"{found.sampled:,} read"]
    sys.stdout.write(summary_line(told, arguments))


def report(found: "Estimate", encoders: Sequence[str], workers: int) -> Iterator[str]:
    """Yield what a run would take, a line each.

    Args:
        found: the estimate.
        encoders: their names.
        workers: processes that decode on this machine.
    """
    from imgrec.cluster.cost import cost_line

    yield f"pictures: {found.pictures:,}, {size_text(found.source_bytes)}"
    yield f"sample: {found.sampled:,}, {found.failed:,} of them cannot be read"
    yield f"encoders: {', '.join(encoders)}"
    of = f", {found.device_s * 1000:.3g} ms of its devices" if found.device_s else ""
    yield f"a picture: {found.worker_s * 1000:.3g} ms of one process{of}"
    for machines in (n for n in _MACHINES if n <= found.parts):
        time = _duration(found.seconds(machines, workers))
        yield f"{counted(machines, 'machine')} like this one ({workers} processes): {time}"
    outputs = ", ".join(f"{name} {size_text(of)}" for name, of in sorted(found.stored.items()))
    yield f"store: {size_text(found.store_bytes)}; a picture: {outputs}"
    yield f"requests to object storage: {found.reads:,} reading, {found.writes:,} writing"
    yield cost_line(found.cost)
    yield f"parts: {found.parts:,} of up to {found.part_rows:,} pictures"


def _duration(seconds: float) -> str:
    for unit, length in (("days", 86_400), ("h", 3600), ("min", 60)):
        if seconds >= 2 * length:
            return f"{seconds / length:.1f} {unit}"
    return f"{seconds:.1f} s"


if __name__ == "__main__":
    sys.exit(main())
