"""What `imgrec query` prints: a table, one JSON object, or paths; and the viewer that it opens."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable, Sequence
from itertools import islice
from typing import TYPE_CHECKING

from imgrec.commands import warn
from imgrec.system.text import counted

if TYPE_CHECKING:
    from imgrec.search.answer import Answer
    from imgrec.search.listing import Listing


def print_answer(answer: Answer, a: argparse.Namespace) -> None:
    """Print an answer as the arguments ask for."""
    from imgrec.search.table import answer_table

    if a.paths:
        print_paths([result.file for result in answer], "imgrec query", null=a.null)
    elif a.json:
        _print_json(answer)
    else:
        pages = a.pages or sys.stdout.isatty()
        _tell_of_pages([result.page for result in answer], a)
        sys.stdout.write(answer_table(answer, details=a.details, pages=pages))


def print_list(listing: Listing, a: argparse.Namespace) -> None:
    """Print a list of pictures as the arguments ask for."""
    from imgrec.search.table import listing_table

    if a.paths:
        print_paths(listing.files(), "imgrec query", null=a.null)
    elif a.json:
        _print_json(listing)
    else:
        _tell_of_pages([picture.page for picture in islice(listing, 1)], a)
        sys.stdout.writelines(listing_table(listing, details=a.details, pages=a.pages))


def _tell_of_pages(pages: Sequence[str | None], a: argparse.Namespace) -> None:
    """Warn where links to pages are asked for, and there is none."""
    if a.pages and pages and not any(pages):
        why = "no picture has a page in a network: imgrec graph --out SITE writes one"
        warn("imgrec query", [why])


def _print_json(found: Answer | Listing) -> None:
    import json

    sys.stdout.write(json.dumps(found.to_dict()) + "\n")


def print_paths(files: Iterable[str], prog: str, *, null: bool) -> None:
    """Print absolute paths, one a line or each ended by NUL; warn of those that no line can hold.

    Args:
        files: the paths.
        prog: the command that warns.
        null: end each by NUL.
    """
    from imgrec.system.file_names import printable
    from imgrec.system.path_output import write_paths

    if sys.stdout.isatty() and not null:
        # Names may hold the control characters of a terminal.
        sys.stdout.writelines(f"{printable(file)}\n" for file in files)
        return
    sys.stdout.flush()
    left_out = write_paths(files, sys.stdout.buffer, null=null)
    if left_out:
        have = "has a line break in its name and is" if left_out == 1 else "have a line break in"
        have += "" if left_out == 1 else " their name and are"
        warn(prog, [f"{counted(left_out, 'picture')} {have} left out: use -0"])


def open_pictures(viewer: Sequence[str], files: Sequence[str]) -> None:
    """Show pictures in the system's viewer.

    Raises:
        ImgrecError: one is no picture by its name, or not there; or the viewer failed.
    """
    from imgrec.pictures.formats import RAW_SUFFIXES, SUFFIXES
    from imgrec.system.viewer import check_viewable, open_files

    open_files(viewer, check_viewable(files, SUFFIXES | RAW_SUFFIXES))
