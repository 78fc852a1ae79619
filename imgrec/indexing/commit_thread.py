"""Finished jobs are committed by a thread of their own while the next pictures are computed."""

from collections import deque
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from types import TracebackType

from imgrec.collection import Entry
from imgrec.indexing.jobs import PartJob, Result, commit
from imgrec.store.store import Store

_OUTSTANDING = 2  # a job that is written and one that waits: so much memory, no more


class CommitThread:
    """The one writer of a run: commits jobs in order, one waiting behind the one that is written.

    A context that ends when all of them are written. Ctrl-C reaches only the main thread: a
    commit that has begun is whole.
    """

    def __init__(self, path: Path, labeled: str | None = None) -> None:
        """Start the thread.

        Args:
            path: of the store.
            labeled: the classifier whose classes become labels.
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
        """Wait until what was given is written."""
        self._thread.submit(self._close)
        self._thread.shutdown(wait=True)

    def put(self, job: PartJob, entries: Sequence[Entry], result: Result) -> list[str]:
        """Have a job committed; wait where another one is waiting already.

        Returns:
            The files, of jobs that are written by now, that changed while they were read.

        Raises:
            EncoderError: a vector is not finite; nothing of that job is written.
            OSError: the disk is full or read-only; so for a job given before.
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
            self._waiting.popleft()  # only now: who is interrupted here comes back for it
        return changed

    def _commit(self, job: PartJob, entries: Sequence[Entry], result: Result) -> list[str]:
        if self._store is None:
            # A connection of SQLite may be used only in the thread that made it.
            self._store = Store.create(self._path)
        changed = commit(self._store, job, entries, result, self._labeled)
        return [entry.location for entry in entries if entry.id in changed]

    def _close(self) -> None:
        if self._store is not None:
            self._store.close()
