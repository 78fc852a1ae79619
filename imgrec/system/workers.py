"""A pool of worker processes: results in order; the death of one affects only its own task.

Each process is driven by one thread of the parent (`_Keeper`), which sends it a task, waits for the
answer, and replaces the process if it died. Tasks wait in one queue, a bounded number for each
worker, so that neither side idles and memory stays bounded.
"""

import queue
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from functools import partial
from types import TracebackType
from typing import Any, TypeVar

from imgrec.errors import WorkersError
from imgrec.system.interrupts import interrupt_deferred
from imgrec.system.worker import Worker, WorkerDiedError

# Queued tasks for each worker: enough that none idles, few enough to bound memory.
AHEAD = 2
# Times that a process is started that is killed before it can take a task.
_STARTS = 3
_T = TypeVar("_T")
_Job = TypeVar("_Job")
_Work = tuple["Future[Any]", Callable[..., Any], tuple[Any, ...]]


class Workers:
    """A pool of worker processes; a context manager that ends them.

    A process is started when there is a task for it, and replaced when it has died.
    """

    def __init__(self, count: int) -> None:
        """Make a pool of up to `count` processes; none is started yet.

        Attributes:
            count: maximum number of processes.
            stopped: True once `stop` was called; remaining tasks are then dropped.
        """
        self.count = count
        self.stopped = False
        self._work: queue.SimpleQueue[_Work | None] = queue.SimpleQueue()
        self._unanswered = 0
        # None until the first process was started or failed to start.
        self._startable: bool | None = None
        self._lock = threading.Lock()
        self._keepers: list[_Keeper] = []

    def __enter__(self) -> "Workers":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None
    ) -> None:
        """Wait for the running tasks; after an exception, such as Ctrl-C, kill the processes."""
        if error is not None:
            self.stop()
        for _keeper in self._keepers:
            self._work.put(None)
        for keeper in self._keepers:
            keeper.thread.join()

    def stop(self) -> None:
        """Kill the processes; the futures of unfinished tasks raise `WorkerDiedError`."""
        self.stopped = True
        for keeper in self._keepers:
            keeper.kill()

    def pids(self) -> list[int]:
        """Return the process ids of the running processes."""
        workers = [keeper.worker for keeper in self._keepers]
        return [w.pid for w in workers if w is not None and not w.dead and w.pid is not None]

    def submit(self, function: Callable[..., _T], *arguments: Any) -> Future[_T]:
        """Queue a function call for a worker and return its future; everything is pickled.

        The future raises `WorkerDiedError` if the process ended before it answered.
        """
        future: Future[_T] = Future()
        with interrupt_deferred():
            with self._lock:
                self._unanswered += 1
                if len(self._keepers) < min(self._unanswered, self.count):
                    self._keepers.append(_Keeper(self))
            self._work.put((future, function, arguments))
        return future

    def ahead(
        self, function: Callable[..., _T], jobs: Iterable[tuple[Any, ...]]
    ) -> Iterator[Future[_T]]:
        """Submit calls, a bounded number ahead of what is taken; yield their futures in order.

        Args:
            function: picklable: defined at the top level of a module, or a partial of one.
            jobs: the arguments of each call; consumed lazily.
        """
        waiting: deque[Future[_T]] = deque()
        for job in jobs:
            waiting.append(self.submit(function, *job))
            if len(waiting) > self.count * AHEAD:
                yield waiting.popleft()
        while waiting:
            yield waiting.popleft()

    def take(self) -> _Work | None:
        """Return the next task, for a keeper; wait for one; None when the pool is closing."""
        while (work := self._work.get()) is not None:
            # If no process can be started, fail all queued tasks instead of trying for each.
            if self.stopped or self._startable is False:
                work[0].set_exception(WorkerDiedError(started=self._startable is not False))
            elif work[0].set_running_or_notify_cancel():
                return work
        return None

    def answered(self) -> None:
        """Count a task as answered, for a keeper."""
        with self._lock:
            self._unanswered -= 1

    def started(self) -> Worker:
        """Start a process for a keeper.

        Raises:
            WorkerDiedError: it ended at once; `started` is False only if none ever started.
        """
        try:
            worker = _new_worker()
        except WorkerDiedError as died:
            self._startable = bool(self._startable)
            raise WorkerDiedError(started=self._startable, killed=died.killed) from died
        self._startable = True
        return worker


class _Keeper:
    """A thread of the parent that drives one worker process at a time."""

    def __init__(self, workers: Workers) -> None:
        self._workers = workers
        self._killed = False
        self.worker: Worker | None = None
        self.thread = threading.Thread(target=self._keep, daemon=True)
        self.thread.start()

    def kill(self) -> None:
        self._killed = True
        if self.worker is not None:
            self.worker.kill()

    def _keep(self) -> None:
        while (work := self._workers.take()) is not None:
            future, function, arguments = work
            # Its arguments and, below, the result may be large: hold no second reference.
            del work
            try:
                result = self._living().call(function, arguments)
            except BaseException as error:
                self._workers.answered()
                future.set_exception(error)
            else:
                self._workers.answered()
                future.set_result(result)
                del result
            del future, arguments
        if self.worker is not None:
            self.worker.close()

    def _living(self) -> Worker:
        if self.worker is None or self.worker.dead:
            if self.worker is not None:
                self.worker.close()
            self.worker = None
            self.worker = self._workers.started()
            if self._killed:
                self.worker.kill()
        return self.worker


def _new_worker() -> Worker:
    """Start a process; again if it was killed before it could take a task, so nothing is lost."""
    for _ in range(_STARTS - 1):
        try:
            return Worker()
        except WorkerDiedError as died:
            if not died.killed:
                raise
    return Worker()


def in_order(function: Callable[[_Job], _T], jobs: Iterable[_Job], workers: int) -> Iterator[_T]:
    """Yield the results of a function for each job, in the order of the jobs.

    Args:
        function: picklable: defined at the top level of a module, or a partial of one.
        jobs: consumed lazily, as results are taken.
        workers: number of processes; 0 calls the function in this process.

    Raises:
        WorkersError: a process was killed from outside, or none can be started.
    """
    if workers == 0:
        yield from map(function, jobs)
        return
    with Workers(workers) as processes:
        try:
            # Results may be large: `map` holds none of them while it waits for the next.
            yield from map(Future.result, processes.ahead(function, ((job,) for job in jobs)))
        except WorkerDiedError as died:
            raise cannot_go_on(died) from died


@contextmanager
def beside(
    workers: int, function: Callable[..., _T], *arguments: Any
) -> Iterator[Callable[[], _T]]:
    """Call a function in a process of its own while a block runs.

    Args:
        workers: 0 calls it in this process, when its result is asked for.
        function: picklable, as its arguments are.
        arguments: what it is called with.

    Yields:
        A function that waits for the result and returns it. It raises what the function raised, or
        `WorkersError` if the process was killed from outside, or cannot be started.
    """
    if workers == 0:
        yield partial(function, *arguments)
        return
    with Workers(1) as process:
        future = process.submit(function, *arguments)

        def result() -> _T:
            try:
                return future.result()
            except WorkerDiedError as died:
                raise cannot_go_on(died) from died

        yield result


def result_or(future: Future[_T], lost: _T) -> _T:
    """Return the result of a task; `lost` if the process that had it died.

    Raises:
        WorkersError: no process can be started.
    """
    try:
        return future.result()
    except WorkerDiedError as died:
        if not died.started:
            raise cannot_go_on(died) from died
        return lost


def cannot_go_on(died: WorkerDiedError) -> WorkersError:
    """Return the error for a user when a task was lost with its worker."""
    if died.started:
        return WorkersError(
            "a worker process was killed (out of memory?): use fewer --workers, or 0 for none"
        )
    return WorkersError(
        "worker processes cannot be started: memory does not suffice, or, in a script, this is not "
        "called below if __name__ == '__main__'; workers=0 needs none"
    )
