"""Undo a trash run by its log: every file goes back to where it was.

Idempotent: a file that is at its place is left there. Nothing is overwritten, and nothing is taken
from anywhere but a trash of this user; what lies there must come from the place that the log names
and have the content it had. So a log of somebody else can at most put back what its reader trashed.
"""

import os
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from imgrec.errors import cause_of
from imgrec.pictures.decoding import digest
from imgrec.pictures.limits import MAX_MEMORY
from imgrec.review.putting_back import put_back
from imgrec.review.trash_log import Logged, moves_in
from imgrec.review.trash_places import find_in_trash
from imgrec.system.progress import progress
from imgrec.system.regular_files import read_regular

BACK, THERE = "back", "there"


@dataclass(frozen=True)
class Undone:
    """What an undo did.

    Attributes:
        back: number of files put back.
        there: number of files that were at their places already.
        left: (path, reason) of each file that could not be put back.
    """

    back: int
    there: int
    left: tuple[tuple[str, str], ...]


def undo(log: Path, *, quiet: bool = True) -> Undone:
    """Put back the files that a log says were moved to the trash.

    Raises:
        ImgrecError: it is no such log, or it is damaged; nothing was moved.
    """
    # A file may have been moved, put back and moved again.
    moves: Sequence[Logged] = list({move.path: move for move in moves_in(log)}.values())
    outcomes: Counter[str] = Counter()
    left: list[tuple[str, str]] = []
    for move in progress("moving from the trash", moves, unit="files", quiet=quiet):
        outcome = _put_back(move)
        outcomes[outcome] += 1
        if outcome not in (BACK, THERE):
            left.append((str(move.path), outcome))
    return Undone(outcomes[BACK], outcomes[THERE], tuple(left))


def _put_back(move: Logged) -> str:
    """Return `BACK`, `THERE`, or why the file could not be put back."""
    if os.path.lexists(move.path):
        return THERE if _is_there(move) else "another file has its name now: rename that first"
    trashed = find_in_trash(move.path, move.size, move.digest)
    if trashed is None:
        return "it is not in the trash any more"
    try:
        put_back(trashed, move.path)
    except FileExistsError:
        return "another file has its name now: rename that first"
    except OSError as error:
        return f"it cannot be put there ({cause_of(error)}) and stays in the trash"
    return BACK


def _is_there(move: Logged) -> bool:
    try:
        return digest(read_regular(move.path, MAX_MEMORY)) == move.digest
    except (OSError, ValueError):
        return False
