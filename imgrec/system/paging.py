"""Ask the kernel to read mapped files ahead, where a program knows better what it will read."""

import ctypes
import mmap
from collections.abc import Callable, Sequence
from functools import cache
from typing import Any


def will_need(addresses: Sequence[int], length: int) -> None:
    """Let the kernel read pages of mapped files that are not in memory, many at once.

    Returns before they are there. A page that is there costs a system call and nothing else. Where
    the operating system has no such call, nothing happens.

    Args:
        addresses: where each stretch begins; it must be mapped.
        length: bytes of each stretch.

    Source: madvise(2), MADV_WILLNEED.
    """
    advise = _madvise()
    if advise is None:
        return
    for address in addresses:
        first = address - address % mmap.PAGESIZE
        advise(first, address + length - first, mmap.MADV_WILLNEED)


@cache
def _madvise() -> Callable[[int, int, int], Any] | None:
    if not hasattr(mmap, "MADV_WILLNEED"):
        return None
    try:
        advise = ctypes.CDLL(None).madvise
    except (OSError, AttributeError, TypeError):
        return None
    advise.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int]
    return advise
