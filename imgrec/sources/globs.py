"""Globs of paths: which files and folders below a root a pattern such as `scans/**/*.tif` names.

A glob is matched one name after the other from the root down, so that a walk decides about a whole
folder once and not about each file in it. It is a small automaton: its state is the set of parts of
the pattern that may come next. Of a state one can say that the path so far is named, and that no
path below can be, which is what lets a walk leave a folder unentered.

    *      any characters of one name          **     any number of folders
    ?      one character of a name             [ab]   one of these characters, [!ab] none of them

A glob without a slash names files and folders at any depth, one with a slash begins at the root; a
slash at its end names folders only. A folder that is named stands for all that is in it. Upper and
lower case are the same, as are the two Unicode forms of one name (NFC and NFD), on every system, so
that a store means the same files wherever its disk is mounted.

Time is bounded whatever the pattern: each part is a regular expression of `fnmatch`, which makes
every `*` atomic (no backtracking), and the automaton never goes back.
"""

import fnmatch
import os
import re
import unicodedata
from collections.abc import Callable

from imgrec.errors import WrongValueError

# Of one glob, in characters: more than the longest path that people type.
MAX_GLOB = 1000
_ANY_FOLDERS = "**"

State = frozenset[int]
DEAD: State = frozenset()


class Glob:
    """A pattern of paths; made by `glob_of`.

    Attributes:
        text: as it was given.
        folders_only: True if it names no files.
    """

    def __init__(self, text: str, parts: tuple[str, ...], folders_only: bool) -> None:
        self.text = text
        self.folders_only = folders_only
        self._parts = parts
        self._names = [None if part == _ANY_FOLDERS else _matcher(part) for part in parts]
        self._wild = [part.startswith(("*", "?", "[")) for part in parts]
        self.start = self._closed({0})

    def step(self, state: State, name: str, literally: bool = False) -> State:
        """Return the state after one more name of a path.

        Args:
            state: after the names before; `start` at the root.
            name: of a folder or file, in the form of `comparable`.
            literally: let no part that begins with a wildcard match the name, as a shell does for
                names that begin with a dot.
        """
        reached = set()
        for part in state:
            if part == len(self._parts):
                continue
            if literally and self._wild[part]:
                continue
            matches = self._names[part]
            if matches is None:
                reached.add(part)
                # A last `**` names whatever is inside.
                if part == len(self._parts) - 1:
                    reached.add(part + 1)
            elif matches(name):
                reached.add(part + 1)
        return self._closed(reached) if reached else DEAD

    def names(self, state: State) -> bool:
        """Return True if the path of a state is named, as a folder."""
        return len(self._parts) in state

    def names_file(self, state: State, name: str, literally: bool = False) -> bool:
        """Return True if a file is named; the arguments are those of `step`."""
        last = len(self._parts) - 1
        if last not in state or self.folders_only or (literally and self._wild[last]):
            return False
        matches = self._names[last]
        return matches is None or bool(matches(name))

    def _closed(self, reached: set[int]) -> State:
        """Return positions with those that `**` reaches without a name; the last has none."""
        closed = set(reached)
        for part in sorted(reached):
            while part < len(self._parts) - 1 and self._names[part] is None:
                part += 1
                closed.add(part)
        return frozenset(closed)


def glob_of(text: str) -> Glob:
    """Return the glob of a text.

    Raises:
        ValueError: it is empty, longer than `MAX_GLOB`, has control characters, or names a place
            outside of the root.
    """
    if problem := glob_problem(text):
        raise WrongValueError(problem)
    pattern = unicodedata.normalize("NFC", text.replace(os.sep, "/"))
    folders_only = pattern.endswith("/")
    names = [name for name in pattern.split("/") if name not in ("", ".")]
    anchored = "/" in pattern.removesuffix("/")
    parts = names if anchored else [_ANY_FOLDERS, *names]
    kept: list[str] = []
    for part in parts:
        # A second `**` after a first one adds nothing.
        if not (part == _ANY_FOLDERS and kept and kept[-1] == _ANY_FOLDERS):
            kept.append(part)
    return Glob(text, tuple(kept), folders_only)


def glob_problem(text: str) -> str | None:
    """Return what is wrong with the text of a glob, one line; None where nothing is."""
    if len(text) > MAX_GLOB:
        return f"a glob of {len(text)} characters: the limit is {MAX_GLOB}"
    if any(unicodedata.category(letter) == "Cc" for letter in text):
        return f"the glob {text!r} has control characters: leave them out"
    names = text.replace(os.sep, "/").split("/")
    if ".." in names:
        return f"the glob {text!r} has '..': write it from the picture folder down"
    if all(name in ("", ".") for name in names):
        return f"the glob {text!r} names nothing: write a name such as 'scans' or '*.png'"
    return None


def comparable(name: str) -> str:
    """Return a name in the Unicode form (NFC) in which globs are compared."""
    return name if name.isascii() else unicodedata.normalize("NFC", name)


def _matcher(part: str) -> Callable[[str], object]:
    """Return a function that is true for the names that one part of a pattern matches."""
    return re.compile(fnmatch.translate(part), re.IGNORECASE).match
