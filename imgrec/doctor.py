"""`python -m imgrec.doctor --logdir DIR`: what is wrong with a logdir and what one would see."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from imgrec.checks import Report, check_logdir, render
from imgrec.commands import Parser, run

_EPILOG = "exit codes: 0 nothing is wrong, or warnings alone; 1 errors; 2 nothing could be checked"


def main(argv: Sequence[str] | None = None) -> int:
    """Check what is named; return 0 where there is no error, 1 where there is, 2 for bad use."""
    reports: list[Report] = []
    code = run(_parser(), lambda arguments: _check(arguments, reports), argv)
    return code or int(any(report.failed for report in reports))


def _parser() -> argparse.ArgumentParser:
    parser = Parser(prog="imgrec.doctor", description=__doc__, epilog=_EPILOG)
    help_ = "a TensorBoard logdir with projector data, made by any tool"
    parser.add_argument("--logdir", required=True, type=_folder, metavar="DIR", help=help_)
    return parser


def _check(arguments: argparse.Namespace, reports: list[Report]) -> None:
    reports.append(check_logdir(arguments.logdir))
    sys.stdout.write("".join(map(render, reports)))


def _folder(text: str) -> Path:
    path = Path(text)
    if not path.is_dir():
        raise argparse.ArgumentTypeError(f"{text} is no folder")
    return path


if __name__ == "__main__":
    sys.exit(main())
