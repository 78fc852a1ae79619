"""Worker processes: each starts fresh, is deaf to Ctrl-C, and never outlives its parent."""

import multiprocessing
import os
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from types import TracebackType
from typing import Any, TypeVar

from imgrec.errors import ImgrecError
from imgrec.interrupts import interrupts_held

AHEAD = 2  # tasks waiting for each worker: enough that none idles, few enough to bound memory
_T = TypeVar("_T")
_Job = TypeVar("_Job")


class Workers:
    """Some worker processes; a context that ends them.

    A process is started when there is work for it, from the thread that gives the work: the
    main thread alone can make it deaf to Ctrl-C.
    """

    def __init__(self, count: int) -> None:
        """Have up to `count` processes, none so far.

        Attributes:
            count: how many there may be.
            stopped: whether nobody wants their work any more.
        """
        self.count = count
        self.stopped = False
        self._executor = _executor(count)

    def __enter__(self) -> "Workers":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None
    ) -> None:
        """Wait for what is being done; after an error, Ctrl-C above all, end the processes."""
        if error is not None:
            self.stop()
        self._executor.shutdown(wait=True, cancel_futures=True)

    def stop(self) -> None:
        """End the processes in the middle of their work, whose futures then raise."""
        self.stopped = True
        for process in list((self._executor._processes or {}).values()):  # no public way
            process.terminate()

    def submit(self, function: Callable[..., _T], *arguments: Any) -> Future[_T]:
        """Let a worker call a function; both travel to it, as its result does back.

        Where a worker has died, the future raises `BrokenProcessPool`.
        """
        try:
            with interrupts_held():  # this may start a process
                return self._executor.submit(function, *arguments)
        except BrokenProcessPool as error:
            broken: Future[_T] = Future()
            broken.set_exception(error)
            return broken

    def renew(self) -> None:
        """Start anew after one has died; a pool that cannot even do nothing is nobody's fault.

        Raises:
            ImgrecError: worker processes cannot be started here at all.
        """
        self._executor.shutdown(wait=False, cancel_futures=True)
        self._executor = _executor(self.count)
        try:
            self.submit(int).result()
        except BrokenProcessPool as error:
            raise ImgrecError(
                "worker processes cannot be started: a script that asks for this must do so below "
                "if __name__ == '__main__', or ask for workers=0"
            ) from error


def in_order(function: Callable[[_Job], _T], jobs: Iterable[_Job], workers: int) -> Iterator[_T]:
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
    waiting: deque[Future[_T]] = deque()
    with Workers(workers) as processes:
        try:
            for job in jobs:
                waiting.append(processes.submit(function, job))
                if len(waiting) > workers * AHEAD:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        except BrokenProcessPool as error:
            raise ImgrecError(
                "a worker process was ended (out of memory?), or none can be started: "
                "ask for --workers 0; a script must call this below if __name__ == '__main__'"
            ) from error


def _executor(count: int) -> ProcessPoolExecutor:
    context = multiprocessing.get_context("spawn")  # threads of torch do not survive a fork
    return ProcessPoolExecutor(count, mp_context=context, initializer=_start_worker)


def _start_worker() -> None:
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    """End this worker when its parent was killed and can tell it nothing any more."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
