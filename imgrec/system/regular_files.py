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
_PIECE_BYTES = 1 << 20


def read_regular(path: Path | str, most_bytes: int) -> bytes:
    """Return the bytes of a regular file, without following a link at its place.

    Raises:
        OSError: the file is absent, a link, or cannot be read.
        ValueError: it is no regular file, or larger than `most_bytes`.
    """
    number, size = open_descriptor(path)
    try:
        data = _read(number, size, most_bytes) if size <= most_bytes else b""
    finally:
        os.close(number)
    if max(len(data), size) > most_bytes:
        raise ValueError(f"it has {size:,} bytes, more than {most_bytes:,}")
    return data


def _read(number: int, size: int, most_bytes: int) -> bytes:
    """Return the bytes of an open file, up to one more than `most_bytes`."""
    # Most often these are all: the size is that of a moment ago.
    data = os.read(number, size + 1)
    if len(data) == size:
        return data
    pieces = [data]
    while data and sum(map(len, pieces)) <= most_bytes:
        data = os.read(number, min(_PIECE_BYTES, most_bytes + 1 - sum(map(len, pieces))))
        pieces.append(data)
    return b"".join(pieces)


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
    number, _ = open_descriptor(path)
    return os.fdopen(number, "rb")


def open_descriptor(path: Path | str) -> tuple[int, int]:
    """Open a regular file as `open_regular` does; return its descriptor and its size in bytes.

    For files of which a store has thousands: a file object takes longer than the system calls.

    Raises:
        OSError: the file is absent, a link, or cannot be read.
        ValueError: it is no regular file.
    """
    number = os.open(path, _FLAGS)
    try:
        state = os.fstat(number)
        if not stat.S_ISREG(state.st_mode):
            raise ValueError("it is not a regular file")
    except BaseException:
        os.close(number)
        raise
    return number, state.st_size
