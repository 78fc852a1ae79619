"""The bytes of a local file, read within bounds; what goes wrong is a reason code.

Only regular files are read: a FIFO would wait for a writer, a device may have no end. The size that
the file system states decides before anything is read, so that a sparse file of terabytes costs
nothing, and no buffer is larger than the file.
"""

import os
import stat
from pathlib import Path

from imgrec.errors import MemoryShortageError, PictureError, cause_of
from imgrec.pictures.limits import MAX_MEMORY

# Opening what became a FIFO meanwhile must not wait. Each system has some of these.
_FLAGS = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)


def read_file(file: Path, head: int | None = None) -> bytes:
    """Return the bytes of a picture file, or the first `head` of them.

    Raises:
        PictureError: `unreadable`, `empty` or `too-large` (above `MAX_MEMORY`).
        MemoryShortageError: memory does not suffice for it.
    """
    size = 0
    try:
        # Before opening, which has effects on some devices.
        _check(file.stat(), head)
        with os.fdopen(os.open(file, _FLAGS), "rb") as opened:
            size = _check(os.fstat(opened.fileno()), head)
            data = opened.read(size)
    except (OSError, ValueError) as error:
        raise PictureError("unreadable", cause_of(error)) from error
    except MemoryError as error:
        raise MemoryShortageError(f"{size / 1e6:,.0f} MB to read the file") from error
    if not data:
        raise PictureError("empty", "0 bytes")
    return data


def _check(state: os.stat_result, head: int | None) -> int:
    """Return how many bytes to read of a file.

    Raises:
        PictureError: it is no regular file, or too large.
    """
    if not stat.S_ISREG(state.st_mode):
        raise PictureError("unreadable", "not a regular file")
    if head is not None:
        return head
    if state.st_size > MAX_MEMORY:
        size, most = (f"{count / 1e6:,.0f} MB" for count in (state.st_size, MAX_MEMORY))
        raise PictureError("too-large", f"the file has {size}, the limit is {most}")
    return state.st_size
