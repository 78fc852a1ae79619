"""Worker processes that read pictures: ordered, bounded, and outlived by no crash of theirs."""

from collections import deque
from collections.abc import Generator, Iterable, Iterator
from concurrent.futures import Future
from concurrent.futures.process import BrokenProcessPool
from dataclasses import replace

from imgrec.errors import ImgrecError
from imgrec.extract import Readings, Task, extract, failed
from imgrec.interrupts import interrupts_held
from imgrec.processes import AHEAD, executor


def readings(tasks: Iterable[Task], workers: int) -> Generator[Readings]:
    """Yield what became of each task, in order; close it to end the processes.

    Args:
        tasks: drawn only as fast as results are taken.
        workers: processes; 0 does the work in this one.
    """
    if workers == 0:
        yield from map(extract, tasks)
        return
    with _Pool(workers) as pool:
        yield from pool.run(tasks)


class _Pool:
    def __init__(self, workers: int) -> None:
        self._workers = workers
        self._executor = executor(workers)

    def __enter__(self) -> "_Pool":
        return self

    def __exit__(self, *_: object) -> None:
        self._executor.shutdown(wait=True, cancel_futures=True)

    def run(self, tasks: Iterable[Task]) -> Iterator[Readings]:
        waiting: deque[tuple[Task, Future[Readings]]] = deque()
        for task in tasks:
            waiting.append((task, self._submit(task)))
            if len(waiting) > self._workers * AHEAD:
                yield from self._next(waiting)
        while waiting:
            yield from self._next(waiting)

    def _next(self, waiting: deque[tuple[Task, Future[Readings]]]) -> Iterator[Readings]:
        task, future = waiting.popleft()
        try:
            yield future.result()
        except BrokenProcessPool:
            self._renew()
            again = [task, *(task for task, _ in waiting)]
            waiting.clear()
            for task in again:
                yield from self._one_by_one(task)

    def _one_by_one(self, task: Task) -> Iterator[Readings]:
        """Do a task that was in flight when a worker died, each file on its own."""
        for file in task.files:
            single = replace(task, files=(file,))
            try:
                yield self._submit(single).result()
            except BrokenProcessPool:
                self._renew()
                yield failed(single, "crashed", "the decoder ended its process")

    def _submit(self, task: Task) -> Future[Readings]:
        try:
            with interrupts_held():  # this may start a process
                return self._executor.submit(extract, task)
        except BrokenProcessPool:
            broken: Future[Readings] = Future()
            broken.set_exception(BrokenProcessPool())
            return broken

    def _renew(self) -> None:
        """Start anew; a pool that cannot even do nothing is no fault of the pictures.

        Raises:
            ImgrecError: worker processes cannot be started here at all.
        """
        self._executor.shutdown(wait=False, cancel_futures=True)
        self._executor = executor(self._workers)
        try:
            with interrupts_held():
                started = self._executor.submit(int)
            started.result()
        except BrokenProcessPool as error:
            raise ImgrecError(
                "worker processes cannot be started: a script that indexes must do so below "
                "if __name__ == '__main__', or ask for workers=0"
            ) from error
