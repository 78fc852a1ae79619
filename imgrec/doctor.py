"""`python -m imgrec.doctor --logdir DIR --site DIR`: what is wrong and what one would see."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from imgrec.checks import Report, check_logdir, check_site, render
from imgrec.commands import Parser, run
from imgrec.errors import ImgrecError

_EPILOG = "exit codes: 0 nothing is wrong, or warnings alone; 1 errors; 2 nothing could be checked"


def main(argv: Sequence[str] | None = None) -> int:
    """Check what is named; return 0 where there is no error, 1 where there is, 2 for bad use."""
    reports: list[Report] = []
    code = run(_parser(), lambda arguments: _check(arguments, reports), argv)
    return code or int(any(report.failed for report in reports))


def _parser() -> argparse.ArgumentParser:
    parser = Parser(prog="imgrec.doctor", description=__doc__, epilog=_EPILOG)
    add = parser.add_argument
    logdir = "a TensorBoard logdir with projector data, made by any tool"
    add("--logdir", type=_folder, metavar="DIR", help=logdir)
    add("--site", type=_folder, metavar="DIR", help="a network site, made by python -m graph")
    return parser


def _check(arguments: argparse.Namespace, reports: list[Report]) -> None:
    if arguments.logdir is None and arguments.site is None:
        raise ImgrecError("nothing to check: name --logdir DIR, --site DIR or both")
    if arguments.logdir is not None:
        reports.append(check_logdir(arguments.logdir))
    if arguments.site is not None:
        reports.append(check_site(arguments.site))
    sys.stdout.write("".join(map(render, reports)))


def _folder(text: str) -> Path:
    path = Path(text)
    if not path.is_dir():
        raise argparse.ArgumentTypeError(f"{text} is no folder")
    return path


if __name__ == "__main__":
    sys.exit(main())
