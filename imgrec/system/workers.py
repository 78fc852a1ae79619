"""Worker processes: some at once, results in order, and no death of one stops the others."""

import queue
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future
from types import TracebackType
from typing import Any, TypeVar

from imgrec.errors import ImgrecError
from imgrec.system.interrupts import interrupt_deferred
from imgrec.system.worker import Worker, WorkerDiedError

AHEAD = 2  # tasks waiting for each worker: enough that none idles, few enough to bound memory
_T = TypeVar("_T")
_Job = TypeVar("_Job")
_Work = tuple["Future[Any]", Callable[..., Any], tuple[Any, ...]]


class Workers:
    """Some worker processes; a context that ends them.

    Each has a thread here that hands it work, waits for its answer, and puts another process
    in its place when it has died. A process is started when there is work for it.
    """

    def __init__(self, count: int) -> None:
        """Have up to `count` processes, none so far.

        Attributes:
            count: how many there may be.
            stopped: whether nobody wants their work any more.
        """
        self.count = count
        self.stopped = False
        self._work: queue.SimpleQueue[_Work | None] = queue.SimpleQueue()
        self._unanswered = 0
        self._startable: bool | None = None  # not tried yet
        self._lock = threading.Lock()
        self._keepers: list[_Keeper] = []

    def __enter__(self) -> "Workers":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None
    ) -> None:
        """Wait for what is being done; after an error, Ctrl-C above all, end the processes."""
        if error is not None:
            self.stop()
        for _keeper in self._keepers:
            self._work.put(None)
        for keeper in self._keepers:
            keeper.thread.join()

    def stop(self) -> None:
        """End the processes in the middle of their work: futures then raise `WorkerDiedError`."""
        self.stopped = True
        for keeper in self._keepers:
            keeper.kill()

    def pids(self) -> list[int]:
        """Return the numbers of the processes that are running."""
        workers = [keeper.worker for keeper in self._keepers]
        return [w.pid for w in workers if w is not None and not w.dead and w.pid is not None]

    def submit(self, function: Callable[..., _T], *arguments: Any) -> Future[_T]:
        """Let a worker call a function; both travel to it, as its result does back.

        The future raises `WorkerDiedError` where the process ended in the middle of it.
        """
        future: Future[_T] = Future()
        with interrupt_deferred():
            with self._lock:
                self._unanswered += 1
                if len(self._keepers) < min(self._unanswered, self.count):
                    self._keepers.append(_Keeper(self))
            self._work.put((future, function, arguments))
        return future

    def take(self) -> _Work | None:
        """Wait for work, for a keeper; None when there will be no more."""
        while (work := self._work.get()) is not None:
            if self.stopped or self._startable is False:  # not tried for all the work that waits
                work[0].set_exception(WorkerDiedError(started=self._startable is not False))
            elif work[0].set_running_or_notify_cancel():
                return work
        return None

    def answered(self) -> None:
        """Note, for a keeper, that a piece of work has its answer."""
        with self._lock:
            self._unanswered -= 1

    def started(self) -> Worker:
        """Start a process for a keeper.

        Raises:
            WorkerDiedError: it ended at once; where others have started before, as any that dies.
        """
        try:
            worker = Worker()
        except WorkerDiedError as died:
            self._startable = bool(self._startable)
            raise WorkerDiedError(started=self._startable) from died
        self._startable = True
        return worker


class _Keeper:
    """A thread that has one worker process at a time."""

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
            del work  # what it holds may be large
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
        except WorkerDiedError as died:
            raise cannot_go_on(died) from died


def cannot_go_on(died: WorkerDiedError) -> ImgrecError:
    """Return what to tell a user where work is lost with a worker."""
    if died.started:
        return ImgrecError(
            "a worker process was ended (out of memory?): ask for fewer --workers, 0 for none"
        )
    return ImgrecError(
        "worker processes cannot be started: a script that asks for this must do so below "
        "if __name__ == '__main__', or ask for workers=0"
    )
