"""Open files that somebody else may have put in place: regular files, no links, of a known size.

A path in a folder of somebody else may be a link to a file that is none of theirs, a named pipe
that blocks until somebody writes to it, or a device without an end. What is opened here is none of
these: the type is that of the open file, so nothing can be exchanged between check and use.
"""

import os
import stat
from io import BufferedReader
from pathlib import Path

from imgrec.errors import StoreError

# O_NOFOLLOW refuses a link, O_NONBLOCK does not wait for the writer of a pipe; Windows has neither.
_FLAGS = (
    os.O_RDONLY
    | getattr(os, "O_BINARY", 0)
    | getattr(os, "O_CLOEXEC", 0)
    | getattr(os, "O_NOFOLLOW", 0)
    | getattr(os, "O_NONBLOCK", 0)
)


def read_regular(path: Path, most_bytes: int) -> bytes:
    """Return the bytes of a regular file, without following a link at its place.

    Raises:
        OSError: the file is absent, a link, or cannot be read.
        ValueError: it is no regular file, or larger than `most_bytes`.
    """
    with open_regular(path) as file:
        size = os.fstat(file.fileno()).st_size
        data = file.read(most_bytes + 1) if size <= most_bytes else b""
    if max(len(data), size) > most_bytes:
        raise ValueError(f"it has {size:,} bytes, more than {most_bytes:,}")
    return data


def check_unshared(path: Path) -> None:
    """Check that a file which is written in place, if it is there, has no other name.

    What is written to a file changes it under each of its names (hard links): a file of the owner
    that somebody linked into a store, or the copy of a store that `cp -al` made.

    Raises:
        StoreError: it has.
    """
    if os.path.lexists(path) and path.lstat().st_nlink > 1:
        raise StoreError(
            f"{path} has another name (a hard link), and writing to it would change that file too: "
            "put a copy in its place"
        )


def open_regular(path: Path) -> BufferedReader:
    """Open a regular file for reading, without following a link at its place.

    Raises:
        OSError: the file is absent, a link, or cannot be read.
        ValueError: it is no regular file.
    """
    file = os.fdopen(os.open(path, _FLAGS), "rb")
    if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
        file.close()
        raise ValueError("it is not a regular file")
    return file
