"""Pictures read by worker processes: ordered, bounded, and no crash of theirs costs the run."""

from collections import deque
from collections.abc import Generator, Iterable, Iterator
from concurrent.futures import Future
from concurrent.futures.process import BrokenProcessPool
from dataclasses import replace

from imgrec.extract import Readings, Task, extract, failed
from imgrec.processes import AHEAD, Workers


def readings(tasks: Iterable[Task], workers: int) -> Generator[Readings]:
    """Yield what became of each task, in order; close it to end the processes.

    Args:
        tasks: drawn only as fast as results are taken.
        workers: processes; 0 does the work in this one.
    """
    if workers == 0:
        yield from map(extract, tasks)
        return
    with Workers(workers) as processes:
        yield from _in_order(tasks, processes)


def _in_order(tasks: Iterable[Task], workers: Workers) -> Iterator[Readings]:
    waiting: deque[tuple[Task, Future[Readings]]] = deque()
    for task in tasks:
        waiting.append((task, workers.submit(extract, task)))
        if len(waiting) > workers.count * AHEAD:
            yield from _next(waiting, workers)
    while waiting:
        yield from _next(waiting, workers)


def _next(waiting: deque[tuple[Task, Future[Readings]]], workers: Workers) -> Iterator[Readings]:
    task, future = waiting.popleft()
    try:
        yield future.result()
    except BrokenProcessPool:
        workers.renew()
        again = [task, *(task for task, _ in waiting)]
        waiting.clear()
        for task in again:
            yield from _one_by_one(task, workers)


def _one_by_one(task: Task, workers: Workers) -> Iterator[Readings]:
    """Do a task that was in flight when a worker died, each file on its own."""
    for file in task.files:
        single = replace(task, files=(file,))
        try:
            yield workers.submit(extract, single).result()
        except BrokenProcessPool:
            workers.renew()
            yield failed(single, "crashed", "the decoder ended its process")
