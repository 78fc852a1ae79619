"""The pipeline of a run: workers read pictures, devices encode them, a thread commits the jobs.

All stages run at the same time and pass their results on in order, through queues of bounded
length, so that memory does not grow with the number of pictures. A Ctrl-C flushes what was read
already; a root that goes offline ends the pipeline, and its pictures wait for the next run.
"""

import os
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing

from imgrec.collection import Entry
from imgrec.encoders.device import device_encoders
from imgrec.encoders.spec import Encoder
from imgrec.indexing.commit_thread import CommitThread
from imgrec.indexing.device_passes import Described, described
from imgrec.indexing.jobs import PartJob, Result, tasks_of
from imgrec.indexing.options import IndexOptions, Summary
from imgrec.indexing.read import Readings, Task
from imgrec.indexing.read_in_workers import readings
from imgrec.sources.opening import source_of
from imgrec.store.store import Store
from imgrec.system.interrupts import interrupt_deferred, interrupted_once
from imgrec.system.progress import progress
from imgrec.system.stage_costs import READING
from imgrec.system.threads import one_blas_thread


def read_pictures(
    store: Store,
    jobs: Sequence[PartJob],
    encoders: Mapping[str, Encoder],
    labeled: str | None,
    options: IndexOptions,
    summary: Summary,
) -> list[str]:
    """Read, encode and commit the pictures of all jobs; stop early if a root goes offline.

    Args:
        store: open for writing.
        jobs: in order.
        encoders: by name.
        labeled: the classifier whose classes become labels, None for none.
        options: of the run.
        summary: gets the numbers and the warnings.

    Returns:
        The roots that went offline; plan again without their pictures.
    """
    started = time.perf_counter()
    lost: dict[str, str] = {}
    total = sum(len(job.ids) for job in jobs)
    workers = os.cpu_count() or 1 if options.workers is None else options.workers
    workers = min(workers, -(-total // options.batch_size))
    bar = progress(READING, total=total, unit="pictures", quiet=options.quiet)
    threads = one_blas_thread()
    with bar, interrupted_once(), threads, CommitThread(store.path, labeled) as writer:
        queued = _Queue(store, jobs, encoders, options, writer, total // max(1, workers))
        with closing(readings(queued.tasks(), workers)) as results:
            try:
                for found in described(results, jobs, device_encoders(encoders)):
                    read = found.readings
                    lost = queued.lost(read)
                    if lost:
                        # The results of this task are dropped; its pictures are read again.
                        break
                    summary.warnings += _changed(queued.take(found))
                    bar.update(len(read.outcomes))
                    unread = sum(outcome.status == "new" for outcome in read.outcomes)
                    summary.unread += unread
                    summary.done += len(read.outcomes) - unread
                    summary.decode_s += read.decode_s
                    summary.busy_s += read.busy_s
                    summary.warnings += queued.describe(read)
            except KeyboardInterrupt:
                queued.flush()
                writer.finish()
                raise
        summary.warnings += _changed([*queued.flush(), *writer.finish()])
    summary.warnings += [f"{why}: the rest of its pictures waits for it" for why in lost.values()]
    summary.reading_s += time.perf_counter() - started
    return list(lost)


def _changed(files: Sequence[str]) -> list[str]:
    return [f"{file} changed while it was read" for file in files]


class _Queue:
    """Cuts jobs into tasks, and sends a job to the commit thread when all its tasks are done."""

    def __init__(
        self,
        store: Store,
        jobs: Sequence[PartJob],
        encoders: Mapping[str, Encoder],
        options: IndexOptions,
        writer: CommitThread,
        share: int,
    ) -> None:
        self._store = store
        self._jobs = jobs
        self._encoders = encoders
        self._options = options
        self._writer = writer
        self._share = share
        self._entries: dict[int, list[Entry]] = {}
        self._current = 0
        self._result = Result()

    def tasks(self) -> Iterator[Task]:
        for position, job in enumerate(self._jobs):
            self._entries[position] = self._store.catalog.entries(job.ids)
            entries = self._entries[position]
            yield from tasks_of(job, entries, self._encoders, self._options, self._share)

    def take(self, found: Described) -> list[str]:
        """Add the results of a task; return the files of committed jobs that changed meanwhile."""
        with interrupt_deferred():
            self._result.add(found.readings, found.encoded)
            whole = len(self._result.outcomes) == len(self._jobs[self._current].ids)
        return self.flush() if whole else []

    def flush(self) -> list[str]:
        """Commit the results of the current job, whole or not; return as `take` does."""
        if not self._result.outcomes:
            return []
        with interrupt_deferred():
            job, entries = self._jobs[self._current], self._entries.pop(self._current)
            result, self._result = self._result, Result()
            self._current += 1
            return self._writer.put(job, entries, result)

    def lost(self, read: Readings) -> dict[str, str]:
        """Return {root: why} of the roots that went offline, among those of unreadable files."""
        unreadable = [o.id for o in read.outcomes if o.reason == "unreadable"]
        roots = {entry.root for entry in self._store.catalog.entries(unreadable)}
        found = {root: source_of(root).why_offline() for root in sorted(roots)}
        return {root: why for root, why in found.items() if why}

    def describe(self, read: Readings) -> list[str]:
        """Return a warning line for each file that failed."""
        failures = {o.id: o for o in read.outcomes if o.status == "failed"}
        entries = self._store.catalog.entries(failures)
        return [f"{e.location}: {failures[e.id].reason} ({failures[e.id].detail})" for e in entries]
