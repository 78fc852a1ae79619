"""`python -m imgrec.doctor --store DIR …`: what is wrong and what one would see."""

import argparse
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from imgrec.checks import CheckReport, check_logdir, check_site, check_store, render
from imgrec.commands import Parser, run
from imgrec.errors import ImgrecError
from imgrec.store.manifest import is_store
from imgrec.store.set_aside import report_damaged

_EPILOG = "exit codes: 0 nothing is wrong, or warnings alone; 1 errors; 2 nothing could be checked"


def main(argv: Sequence[str] | None = None) -> int:
    """Check what is named; return 0 where there is no error, 1 where there is, 2 for bad use."""
    reports: list[CheckReport] = []
    code = run(_parser(), lambda arguments: _check(arguments, reports), argv)
    return code or int(any(report.failed for report in reports))


def _parser() -> argparse.ArgumentParser:
    parser = Parser(prog="imgrec.doctor", description=__doc__, epilog=_EPILOG)
    add = parser.add_argument
    logdir = "a TensorBoard logdir with projector data, made by any tool"
    add("--store", type=_folder, metavar="DIR", help="a store, made by python -m imgrec.index")
    add("--deep", action="store_true", help="open every thumbnail of the store, not a sample")
    add("--logdir", type=_folder, metavar="DIR", help=logdir)
    add("--site", type=_folder, metavar="DIR", help="a network site, made by python -m graph")
    return parser


def _check(arguments: argparse.Namespace, reports: list[CheckReport]) -> None:
    if not (arguments.store or arguments.logdir or arguments.site):
        raise ImgrecError("nothing to check: name --store DIR, --logdir DIR or --site DIR")
    if arguments.store is not None:
        reports.append(_store(arguments.store, arguments.deep))
    if arguments.logdir is not None:
        reports.append(check_logdir(arguments.logdir))
    if arguments.site is not None:
        reports.append(check_site(arguments.site))
    sys.stdout.write("".join(map(render, reports)))


def _store(store: Path, deep: bool) -> CheckReport:
    """Check a store, and leave word of what only its digests tell for the next run."""
    report, damaged = check_store(store, deep=deep)
    if is_store(store):
        with suppress(OSError):  # on a disk that cannot be written no run mends it either
            report_damaged(store, damaged)
    return report


def _folder(text: str) -> Path:
    path = Path(text)
    if not path.is_dir():
        raise argparse.ArgumentTypeError(f"{text} is no folder")
    return path


if __name__ == "__main__":
    sys.exit(main())
