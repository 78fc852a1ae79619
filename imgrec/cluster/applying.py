"""Apply the records of finished jobs to the store of a driver, in the order of their numbers."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol

from imgrec.cluster.plan import Plan, read_job
from imgrec.cluster.records import Record, read_record, rows_of
from imgrec.collection import Outcome
from imgrec.errors import ImgrecError
from imgrec.indexing.finished import Rows, record
from imgrec.indexing.options import Summary
from imgrec.objects.objects import Objects
from imgrec.remote.blobs import Blobs
from imgrec.remote.manifest import Entry
from imgrec.store.store import Store

# Jobs that are applied before their state is committed, at most.
COMMIT_JOBS = 64


class Shared(Protocol):
    """Where plans, records and blobs lie."""

    @property
    def objects(self) -> Objects:
        """All objects of the address."""

    @property
    def blobs(self) -> Blobs:
        """Contents by digest."""

    @property
    def url(self) -> str:
        """The address."""


class Target(Protocol):
    """The store of a driver, as results are applied to it."""

    @property
    def remote(self) -> Shared:
        """Where the results come from."""

    def is_applied(self, files: Mapping[str, Entry]) -> bool:
        """Return True if all these files are those of the store; False of no files."""

    def is_free(self, files: Mapping[str, Entry]) -> bool:
        """Return True if the store has no file of these paths."""

    def add(self, files: Mapping[str, Entry]) -> None:
        """Bring the files of whole parts, by path.

        Raises:
            ObjectError: one cannot be read.
        """

    def spend(self, cost: Mapping[str, float]) -> None:
        """Take note of a cost."""

    def commit(self, store: Store) -> None:
        """Let others see what was applied.

        Raises:
            ConflictError: another driver has committed meanwhile.
        """


class Applier:
    """Takes numbers of jobs as they are done, and applies their records in order."""

    def __init__(
        self,
        target: Target,
        store: Store,
        plan: Plan,
        numbers: Sequence[int],
        summary: Summary,
    ) -> None:
        """Begin.

        Args:
            target: the store of the driver.
            store: it, open for writing.
            plan: of the jobs.
            numbers: of the jobs that are to be applied, ascending.
            summary: gets warnings about files.
        """
        self._target, self._store, self._plan = target, store, plan
        self._left = list(reversed(numbers))
        self._summary = summary
        self._done: set[int] = set()
        self._uncommitted = 0

    def came(self, numbers: Iterable[int]) -> None:
        """Note that jobs are done, and apply those whose turn it is.

        Raises:
            ConflictError: another driver has committed meanwhile.
            ImgrecError: a record is damaged.
        """
        self._done.update(numbers)
        while self._left and self._left[-1] in self._done:
            number = self._left.pop()
            found = read_record(self._target.remote.objects, self._plan.id, number)
            if found is not None and not self._target.is_applied(found.files):
                self._apply(found, number)
            if self._uncommitted >= COMMIT_JOBS:
                self.finish()

    def finish(self) -> None:
        """Commit what is applied; raises as `came`."""
        self._uncommitted = 0
        self._target.commit(self._store)

    def _apply(self, found: Record, number: int) -> None:
        if not self._target.is_free(found.files):
            # Another plan has given its numbers to other pictures meanwhile.
            return
        remote = self._target.remote
        data = remote.blobs.get(found.rows, "the rows of a part")
        rows = rows_of(data, remote.objects.location())
        self._check(found, rows, number)
        # As of a run on one machine: the catalog before the parts.
        record(self._store.catalog, rows)
        self._target.add(found.files)
        self._target.spend(found.cost)
        self._uncommitted += 1
        self._summary.unread += sum(outcome.status == "new" for outcome in rows.outcomes)
        self._summary.warnings += self._lines(rows.outcomes, rows.changed)

    def _check(self, found: Record, rows: Rows, number: int) -> None:
        """Check that a record tells what became of the pictures of its job, and of no others."""
        job, entries = read_job(self._target.remote.objects, self._plan, number)
        told = {*(outcome.id for outcome in rows.outcomes), *rows.changed}
        # One that was read before and cannot be read now may be left out.
        wanted = {entry.id for entry in entries if not entry.digest}
        labeled = {i for values in rows.labels.values() for i in values}
        if found.number != number or not wanted <= told <= {*job.ids.tolist()} or labeled - told:
            raise ImgrecError(
                f"the record of part {number} of the plan {self._plan.id} in "
                f"{self._target.remote.url} is none of its pictures: delete jobs/{self._plan.id}/ "
                "there, and run imgrec index again"
            )

    def _lines(self, outcomes: Sequence[Outcome], changed: Sequence[int]) -> list[str]:
        catalog = self._store.catalog
        failed = {o.id: o for o in outcomes if o.status == "failed"}
        return [
            *(
                f"{entry.location}: {failed[entry.id].reason} ({failed[entry.id].detail})"
                for entry in catalog.entries(failed)
            ),
            *(f"{e.location} changed while it was read" for e in catalog.entries(changed)),
        ]
