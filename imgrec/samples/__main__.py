"""The command `python -m imgrec.samples`: render a sample collection into a folder."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from imgrec import commands
from imgrec.errors import ImgrecError
from imgrec.samples.collection import write_samples
from imgrec.samples.sheet import family_sheet


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; return 0, or 2 for what the user can mend, or 130 when interrupted."""
    return commands.run(_parser(), _render, argv)


def _parser() -> argparse.ArgumentParser:
    parser = commands.Parser(
        prog="imgrec.samples",
        description="Render a collection of sample pictures; those that exist are kept.",
    )
    parser.add_argument("folder", metavar="DIR", type=Path, help="new, empty, or made by this")
    parser.add_argument("--count", type=int, default=600, metavar="N", help="default: 600")
    parser.add_argument("--seed", type=int, default=0, metavar="S", help="default: 0")
    parser.add_argument(
        "--size", type=int, default=256, metavar="PX", help="long side, on average; default: 256"
    )
    parser.add_argument("--workers", type=int, metavar="N", help="processes; default: one a CPU")
    parser.add_argument(
        "--sheet", type=Path, metavar="FILE.png", help="also draw a sheet of every family"
    )
    return parser


def _render(arguments: argparse.Namespace) -> None:
    written = write_samples(
        arguments.folder,
        arguments.count,
        arguments.seed,
        arguments.size,
        arguments.workers,
        quiet=False,
    )
    kept = arguments.count - written
    sys.stdout.write(f"{arguments.folder}: {written} pictures written, {kept} were there\n")
    if arguments.sheet:
        _write_sheet(arguments.sheet, arguments.seed)


def _write_sheet(path: Path, seed: int) -> None:
    try:
        family_sheet(seed).save(path)
    except ValueError as error:
        raise ImgrecError(f"{path} has no suffix of a picture format; try .png") from error
    sys.stdout.write(f"{path}: contact sheet written\n")


if __name__ == "__main__":
    sys.exit(main())
