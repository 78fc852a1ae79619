"""The commit thread after an error: its store is closed, and a job is never forgotten."""

import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from imgrec import Store
from imgrec.indexing.commit_thread import CommitThread
from imgrec.indexing.jobs import PartJob, Result

JOBS = [PartJob(number, np.array([number]), ("thumbs",)) for number in range(5)]


class _Opened:
    """Stands for `Store.create`: remembers the stores, and in which thread they were closed."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.stores: list[Store] = []
        self.closed: list[int] = []
        create = Store.create

        def opened(path: Path) -> Store:
            store, ident = create(path), threading.get_ident()
            close = store.close

            def closed() -> None:
                # SQLite refuses a connection in another thread.
                assert threading.get_ident() == ident
                self.closed.append(len(self.stores))
                close()

            store.close = closed  # type: ignore[method-assign]
            self.stores.append(store)
            return store

        monkeypatch.setattr("imgrec.indexing.commit_thread.Store.create", opened)


def _failing_at(number: int, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    done: list[int] = []

    def commit(_: Any, job: PartJob, *__: Any) -> list[int]:
        if job.number == number:
            raise OSError(28, "No space left on device")
        done.append(job.number)
        return []

    monkeypatch.setattr("imgrec.indexing.commit_thread.commit", commit)
    return done


@pytest.mark.parametrize("number", [0, 2, 4, 5])
def test_its_store_is_closed_whether_or_not_a_job_fails(
    own_store: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    opened = _Opened(monkeypatch)
    done = _failing_at(number, monkeypatch)
    threads = threading.active_count()
    failed = False
    try:
        with CommitThread(own_store) as writer:
            for job in JOBS:
                writer.put(job, [], Result())
            writer.finish()
    except OSError:
        failed = True
    assert failed == (number < 5)
    assert done[:number] == list(range(number))
    assert (len(opened.stores), opened.closed) == (1, [1])
    assert threading.active_count() == threads


@pytest.mark.parametrize("error", [KeyboardInterrupt, ZeroDivisionError])
def test_its_store_is_closed_and_jobs_are_written_if_the_run_fails(
    own_store: Path, monkeypatch: pytest.MonkeyPatch, error: type[BaseException]
) -> None:
    opened = _Opened(monkeypatch)
    done = _failing_at(5, monkeypatch)
    with pytest.raises(error), CommitThread(own_store) as writer:
        writer.put(JOBS[0], [], Result())
        writer.put(JOBS[1], [], Result())
        raise error
    assert done == [0, 1]
    assert opened.closed == [1]


def test_a_thread_that_was_given_no_job_opens_no_store(
    own_store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened = _Opened(monkeypatch)
    with CommitThread(own_store) as writer:
        assert writer.finish() == []
    assert opened.stores == []


def test_a_job_is_still_waited_for_after_an_interrupt(own_store: Path) -> None:
    class Interrupted:
        """A future of a job whose first wait ends by Ctrl-C."""

        waits = 0

        def done(self) -> bool:
            return True

        def result(self) -> list[str]:
            self.waits += 1
            if self.waits == 1:
                raise KeyboardInterrupt
            return ["/photos/changed.jpg"]

    with CommitThread(own_store) as writer:
        writer._waiting.append(Interrupted())  # type: ignore[arg-type]
        with pytest.raises(KeyboardInterrupt):
            writer.finish()
        assert writer.finish() == ["/photos/changed.jpg"]
        assert writer.finish() == []


def test_a_store_that_cannot_be_opened_fails_the_run(
    own_store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(path: Path) -> Store:
        raise OSError(24, "Too many open files")

    monkeypatch.setattr("imgrec.indexing.commit_thread.Store.create", fail)
    with pytest.raises(OSError, match="Too many"), CommitThread(own_store) as writer:
        writer.put(JOBS[0], [], Result())
        writer.finish()
