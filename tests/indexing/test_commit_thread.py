"""The commit thread: jobs in order, at most one waiting, errors raised in the run."""

import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from imgrec import Store
from imgrec.indexing.commit_thread import CommitThread
from imgrec.indexing.jobs import PartJob, Result

JOBS = [PartJob(number, np.array([number]), ("thumbs",)) for number in range(5)]


def test_jobs_are_committed_in_order_by_another_thread(
    own_store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[tuple[int, int, str | None]] = []

    def commit(store: Store, job: PartJob, _: Any, __: Any, labeled: str | None) -> list[int]:
        assert store.catalog.db.in_transaction is False
        told.append((job.number, threading.get_ident(), labeled))
        return []

    monkeypatch.setattr("imgrec.indexing.commit_thread.commit", commit)
    with CommitThread(own_store, "resnet50") as writer:
        for job in JOBS:
            assert writer.put(job, [], Result()) == []
        assert writer.finish() == []
    assert [number for number, *_ in told] == [0, 1, 2, 3, 4]
    assert {thread for _, thread, _ in told} != {threading.get_ident()}
    assert len({thread for _, thread, _ in told}) == 1
    assert {labeled for *_, labeled in told} == {"resnet50"}


def test_no_more_than_one_job_waits(own_store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    go, entered = threading.Semaphore(0), threading.Semaphore(0)

    def commit(*_: Any) -> list[int]:
        entered.release()
        go.acquire()
        return []

    monkeypatch.setattr("imgrec.indexing.commit_thread.commit", commit)
    given: list[int] = []

    def give() -> None:
        for job in JOBS:
            writer.put(job, [], Result())
            given.append(job.number)

    with CommitThread(own_store) as writer:
        giving = threading.Thread(target=give)
        giving.start()
        entered.acquire()
        # The first job ends.
        go.release()
        # The second job begins, the third waits, and the fourth blocks its caller.
        entered.acquire()
        giving.join(0.3)
        assert giving.is_alive()
        assert given == [0, 1, 2]
        for _ in JOBS[1:]:
            go.release()
        giving.join()
        writer.finish()


def test_errors_of_the_thread_are_raised_in_the_run(
    own_store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def commit(_: Any, job: PartJob, *__: Any) -> list[int]:
        if job.number == 1:
            raise OSError(28, "No space left on device")
        return []

    monkeypatch.setattr("imgrec.indexing.commit_thread.commit", commit)
    with CommitThread(own_store) as writer, pytest.raises(OSError, match="No space left"):
        for job in JOBS:
            writer.put(job, [], Result())
        writer.finish()


def test_changed_files_are_reported_by_location(
    own_store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("imgrec.indexing.commit_thread.commit", lambda store, job, *_: [job.number])
    with Store.open(own_store) as store:
        entries = store.catalog.entries([1, 2, 3])
    told = []
    with CommitThread(own_store) as writer:
        for job in JOBS:
            told += writer.put(job, entries, Result())
        told += writer.finish()
    assert told == [entry.location for entry in entries]
