"""A thread that commits finished jobs while the main thread reads the next pictures.

Jobs are committed in the order in which they are put, one at a time. Ctrl-C reaches only the main
thread, so a commit that has begun is always completed.
"""

from collections import deque
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from types import TracebackType

from imgrec.collection import Entry
from imgrec.indexing.finished import commit
from imgrec.indexing.jobs import PartJob, Result
from imgrec.store.store import Store

# Jobs in memory: the one that is being written, and one that waits.
_OUTSTANDING = 2


class CommitThread:
    """Commits jobs in order; a context manager whose exit waits until all are written."""

    def __init__(self, path: Path, labeled: str | None = None) -> None:
        """Start the thread.

        Args:
            path: of the store, which the thread opens once for itself.
            labeled: the classifier whose classes become labels, None for none.
        """
        self._path = path
        self._labeled = labeled
        self._thread = ThreadPoolExecutor(1, "imgrec-writer")
        self._waiting: deque[Future[list[str]]] = deque()
        self._store: Store | None = None

    def __enter__(self) -> "CommitThread":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None
    ) -> None:
        """Wait until all jobs are written, and close the thread's store."""
        self._thread.submit(self._close)
        self._thread.shutdown(wait=True)

    def put(self, job: PartJob, entries: Sequence[Entry], result: Result) -> list[str]:
        """Commit a job in the background; block while too many are waiting.

        Returns:
            The files that changed while they were read, of the jobs written since the last call.

        Raises:
            EncoderError: a vector of this or an earlier job is not finite; nothing of that job
                is written.
            OSError: the disk is full or read-only, at this or an earlier job.
        """
        self._waiting.append(self._thread.submit(self._commit, job, entries, result))
        return self._written(most=_OUTSTANDING)

    def finish(self) -> list[str]:
        """Wait until everything is written; return and raise as `put` does."""
        return self._written(most=0)

    def _written(self, most: int) -> list[str]:
        changed = []
        while len(self._waiting) > most or (self._waiting and self._waiting[0].done()):
            changed += self._waiting[0].result()
            # Only now: after a Ctrl-C in `result` the job is still waited for by `finish`.
            self._waiting.popleft()
        return changed

    def _commit(self, job: PartJob, entries: Sequence[Entry], result: Result) -> list[str]:
        if self._store is None:
            # An SQLite connection may be used only by the thread that opened it.
            self._store = Store.create(self._path)
        changed = commit(self._store, job, entries, result, self._labeled)
        return [entry.location for entry in entries if entry.id in changed]

    def _close(self) -> None:
        if self._store is not None:
            self._store.close()
