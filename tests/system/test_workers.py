"""The pool of worker processes: ordered results, a bounded queue, errors, dying workers."""

import os
import signal
import struct
import time
from collections.abc import Iterator
from concurrent.futures import Future
from functools import partial
from multiprocessing.connection import Connection
from pathlib import Path

import pytest

from imgrec.errors import WorkersError
from imgrec.system import worker
from imgrec.system.worker import WorkerDiedError
from imgrec.system.workers import AHEAD, Workers, beside, in_order, result_or

SERVE = worker._serve


def squared(number: int) -> int:
    return number * number


def killed_at_first(counted: Path, times: int, pipe: Connection) -> None:
    """Serve as a worker does; the first so many processes are killed before that."""
    (counted / str(os.getpid())).touch()
    if len(list(counted.iterdir())) <= times:
        os.kill(os.getpid(), signal.SIGKILL)
    SERVE(pipe)


def dying_while_it_answers() -> None:
    assert worker._to_parent is not None
    os.write(worker._to_parent.fileno(), struct.pack("!i", 1000) + b"the first bytes of 1000")
    os._exit(1)


def sleeping(mark: str) -> None:
    worker.beat(mark, 0.2)
    time.sleep(600)


def beating(times: int) -> int:
    for number in range(times):
        worker.beat(number, 3.0)
        time.sleep(0.8)
    worker.beat(None, None)
    return times


def divided(by: int) -> int:
    return 10 // by


class StubbornError(Exception):
    """An exception that cannot be unpickled: its arguments do not fit its constructor."""

    def __init__(self, number: int, *, key: str) -> None:
        super().__init__(number)


def stubborn() -> None:
    raise StubbornError(3, key="a")


def unpicklable() -> object:
    return lambda: None


def dying(number: int) -> int:
    if number == 3:
        os._exit(1)
    return number


@pytest.mark.parametrize("workers", [0, 2])
def test_results_come_in_order_and_jobs_are_drawn_as_needed(workers: int) -> None:
    drawn: list[int] = []

    def jobs() -> Iterator[int]:
        for number in range(20):
            drawn.append(number)
            yield number

    for place, result in enumerate(in_order(squared, jobs(), workers)):
        assert result == place * place
        assert len(drawn) <= place + workers * AHEAD + 2
    assert len(drawn) == 20


@pytest.mark.parametrize("workers", [0, 2])
def test_a_function_is_called_beside_a_block(workers: int) -> None:
    with beside(workers, squared, 7) as result:
        assert list(in_order(squared, range(3), 0)) == [0, 1, 4]
        assert result() == 49
    with beside(workers, divided, 0) as result, pytest.raises(ZeroDivisionError):
        result()


def test_the_error_for_a_dying_process_beside_is_one_line() -> None:
    with beside(1, dying, 3) as result, pytest.raises(WorkersError, match="was killed"):
        result()


def test_an_error_in_the_block_ends_the_process_beside() -> None:
    with pytest.raises(KeyError), beside(1, time.sleep, 600):
        raise KeyError


def test_the_error_for_a_dying_process_is_one_line() -> None:
    with pytest.raises(WorkersError, match="a worker process was killed") as told:
        list(in_order(dying, range(6), 1))
    assert "\n" not in str(told.value)


def test_the_death_of_a_worker_costs_its_task_only() -> None:
    with Workers(2) as workers:
        futures = workers.ahead(dying, ((number,) for number in range(6)))
        assert [result_or(future, -1) for future in futures] == [0, 1, 2, -1, 4, 5]
    never: Future[int] = Future()
    never.set_exception(WorkerDiedError(started=False))
    with pytest.raises(WorkersError, match="cannot be started"):
        result_or(never, -1)


def test_a_dying_worker_loses_only_its_own_job() -> None:
    with Workers(2) as workers:
        futures = [workers.submit(dying, number) for number in range(12)]
        assert [f.result() for n, f in enumerate(futures) if n != 3] == [0, 1, 2, *range(4, 12)]
        with pytest.raises(WorkerDiedError) as died:
            futures[3].result()
    assert died.value.started
    assert not died.value.late


def test_a_worker_that_dies_while_sending_its_result_is_noticed() -> None:
    with Workers(1) as workers:
        with pytest.raises(WorkerDiedError):
            workers.submit(dying_while_it_answers).result(timeout=60)
        assert workers.submit(squared, 7).result() == 49


def test_a_silent_worker_is_killed_and_its_last_message_reported() -> None:
    with Workers(2) as workers:
        slow, quick = workers.submit(sleeping, "file 7"), workers.submit(squared, 3)
        with pytest.raises(WorkerDiedError) as died:
            slow.result(timeout=60)
        assert (died.value.mark, died.value.late) == ("file 7", True)
        assert quick.result() == 9
        # In all longer than the timeout, but never silent for so long.
        assert workers.submit(beating, 5).result() == 5


def test_a_worker_that_dies_at_its_start_is_reported(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with Workers(1) as workers:
        assert workers.submit(squared, 2).result() == 4
        with monkeypatch.context() as patched:
            # Called with the pipe, `os._exit` raises a TypeError: the worker dies at its start.
            patched.setattr("imgrec.system.worker._serve", os._exit)
            with pytest.raises(WorkerDiedError):
                workers.submit(os._exit, 3).result()
            with pytest.raises(WorkerDiedError) as died:
                workers.submit(squared, 3).result()
            assert died.value.started
        assert workers.submit(squared, 4).result() == 16


def test_a_process_killed_at_its_start_is_started_again(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """As when the kernel or another user kills it; the task was not sent, so nothing is lost."""
    monkeypatch.setattr("imgrec.system.worker._serve", partial(killed_at_first, tmp_path, 2))
    with Workers(1) as workers:
        assert workers.submit(squared, 5).result(timeout=60) == 25
    assert len(list(tmp_path.iterdir())) == 3


def test_processes_killed_at_each_start_are_an_error(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("imgrec.system.worker._serve", partial(killed_at_first, tmp_path, 99))
    with pytest.raises(WorkersError, match="cannot be started: memory does not suffice"):
        list(in_order(squared, range(4), 1))
    assert len(list(tmp_path.iterdir())) < 6


def test_workers_that_cannot_be_started_are_tried_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("imgrec.system.worker._serve", os._exit)
    with Workers(1) as workers:
        futures = [workers.submit(squared, number) for number in range(5)]
        for future in futures:
            with pytest.raises(WorkerDiedError) as died:
                future.result()
            assert not died.value.started


def test_an_exception_of_a_worker_is_raised_in_the_caller_with_its_traceback() -> None:
    with Workers(1) as workers:
        with pytest.raises(ZeroDivisionError) as raised:
            workers.submit(divided, 0).result()
        assert "in divided" in str(raised.value.__cause__)
        with pytest.raises(RuntimeError, match="StubbornError: 3"):
            workers.submit(stubborn).result()
        with pytest.raises(AttributeError):
            workers.submit(unpicklable).result()
        assert workers.submit(divided, 2).result() == 5


def test_an_error_in_the_block_ends_all_workers() -> None:
    with pytest.raises(KeyboardInterrupt), Workers(2) as workers:
        futures = [workers.submit(time.sleep, 600) for _ in range(5)]
        assert workers.submit(squared, 1) is not None
        raise KeyboardInterrupt
    assert workers.pids() == []
    for future in futures:
        with pytest.raises(WorkerDiedError):
            future.result(timeout=0)


def test_large_results_arrive_while_the_main_thread_is_busy() -> None:
    with Workers(2) as workers:
        futures = [workers.submit(bytes, 5_000_000) for _ in range(4)]
        while not all(future.done() for future in futures):
            time.sleep(0.01)
        assert {len(future.result()) for future in futures} == {5_000_000}
