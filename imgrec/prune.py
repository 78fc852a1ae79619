"""`imgrec prune`: delete what no state of a store in object storage needs any more."""

import argparse
import sys
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from imgrec.arguments import positive, progress_options, remote_store_argument
from imgrec.commands import Parser, run, summary_line
from imgrec.system.extras import require
from imgrec.system.text import counted, size_text

if TYPE_CHECKING:
    from imgrec.cluster.prune import Doomed

_PROG = "imgrec prune"
_LAST, _DAYS = 10, 14
# Times before the year 1 are none.
_MOST_DAYS = 365_000
_DESCRIPTION = """\
List what no state of a store in object storage needs any more: overtaken states, contents that no
other state names, records of runs that are done. With --delete it is deleted.
"""
_EXAMPLES = """\
examples:
  imgrec prune s3://bucket/store                        what would be deleted
  imgrec prune s3://bucket/store --delete
  imgrec prune s3://bucket/store --keep-last 1 --keep-within 1 --delete

Credentials come from the environment, such as AWS_ACCESS_KEY_ID; an address never has any.
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Prune a store in object storage."""
    return run(_PROG, _parser, _prune, argv)


def _parser(prog: str) -> argparse.ArgumentParser:
    parser = Parser(prog, _DESCRIPTION, _EXAMPLES)
    remote_store_argument(parser)
    add = parser.add_argument
    last = "keep the newest N states (default %(default)s)"
    add("--keep-last", type=positive, default=_LAST, metavar="N", help=last)
    days = "keep the states that were the newest within the last DAYS days, and what was written "
    days += "in them (default %(default)s, at least 1)"
    add("--keep-within", type=_days, default=_DAYS, metavar="DAYS", help=days)
    add("--delete", action="store_true", help="delete it; without this option it is listed only")
    progress_options(parser)
    return parser


def _days(value: str) -> int:
    """Return the number of days of an argument, from 1 to `_MOST_DAYS`."""
    days = positive(value)
    if days > _MOST_DAYS:
        raise argparse.ArgumentTypeError(f"{value[:20]} is more than {_MOST_DAYS:,} days")
    return days


def _prune(a: argparse.Namespace) -> None:
    require("obstore", extra="scale", why="object storage")
    from imgrec.cluster.prune import DAY_S, Keep, prune

    found = prune(a.url, Keep(a.keep_last, a.keep_within * DAY_S), delete=a.delete, quiet=a.quiet)
    sys.stdout.write("".join(f"{line}\n" for line in report(found, deleted=a.delete)))
    done = "deleted" if a.delete else "to delete"
    told = [f"{counted(len(found.all), 'object')} {done}", size_text(found.size)]
    sys.stdout.write(summary_line(told, a, a.url))


def report(found: "Doomed", *, deleted: bool) -> Iterator[str]:
    """Yield what is deleted, a line each.

    Args:
        found: what was found.
        deleted: whether it has been deleted.
    """
    kinds = {
        "overtaken states": found.states,
        "contents that no state names": found.contents,
        "records of runs that are done": found.runs,
        "records of parts made before": found.made,
        "left by what was stopped": found.left,
    }
    yield f"states kept: {found.kept_states:,}"
    for name, infos in kinds.items():
        if infos:
            yield f"{name}: {len(infos):,}, {size_text(sum(info.size for info in infos))}"
    if found.all and not deleted:
        yield "nothing is deleted yet: --delete does it"


if __name__ == "__main__":
    sys.exit(main())
