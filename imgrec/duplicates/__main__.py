"""`imgrec duplicates`: a page to review duplicates, a table, lists for a shell, the trash."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from imgrec.arguments import (
    encoder_option,
    progress_options,
    store_of,
    store_option,
    workers_option,
)
from imgrec.commands import Parser, run, summary_line, warn
from imgrec.errors import ImgrecError
from imgrec.system.file_names import printable
from imgrec.system.text import counted, size_text

if TYPE_CHECKING:
    from imgrec.review.review import Review
    from imgrec.store.store import Store

PROG = "imgrec duplicates"
PAGE_FOLDER = "imgrec-duplicates"
# Reasons that are printed one by one; the log has all.
_REASONS = 10

_DESCRIPTION = """\
Find files that show the same picture, and write a page on which to review them side by side: what
could go, what differs, and what to look at first. Nothing is deleted but by --trash, which moves
files to the system's trash and writes a log that undoes it.
"""
_EXAMPLES = f"""\
rules, for which file of a group is kept; several are separated by commas and decide in turn:
  largest      most pixels, then most metadata values, then most bytes
  oldest       first modified; newest: last modified
  in:FOLDER    a file in this folder

examples:
  imgrec duplicates                              then open {PAGE_FOLDER}/index.html
  imgrec duplicates --keep in:Albums,oldest --csv duplicates.csv
  imgrec duplicates --list0 go.list              then: xargs -0 ls -l < go.list
  imgrec duplicates --trash                      prints the log
  imgrec duplicates --undo LOG                   puts back what that run moved
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Review the duplicates of a store, move them to the trash, or undo that."""
    return run(PROG, _parser, _duplicates, argv)


def _parser(prog: str) -> argparse.ArgumentParser:
    parser = Parser(prog, _DESCRIPTION, _EXAMPLES)
    group = parser.add_argument_group("store")
    store_option(group)
    encoder_option(group, "the feature whose neighbors are compared")

    add = parser.add_argument_group("what is kept").add_argument
    add("--keep", metavar="RULES", help="rules, see below (default largest,oldest)")

    add = parser.add_argument_group("output").add_argument
    page = f"the page; replaced as a whole (default {PAGE_FOLDER}, if nothing else is asked for)"
    add("--out", type=Path, metavar="DIR", help=page)
    add("--csv", type=Path, metavar="FILE.csv", help="write all groups as a table")
    lines = "write the files that could go in shell quotes, one a line"
    add("--list", type=Path, metavar="FILE", help=lines)
    add("--list0", type=Path, metavar="FILE", help="write them for xargs -0, each ended by NUL")

    add = parser.add_argument_group("trash").add_argument
    trash = "move the files that could go to the system's trash, each only if it is unchanged"
    add("--trash", action="store_true", help=trash)
    add("--undo", type=Path, metavar="LOG", help="put back what a run with --trash moved")

    workers_option(parser, "that compare files and draw previews")
    progress_options(parser)
    return parser


def _duplicates(arguments: argparse.Namespace) -> int:
    if arguments.undo is not None:
        return _undo(arguments)
    from imgrec.duplicates.keep_rules import KeepRules
    from imgrec.review.review import review
    from imgrec.store.store import Store

    rules = KeepRules() if arguments.keep is None else KeepRules.parse(arguments.keep)
    _check(arguments)
    with Store.open(store_of(arguments.store)) as store:
        found = review(
            store, rules, arguments.encoder, workers=arguments.workers, quiet=arguments.quiet
        )
        warn(PROG, found.warnings)
        made = _write(store, found, arguments)
        sys.stdout.write("".join(f"{printable(str(path))}\n" for path in made[:-1]))
        last = made[-1] if made else ""
        sys.stdout.write(summary_line([found.counts.line()], arguments, last))
        return _trash(store, found, arguments) if arguments.trash else 0


def _check(arguments: argparse.Namespace) -> None:
    """Check all targets, and name the default page, before anything is computed."""
    from imgrec.review.path_list import check_list
    from imgrec.review.table import check_table
    from imgrec.system.output_folder import REVIEW

    others = [arguments.csv, arguments.list, arguments.list0]
    if arguments.out is None and not arguments.trash and not any(others):
        arguments.out = Path(PAGE_FOLDER)
    if arguments.csv is not None:
        check_table(arguments.csv)
    for file in filter(None, (arguments.list, arguments.list0)):
        check_list(file)
    targets = [path.resolve() for path in (arguments.out, *others) if path is not None]
    if len(set(targets)) < len(targets):
        raise ImgrecError("two outputs have one name: give each its own")
    if arguments.out is not None:
        REVIEW.check_place(arguments.out)


def _write(store: Store, found: Review, arguments: argparse.Namespace) -> list[Path]:
    """Write what is asked for; return the files, the page last."""
    from imgrec.review.page import write_page
    from imgrec.review.review import write_list, write_list0
    from imgrec.review.table import table
    from imgrec.system.atomic_files import write_text

    if arguments.csv is not None:
        write_text(arguments.csv, table(found.groups))
    if arguments.list is not None:
        warn(PROG, write_list(arguments.list, found.groups))
    if arguments.list0 is not None:
        write_list0(arguments.list0, found.groups)
    made = [arguments.csv, arguments.list, arguments.list0]
    if arguments.out is not None:
        made.append(
            write_page(
                store, found, arguments.out, workers=arguments.workers, quiet=arguments.quiet
            )
        )
    return [path for path in made if path is not None]


def _trash(store: Store, found: Review, arguments: argparse.Namespace) -> int:
    """Move what could go; return 1 if a file was left, else 0."""
    from imgrec.review.reviewed import going
    from imgrec.review.trash import move_to_trash
    from imgrec.review.trash_log import TrashLog, new_log_path

    files = going(found.groups)
    if not files:
        sys.stdout.write("nothing to move to the trash\n")
        return 0
    path = new_log_path()
    with TrashLog(path, store.path.resolve()) as log:
        # Before anything is moved, so that it is known even if the run is killed.
        sys.stderr.write(f"log: {printable(str(path))}\n")
        done = move_to_trash(files, log, quiet=arguments.quiet)
    size = size_text(done.moved_bytes)
    sys.stdout.write(f"{counted(done.moved, 'file')} moved to the trash ({size})\n")
    _tell_left(done.left, "was not moved")
    if done.moved:
        sys.stdout.write(f"to undo this: {PROG} --undo {_argument(done.log)}\n")
    return 1 if done.left else 0


def _undo(arguments: argparse.Namespace) -> int:
    """Put back what a log names; return 1 if a file could not be, else 0."""
    from imgrec.review.undo import undo

    beside = [
        name for name in arguments.given if name not in ("undo", "quiet", "verbose", "workers")
    ]
    if beside:
        raise ImgrecError(f"--undo stands alone: leave out {arguments.given[beside[0]]}")
    done = undo(arguments.undo, quiet=arguments.quiet)
    there = f", {counted(done.there, 'file')} already there" if done.there else ""
    sys.stdout.write(f"{counted(done.back, 'file')} put back{there}\n")
    _tell_left(done.left, "was not put back")
    return 1 if done.left else 0


def _tell_left(left: Sequence[tuple[str, str]], what: str) -> None:
    """Warn of the files that were left, the first ones by name."""
    lines = [f"{path} {what}: {why}" for path, why in left[:_REASONS]]
    if len(left) > _REASONS:
        lines.append(f"and {counted(len(left) - _REASONS, 'more file')}")
    warn(PROG, lines)


def _argument(path: Path) -> str:
    import shlex

    return printable(shlex.quote(str(path)))


if __name__ == "__main__":
    sys.exit(main())
