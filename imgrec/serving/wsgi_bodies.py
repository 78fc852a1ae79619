"""Read the body of a request of WSGI, bounded in bytes and in time.

WSGI gives a body as a file without a deadline: a client that sends nothing more holds its thread
for ever. Where the server tells its socket, as werkzeug's does, each read waits no longer than what
is left of the time.
"""

import time
from collections.abc import Callable, Mapping
from typing import Any

from imgrec.serving.guards import Refusal

READ_S = {"POST": 10.0, "PUT": 60.0}
_PART_BYTES = 1 << 16
# What is still read, and dropped, of a body that is too large: a browser shows no answer that came
# before its body was sent.
_DRAINED_BYTES = 1 << 28
_DRAINED_S = 10.0
_LATE = Refusal(408, "the body did not arrive in time")


def read_body(environ: Mapping[str, Any], size: int, within_s: float) -> bytes | Refusal | None:
    """Return the body, why it is refused, or None if the client has left.

    Args:
        environ: of WSGI.
        size: of the body in bytes, as its header says, checked.
        within_s: time limit.
    """
    parts: list[bytes] = []
    try:
        left = _read(environ, size, within_s, parts.append)
    except TimeoutError:
        return _LATE
    return None if left else b"".join(parts)


def drain(environ: Mapping[str, Any], size: int) -> None:
    """Read a body and drop it, for a while."""
    try:
        _read(environ, min(size, _DRAINED_BYTES), _DRAINED_S, len)
    except TimeoutError:
        return


def _read(
    environ: Mapping[str, Any], size: int, within_s: float, take: Callable[[bytes], object]
) -> int:
    """Read up to `size` bytes; return how many the client left out.

    Raises:
        TimeoutError: they did not come in time.
    """
    stream, connection = environ["wsgi.input"], environ.get("werkzeug.socket")
    # One part as it comes, where the stream can: `read` waits for all of what it is asked for.
    read = getattr(stream, "read1", stream.read)
    end = time.monotonic() + within_s
    before = connection.gettimeout() if connection else None
    try:
        while size:
            if (left_s := end - time.monotonic()) <= 0:
                raise TimeoutError
            if connection:
                connection.settimeout(left_s)
            part = read(min(size, _PART_BYTES))
            if not part:
                return size
            size -= len(part)
            take(part)
        return 0
    except ConnectionError:
        return size
    finally:
        if connection:
            connection.settimeout(before)
