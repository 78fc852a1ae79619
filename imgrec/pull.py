"""`imgrec pull`: make a local store from one in object storage, or bring it up to date."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from imgrec.arguments import progress_options, remote_store_argument
from imgrec.commands import Parser, run, summary_line, warn
from imgrec.system.extras import require
from imgrec.system.text import counted, size_text

_PROG = "imgrec pull"
_DESCRIPTION = """\
Make a local store from one in object storage, or bring it up to date: only what lacks is read, and
each content is verified. Every command works on the store in DIR.
"""
_EXAMPLES = """\
examples:
  imgrec pull s3://bucket/store photos-store
  imgrec pull s3://bucket/store photos-store --no-vectors   a search reads the few it compares
  imgrec query --store photos-store a.jpg
  imgrec pull file:///mnt/share/store photos-store          from a folder that `push` wrote

Credentials come from the environment, such as AWS_ACCESS_KEY_ID; an address never has any.
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Pull a store from object storage."""
    return run(_PROG, _parser, _pull, argv)


def _parser(prog: str) -> argparse.ArgumentParser:
    parser = Parser(prog, _DESCRIPTION, _EXAMPLES)
    remote_store_argument(parser)
    parser.add_argument("folder", type=Path, metavar="DIR", help="the local store; made if absent")
    vectors = "leave out the vectors of features that have a sketch: a search reads the few it "
    vectors += "compares from URL"
    parser.add_argument("--no-vectors", action="store_true", help=vectors)
    force = "replace what has changes of its own; parts are moved to damaged/ of the store"
    parser.add_argument("--force", action="store_true", help=force)
    progress_options(parser)
    return parser


def _pull(a: argparse.Namespace) -> None:
    require("obstore", extra="scale", why="object storage")
    from imgrec.cluster.cost import cost_line
    from imgrec.remote.pull import pull

    vectors = not a.no_vectors
    done = pull(a.url, a.folder, vectors=vectors, force=a.force, quiet=a.quiet)
    warn(_PROG, (f"{unit} is no longer there: moved to damaged/" for unit in done.aside))
    told = [f"state {done.number:,}", f"{counted(done.files, 'file')} read"]
    told += [size_text(done.size)] if done.files else []
    told += [f"{done.kept:,} kept"] if done.kept else []
    if a.no_vectors:
        few = "with vectors: too few for a sketch"
        told += ["without vectors" if done.lacks == "vectors" else few]
    if line := cost_line(done.cost):
        sys.stdout.write(f"{line}\n")
    sys.stdout.write(summary_line(told, a, a.folder))


if __name__ == "__main__":
    sys.exit(main())
