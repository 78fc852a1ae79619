"""A picture from standard input or another open pipe: `-`, `/dev/stdin`, `<(command)` of a shell.

A pipe has neither a size nor an end that can be relied on. So it is read up to the limit of a
file's bytes, and for a limited time. What is read here, a user has connected to this process: a
named pipe or a device that is named by its path is never opened (`imgrec.sources.folder`).
"""

import os
import queue
import re
import stat
import threading
import time

from imgrec.errors import PictureError, cause_of
from imgrec.pictures.limits import MAX_MEMORY

STANDARD_INPUT = "-"
# Time limit in seconds for all bytes of a picture to arrive, as for those of a disk.
STREAM_S = 60.0
_CHUNK_BYTES = 1 << 20
_BY_NUMBER = re.compile(r"/(?:dev|proc/self)/fd/([0-9]{1,6})")


def stream_of(name: str) -> int | None:
    """Return the file descriptor that a user names as a picture; None for the path of a file.

    `/dev/stdin` and `/dev/fd/63` count as paths where a regular file is connected, as by `< FILE`:
    the catalog may know it by its path.
    """
    if name == STANDARD_INPUT:
        return 0
    numbered = _BY_NUMBER.fullmatch(name)
    if numbered is None and name != "/dev/stdin":
        return None
    descriptor = int(numbered[1]) if numbered else 0
    return None if _kind(descriptor) == "a file" else descriptor


def read_stream(descriptor: int, most_bytes: int = MAX_MEMORY, within_s: float = STREAM_S) -> bytes:
    """Return all bytes that come from an open pipe, socket or file.

    Args:
        descriptor: of the process.
        most_bytes: limit of their number.
        within_s: time limit in seconds.

    Raises:
        PictureError: `unreadable`: it is closed, a terminal or a device, cannot be read, or has not
            ended in time; `empty`; `too-large`: it has more bytes than the limit.
    """
    kind = _kind(descriptor)
    if kind not in ("a file", "a pipe", "a socket"):
        raise PictureError("unreadable", f"it is {kind}: connect a file or a pipe")
    # A thread, because Windows cannot wait for a pipe with a time limit.
    chunks: queue.SimpleQueue[bytes | OSError] = queue.SimpleQueue()
    threading.Thread(target=_forward, args=(descriptor, most_bytes, chunks), daemon=True).start()
    received, deadline = bytearray(), time.monotonic() + within_s
    while chunk := _next(chunks, deadline - time.monotonic(), within_s):
        received += chunk
    if not received:
        raise PictureError("empty", "0 bytes")
    if len(received) > most_bytes:
        raise PictureError("too-large", f"more than {most_bytes} bytes")
    return bytes(received)


def _forward(
    descriptor: int, most_bytes: int, chunks: "queue.SimpleQueue[bytes | OSError]"
) -> None:
    """Put what is read into a queue, up to just more than the limit; an empty chunk is the end."""
    left = most_bytes + 1
    try:
        while left and (chunk := os.read(descriptor, min(left, _CHUNK_BYTES))):
            left -= len(chunk)
            chunks.put(chunk)
        chunks.put(b"")
    except OSError as error:
        chunks.put(error)


def _next(chunks: "queue.SimpleQueue[bytes | OSError]", left_s: float, within_s: float) -> bytes:
    try:
        chunk = chunks.get(timeout=max(0.0, left_s))
    except queue.Empty:
        raise PictureError("unreadable", f"no end after {within_s:.0f} s") from None
    if isinstance(chunk, OSError):
        raise PictureError("unreadable", cause_of(chunk)) from chunk
    return chunk


def _kind(descriptor: int) -> str:
    """Return what a file descriptor is connected to."""
    try:
        mode = os.fstat(descriptor).st_mode
    except OSError:
        return "closed"
    kinds = (
        (stat.S_ISREG, "a file"),
        (stat.S_ISFIFO, "a pipe"),
        (stat.S_ISSOCK, "a socket"),
        (stat.S_ISDIR, "a folder"),
    )
    other = "a terminal" if os.isatty(descriptor) else "a device"
    return next((what for is_kind, what in kinds if is_kind(mode)), other)
