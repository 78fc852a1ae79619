r"""The files that could go, as a list for a shell: any name stays data.

`quoted_lines` is read by `sh` and by `xargs` alike: every line is one absolute path in the quotes
of POSIX shells. No form of a line break within a name means the same to both, so a name that holds
one is left out and counted. `null_separated`, for `xargs -0`, holds every name. Both are bytes, as
names of POSIX are: a name that is not UTF-8 stands as it is. Paths are absolute, so that none can
be taken for an option such as `-rf`.
"""

import os
import re
import shlex
from collections.abc import Iterable
from pathlib import Path

from imgrec.errors import ImgrecError
from imgrec.review.reviewed import Reviewed
from imgrec.sources.opening import source_of

# What ends a line for a shell, for xargs, or in an editor that saves the list again.
_BREAKS = "\n\r"
# An absolute path of POSIX or Windows, quoted or not; or nothing.
_BEGIN = re.compile(rb"['\"]?(/|[A-Za-z]:|\\\\)|$")


def quoted_lines(paths: Iterable[str]) -> tuple[bytes, int]:
    """Return the paths in shell quotes, one a line, and how many were left out for a line break."""
    every = list(paths)
    lines = [shlex.quote(path) for path in every if not set(_BREAKS) & set(path)]
    return b"".join(os.fsencode(line) + b"\n" for line in lines), len(every) - len(lines)


def null_separated(paths: Iterable[str]) -> bytes:
    """Return the paths, each ended by a NUL, which no name can hold."""
    return b"".join(os.fsencode(path) + b"\0" for path in paths)


def local_paths(members: Iterable[Reviewed]) -> list[str]:
    """Return the absolute paths of the files that are on this machine."""
    files = (source_of(member.entry.root).file(member.entry.path) for member in members)
    return [str(file) for file in files if file is not None]


def check_list(file: Path) -> None:
    """Check the path of a list before anything is computed.

    Raises:
        ImgrecError: there is something that is no list of ours or its folder does not exist.
    """
    if file.is_dir() or not file.parent.is_dir():
        raise ImgrecError(f"{file} cannot be written: give the path of a file in a folder")
    if file.exists() and not _is_a_list(file):
        raise ImgrecError(f"{file} is no list of paths and would be lost: name another file")


def _is_a_list(file: Path) -> bool:
    """Return True for an empty file, or one that begins as a list does, with an absolute path."""
    if not file.is_file():
        return False
    with file.open("rb") as opened:
        return _BEGIN.match(opened.read(8)) is not None
