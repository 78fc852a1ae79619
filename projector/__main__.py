"""Write the TensorBoard projector of a store: python -m projector --store DIR --out LOGDIR."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from imgrec.commands import Parser, run
from imgrec.store import Store
from projector.export import DIMENSIONS, Export, write_logdir


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; return its exit code."""
    parser = Parser(prog="projector", description=__doc__)
    parser.add_argument("--store", type=Path, required=True, help="made by python -m imgrec.index")
    parser.add_argument("--out", type=Path, required=True, help="the logdir; replaced whole")
    parser.add_argument("--encoder", help="the feature to show; default: the one indexed last")
    parser.add_argument(
        "--dimensions", type=_positive, default=DIMENSIONS, help="columns kept (%(default)s)"
    )
    return run(parser, _run, argv)


def _run(arguments: argparse.Namespace) -> None:
    with Store.open(arguments.store) as store:
        export = write_logdir(
            store, arguments.out, arguments.encoder, arguments.dimensions, quiet=False
        )
    sys.stdout.write(summary(export))


def summary(export: Export) -> str:
    """Return the lines that say what a logdir holds."""
    sampled = f", an even sample of {export.pictures:,}" * (export.points < export.pictures)
    return (
        f"points     {export.points:,}{sampled}\n"
        f"columns    {export.columns} of {export.encoder}, "
        f"{100 * export.variance_kept:.1f} % of the variance kept\n"
        f"sprite     {export.cell_px} px a picture\n"
        f"logdir     {export.logdir}\n"
    )


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{text} is less than 1")
    return number


if __name__ == "__main__":
    sys.exit(main())
