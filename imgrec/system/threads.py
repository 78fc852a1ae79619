"""One thread pool per process, for loops that release the GIL (numba, NumPy, file reads).

Where all cores have work anyway, libraries must not start threads of their own: OpenBLAS divides a
product among as many threads as there are cores, each of which waits, at work, for the slowest.
Beside one other busy process a product of 0.1 ms takes 5 ms of a core.
"""

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from concurrent.futures import ThreadPoolExecutor

Item = TypeVar("Item")


def cores() -> int:
    """Return the number of cores this process may use (its CPU affinity where the OS tells it)."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


@contextmanager
def one_blas_thread() -> Iterator[None]:
    """Let matrix products in this process use one thread each while a block runs."""
    from threadpoolctl import threadpool_limits

    with threadpool_limits(1, user_api="blas"):
        yield


def in_threads(
    function: Callable[[Item], None], items: Sequence[Item], *, here: bool = False
) -> None:
    """Call a function with each item in the pool, one thread a core, and wait for all.

    Args:
        function: releases the GIL where it can.
        items: of the calls.
        here: let the calling thread take items too. A job of milliseconds then waits for no other
            thread to be scheduled, which on a busy machine takes several times as long. Signals
            are handled between its items only.

    Raises:
        Exception: the first exception that a call raised, in the order of the items; with `here`
            any of them, those of the calling thread before others.
    """
    if len(items) < 2 or cores() < 2:
        for item in items:
            function(item)
        return
    if here:
        _shared(function, items)
        return
    for _ in _pool().map(function, items):
        pass


def falling(count: int, least: int, most: int) -> list[slice]:
    """Cut rows into pieces that become smaller, so that threads which take them end together.

    Few calls where much is left, and no thread waits for more than a small piece of another.

    Args:
        count: of all rows.
        least: rows of a piece, but for the last one.
        most: rows of a piece.
    """
    pieces, start, parties = [], 0, 2 * cores()
    while start < count:
        stop = min(count, start + min(most, max(least, (count - start) // parties)))
        pieces.append(slice(start, stop))
        start = stop
    return pieces


def _shared(function: Callable[[Item], None], items: Sequence[Item]) -> None:
    # One call of the pool for each other core, not for each item: a call takes as long to hand
    # over as a short item to compute. Two threads never get the same item of an iterator.
    left = iter(items)

    def take() -> None:
        for item in left:
            function(item)

    others = [_pool().submit(take) for _ in range(min(cores(), len(items)) - 1)]
    try:
        take()
    finally:
        # After an error here, whoever else takes items finds none.
        for _ in left:
            pass
        begun = [future for future in others if not future.cancel()]
    for future in begun:
        future.result()


@cache
def _pool() -> "ThreadPoolExecutor":
    # Imported here: a question from the shell may need no threads.
    from concurrent.futures import ThreadPoolExecutor

    return ThreadPoolExecutor(cores(), thread_name_prefix="imgrec")


# A forked child inherits the pool object but none of its threads: it makes a pool of its own.
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_pool.cache_clear)
