"""`imgrec doctor`: check a store, a logdir or a site, and say what a user would see of each fault.

Exit codes: 0 no error (warnings are none), 1 errors, 2 nothing could be checked.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from imgrec.arguments import default_store, local_store, progress_options, refuse, store_option
from imgrec.commands import Parser, pasteable, run, summary_line
from imgrec.errors import ImgrecError
from imgrec.system.progress import progress
from imgrec.system.text import counted

if TYPE_CHECKING:
    from imgrec.checks import CheckReport

_DESCRIPTION = """\
Check what the commands wrote, or a logdir that another tool wrote: what is wrong, what one would
see of it, and what to do. Nothing is changed; the next imgrec index mends what can be mended.
"""
_EXAMPLES = """\
exit codes: 0 nothing is wrong, or warnings alone; 1 errors; 2 nothing could be checked

examples:
  imgrec doctor                                   the default store
  imgrec doctor --deep                            every thumbnail as well
  imgrec doctor --store s --site site --logdir logdir
  imgrec doctor --logdir logdir                   made by any tool
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Check what is named; return 0 without errors, 1 with some, 2 if nothing was checked."""
    return run("imgrec doctor", _parser, _check, argv)


def _parser(prog: str) -> argparse.ArgumentParser:
    parser = Parser(prog, _DESCRIPTION, _EXAMPLES)
    group = parser.add_argument_group("what to check")
    store_option(group, folder=_folder)
    group.add_argument("--deep", action="store_true", help="every thumbnail, not a sample of them")
    logdir = "a TensorBoard logdir with projector data, made by any tool"
    group.add_argument("--logdir", type=_folder, metavar="DIR", help=logdir)
    site = "a network site, made by imgrec graph"
    group.add_argument("--site", type=_folder, metavar="DIR", help=site)
    progress_options(parser)
    return parser


def _check(arguments: argparse.Namespace) -> int:
    from imgrec.checks import check_logdir, check_site, render

    store, logdir, site = arguments.store, arguments.logdir, arguments.site
    if store is logdir is site is None:
        store = default_store()
        if store is None:
            raise ImgrecError("nothing to check: name --store DIR, --logdir DIR or --site DIR")
    if store is None:
        refuse(arguments.given, ["deep"], "is for a store: name it by --store DIR")
    reports, quiet = [], arguments.quiet
    if store is not None:
        with progress("checking the store", quiet=quiet):
            reports.append(_check_store(store, arguments.deep))
    if logdir is not None:
        with progress("checking the logdir", quiet=quiet):
            reports.append(check_logdir(logdir))
    if site is not None:
        with progress("checking the site", quiet=quiet):
            reports.append(check_site(site))
    sys.stdout.write(pasteable("".join(map(render, reports))))
    found = Counter(finding.severity for report in reports for finding in report.findings)
    told = [f"{counted(len(reports), 'folder')} checked"]
    told += [counted(found["error"], "error"), counted(found["warning"], "warning")]
    sys.stdout.write(summary_line(told, arguments))
    return int(any(report.failed for report in reports))


def _check_store(store: Path, deep: bool) -> CheckReport:
    """Check a store, and record for the next run of `index` what only checksums tell."""
    from imgrec.checks import check_store
    from imgrec.store.set_aside import report_damaged

    report, damaged = check_store(store, deep=deep)
    if damaged is not None:
        # On a disk that cannot be written, no run could mend it either.
        with suppress(OSError):
            report_damaged(store, damaged)
    return report


def _folder(text: str) -> Path:
    path = local_store(text)
    if not path.is_dir():
        raise argparse.ArgumentTypeError(f"{text} is no folder")
    return path


if __name__ == "__main__":
    sys.exit(main())
