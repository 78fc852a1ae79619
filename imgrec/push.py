"""`imgrec push`: bring the state of a local store to object storage."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from imgrec.arguments import progress_options, remote_store_argument
from imgrec.commands import Parser, run, summary_line, warn
from imgrec.system.extras import require
from imgrec.system.text import counted, size_text

if TYPE_CHECKING:
    from imgrec.remote.push import PushDone

_PROG = "imgrec push"
_DESCRIPTION = """\
Bring the state of a local store to object storage: only what lacks there is written, and readers
see the state before or the new one. Several may push to one address: what different ones changed is
merged, and nothing is lost.
"""
_EXAMPLES = """\
examples:
  imgrec push photos-store s3://bucket/store
  imgrec push photos-store file:///mnt/share/store    to a folder, for `imgrec pull` elsewhere

Credentials come from the environment, such as AWS_ACCESS_KEY_ID; an address never has any.
"""
_ONE = (
    "{url} overwrites what it should refuse to (no conditional writes): only one may push or index "
    "there at a time, and two at once may lose the work of one"
)


def main(argv: Sequence[str] | None = None) -> int:
    """Push a store to object storage."""
    return run(_PROG, _parser, _push, argv)


def _parser(prog: str) -> argparse.ArgumentParser:
    parser = Parser(prog, _DESCRIPTION, _EXAMPLES)
    parser.add_argument("folder", type=Path, metavar="DIR", help="the local store")
    remote_store_argument(parser, "where to")
    force = "make the store at URL like the local one, whatever others have changed there, and "
    force += "write again what is lost there"
    parser.add_argument("--force", action="store_true", help=force)
    progress_options(parser)
    return parser


def _push(a: argparse.Namespace) -> None:
    require("obstore", extra="scale", why="object storage")
    from imgrec.remote.push import push

    done = push(a.folder, a.url, force=a.force, quiet=a.quiet)
    if done.one_committer:
        warn(_PROG, [_ONE.format(url=a.url)])
    told = [_state(done), f"{counted(done.files, 'file')} changed"]
    told += [size_text(done.size)] if done.files else []
    told += [f"{done.removed:,} removed"] if done.removed else []
    sys.stdout.write(summary_line(told, a, a.url))


def _state(done: "PushDone") -> str:
    """Return the state that was committed; of a new store also why it is not the first."""
    if done.new:
        return f"store made (state {done.number:,}; state {done.number - 1} is empty)"
    return f"state {done.number:,}"


if __name__ == "__main__":
    sys.exit(main())
