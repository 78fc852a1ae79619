"""Worker processes: ended with their parent, deaf to Ctrl-C; a bounded map over them."""

import multiprocessing
import os
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from typing import TypeVar

from imgrec.errors import ImgrecError
from imgrec.interrupts import interrupts_held

AHEAD = 2  # tasks waiting for each worker: enough that none idles, few enough to bound memory
_Job = TypeVar("_Job")
_Done = TypeVar("_Done")


def executor(workers: int) -> ProcessPoolExecutor:
    """Return a pool of processes that end when this one does."""
    context = multiprocessing.get_context("spawn")  # threads of torch do not survive a fork
    return ProcessPoolExecutor(workers, mp_context=context, initializer=_start_worker)


def in_order(
    function: Callable[[_Job], _Done], jobs: Iterable[_Job], workers: int
) -> Iterator[_Done]:
    """Yield what a function returns for each job, in order.

    Args:
        function: at the top level of a module, or a partial of one that is.
        jobs: drawn only as fast as results are taken.
        workers: processes; 0 does the work in this one.

    Raises:
        ImgrecError: a process was ended from outside, or none can be started.
    """
    if workers == 0:
        yield from map(function, jobs)
        return
    pool = executor(workers)
    waiting: deque[Future[_Done]] = deque()
    try:
        for job in jobs:
            with interrupts_held():  # this may start a process
                waiting.append(pool.submit(function, job))
            if len(waiting) > workers * AHEAD:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    except BrokenProcessPool as error:
        raise ImgrecError(
            "a worker process was ended (out of memory?), or none can be started: "
            "ask for --workers 0; a script must call this below if __name__ == '__main__'"
        ) from error
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _start_worker() -> None:
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    """End this worker when its parent was killed and can tell it nothing any more."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
