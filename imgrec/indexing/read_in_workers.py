"""Pictures read by worker processes: in order, with bounded memory, isolated from crashes.

A decoder may crash its process or never return. The worker reports which file it is about to
handle (`Step`); when it dies, the task is split at that file, the file alone is tried once more
(or given up if it was too slow), and the rest of the task continues. So one bad file costs
itself only.
"""

from collections import deque
from collections.abc import Generator, Iterable, Iterator
from concurrent.futures import Future
from dataclasses import replace
from typing import overload

from imgrec.indexing.read import Readings, Task, extract, failed
from imgrec.system.worker import WorkerDiedError
from imgrec.system.workers import AHEAD, Workers, cannot_go_on


@overload
def readings(tasks: Iterable[Task], workers: int) -> Generator[Readings]: ...


@overload
def readings(tasks: Iterable[Task | None], workers: int) -> Generator[Readings | None]: ...


def readings(tasks: Iterable[Task | None], workers: int) -> Generator[Readings | None]:
    """Yield the readings of each task, in order; close the generator to end the processes.

    A task whose worker died is yielded in several pieces, in order too.

    Args:
        tasks: consumed only as fast as results are taken. None where no task is ready yet: the
            oldest of those at work is waited for then, and where there is none, None is yielded.
        workers: number of processes; 0 reads in this process, without time limits.

    Raises:
        WorkersError: worker processes cannot be started.
    """
    if workers == 0:
        yield from (None if task is None else extract(task) for task in tasks)
        return
    waiting: deque[tuple[Task, Future[Readings]]] = deque()
    with Workers(workers) as processes:
        for task in tasks:
            if task is not None:
                waiting.append((task, processes.submit(extract, task)))
            elif not waiting:
                yield None
            if waiting and (task is None or len(waiting) > workers * AHEAD):
                yield from _settled(*waiting.popleft(), processes)
        while waiting:
            yield from _settled(*waiting.popleft(), processes)


def _settled(task: Task, future: Future[Readings], workers: Workers) -> Iterator[Readings]:
    """Yield the readings of a task; if its worker died, split the task at the file to blame."""
    try:
        yield future.result()
    except WorkerDiedError as died:
        _check(died, workers)
        at = _place(task, died)
        # It died between two files or after the last: any of them may be to blame.
        if at is None:
            for file in task.files:
                yield from _alone(replace(task, files=(file,)), workers)
            return
        yield from _anew(replace(task, files=task.files[:at]), workers)
        suspect = replace(task, files=task.files[at : at + 1])
        yield from [_given_up(suspect, died)] if died.late else _alone(suspect, workers)
        yield from _anew(replace(task, files=task.files[at + 1 :]), workers)


def _anew(task: Task, workers: Workers) -> Iterator[Readings]:
    if task.files:
        yield from _settled(task, workers.submit(extract, task), workers)


def _alone(task: Task, workers: Workers) -> Iterator[Readings]:
    """Yield the readings of a task of one file, which is to blame if its worker dies."""
    try:
        yield workers.submit(extract, task).result()
    except WorkerDiedError as died:
        _check(died, workers)
        yield _given_up(task, died)


def _given_up(task: Task, died: WorkerDiedError) -> Readings:
    if died.late:
        return failed(task, died.mark.reason, f"no end after {died.mark.within_s:.0f} s")
    if died.killed:
        # Its own memory is limited: it is the machine that lacks memory.
        return failed(task, None, "the worker process was killed, as when memory runs out")
    return failed(task, "crashed", "the decoder ended its process")


def _place(task: Task, died: WorkerDiedError) -> int | None:
    """Return the index in the task of the file the worker was at, None if unknown."""
    return None if died.mark is None else [i for i, *_ in task.files].index(died.mark.image_id)


def _check(died: WorkerDiedError, workers: Workers) -> None:
    if workers.stopped or not died.started:
        raise cannot_go_on(died) from died
