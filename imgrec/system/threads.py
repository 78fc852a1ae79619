"""One thread pool per process, for loops that release the GIL (numba, NumPy, file reads)."""

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import TypeVar

Item = TypeVar("Item")


def cores() -> int:
    """Return the number of cores this process may use (its CPU affinity where the OS tells it)."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def in_threads(function: Callable[[Item], None], items: Sequence[Item]) -> None:
    """Call a function with each item in the pool, one thread a core, and wait for all.

    Raises:
        Exception: the first exception that a call raised, in the order of the items.
    """
    if len(items) < 2 or cores() < 2:
        for item in items:
            function(item)
        return
    for _ in _pool().map(function, items):
        pass


@cache
def _pool() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(cores(), thread_name_prefix="imgrec")


# A forked child inherits the pool object but none of its threads: it makes a pool of its own.
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_pool.cache_clear)
