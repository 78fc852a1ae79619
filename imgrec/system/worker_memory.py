"""A limit of the memory that a block of code may take in a worker process; a test for shortage.

The estimate from a picture's header (`imgrec.pictures.memory`) holds for sound files. For others
the kernel sets the limit: `RLIMIT_DATA` counts the private writable memory of a process, whether it
was touched or not, and an allocation above it fails. The limit is relative to what the process
holds when the block begins, because numpy, numba and onnxruntime hold some hundred MB in a worker
already. Only Linux counts so, and only a worker process is limited: in the main process the other
threads would be limited too.
"""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import numpy as np

from imgrec.system.worker import in_worker

_STATM = "/proc/self/statm"


@contextmanager
def bounded_memory(growth_bytes: int) -> Iterator[None]:
    """Let a block allocate at most `growth_bytes` more than the process has when it begins.

    Does nothing outside a worker process, and on systems other than Linux.

    Raises:
        MemoryError: the block wanted more, or the memory of the machine does not suffice. Libraries
            may raise any other exception then, or end the process.
    """
    if not in_worker() or sys.platform != "linux":
        yield
        return
    import resource

    before = resource.getrlimit(resource.RLIMIT_DATA)
    most = _data_bytes(resource.getpagesize()) + growth_bytes
    if before[0] != resource.RLIM_INFINITY:
        most = min(most, before[0])
    resource.setrlimit(resource.RLIMIT_DATA, (most, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_DATA, before)


def can_allocate(count: int) -> bool:
    """Return True if this process could get so many bytes more; they are not touched."""
    with suppress(MemoryError):
        np.empty(count, np.uint8)
        return True
    return False


def _data_bytes(page_bytes: int) -> int:
    """Return the private writable memory of this process, as `RLIMIT_DATA` counts it."""
    # Without a buffered file object, which would cost more than the rest.
    opened = os.open(_STATM, os.O_RDONLY)
    try:
        return int(os.read(opened, 256).split()[5]) * page_bytes
    finally:
        os.close(opened)
