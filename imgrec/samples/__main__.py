"""`imgrec samples DIR`: render a sample collection into a folder."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from imgrec.arguments import progress_options, seed_option, whole, workers_option
from imgrec.commands import Parser, run, summary_line
from imgrec.errors import ImgrecError
from imgrec.system.text import counted

_DESCRIPTION = """\
Render a collection of sample pictures, a folder for each of eighteen families, to try the other
commands with. Existing files are kept.
"""
_EXAMPLES = """\
examples:
  imgrec samples pictures
  imgrec samples pictures --count 5000 --seed 1 --size 512
  imgrec samples pictures --sheet families.png
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Render the sample collection."""
    return run("imgrec samples", _parser, _render, argv)


def _parser(prog: str) -> argparse.ArgumentParser:
    parser = Parser(prog, _DESCRIPTION, _EXAMPLES)
    add = parser.add_argument_group("output").add_argument
    add("folder", metavar="DIR", type=Path, help="new, empty, or made by this command")
    add("--sheet", type=Path, metavar="FILE.png", help="also write a contact sheet of all families")
    group = parser.add_argument_group("pictures")
    add = group.add_argument
    add(
        "--count",
        type=whole,
        default=600,
        metavar="N",
        help="number of pictures (default %(default)s)",
    )
    size = "average long side in pixels (default %(default)s)"
    add("--size", type=whole, default=256, metavar="PX", help=size)
    seed_option(group, "all pictures")
    workers_option(group, "that render")
    progress_options(parser)
    return parser


def _render(arguments: argparse.Namespace) -> None:
    if arguments.sheet is not None:
        _check_sheet(arguments.sheet)
    from imgrec.samples.collection import write_samples

    written = write_samples(
        arguments.folder,
        arguments.count,
        arguments.seed,
        arguments.size,
        None if arguments.workers is None else max(arguments.workers, 1),
        quiet=arguments.quiet,
    )
    if arguments.sheet:
        _write_sheet(arguments.sheet, arguments.seed)
    kept = arguments.count - written
    told = [f"{counted(written, 'picture')} rendered", f"{kept:,} already there"]
    sys.stdout.write(summary_line(told, arguments, arguments.folder))


def _check_sheet(path: Path) -> None:
    """Check the name of the contact sheet before pictures are rendered.

    Raises:
        ImgrecError: its suffix is that of no picture format, or its folder is not there.
    """
    from PIL import Image

    if Image.registered_extensions().get(path.suffix.lower()) not in Image.SAVE:
        raise ImgrecError(f"{path} does not end in the suffix of a picture format; try .png")
    if not path.parent.is_dir():
        raise ImgrecError(f"{path}: there is no folder {path.parent}, name another")


def _write_sheet(path: Path, seed: int) -> None:
    from imgrec.samples.sheet import family_sheet

    try:
        family_sheet(seed).save(path)
    except ValueError as error:
        raise ImgrecError(
            f"{path} does not end in the suffix of a picture format; try .png"
        ) from error
    sys.stdout.write(f"{path}: contact sheet written\n")


if __name__ == "__main__":
    sys.exit(main())
