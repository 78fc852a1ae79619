"""The jobs of a crew as one stream of tasks, and what comes back of it as whole jobs."""

from collections.abc import Iterator

from imgrec.cluster.desk import Desk
from imgrec.cluster.numbers import Numbers
from imgrec.collection import Entry
from imgrec.errors import ImgrecError
from imgrec.indexing.device_passes import Described
from imgrec.indexing.jobs import PartJob, Result, tasks_of
from imgrec.indexing.options import IndexOptions
from imgrec.indexing.read import Readings, Task
from imgrec.sources.opening import source_of


class Shift:
    """Cuts jobs into tasks, and hands a job in when all its tasks are done.

    Attributes:
        jobs: begun so far, in order.
    """

    def __init__(self, desk: Desk, numbers: Numbers, *, apart: bool, share: int) -> None:
        """Begin.

        Args:
            desk: takes the jobs.
            numbers: of the jobs.
            apart: whether pictures are read in other processes.
            share: as of `Task`.
        """
        self._apart = apart
        self._share = share
        self.jobs: list[PartJob] = []
        self._desk = desk
        self._numbers = numbers
        # Of the jobs that were begun and are not handed in.
        self._entries: dict[int, list[Entry]] = {}
        self._result = Result()
        self._worked_s = 0.0

    def tasks(self) -> Iterator[Task | None]:
        """Yield the tasks of all jobs; None while no number is there and others are at work."""
        plan = self._desk.plan
        options = IndexOptions(
            batch_size=plan.settings.batch_size,
            timeout_s=plan.settings.timeout_s,
            previews=plan.settings.preview_px,
        )
        while not self._numbers.ended:
            number = self._numbers.take(wait=not self._entries and self._desk.idle)
            begun = None if number is None else self._desk.begin(number)
            if begun is None:
                yield None
                continue
            job, entries = begun
            self._entries[len(self.jobs)] = entries
            self.jobs.append(job)
            yield from tasks_of(job, entries, self._desk.encoders, options, self._share)

    def take(self, found: Described) -> None:
        """Add the results of a task; hand its job in if it is the last one.

        Raises:
            ImgrecError: the source of a file that cannot be read is not there.
        """
        read, job = found.readings, self.jobs[found.job]
        _check_online(read, self._entries[found.job])
        self._result.add(read, found.encoded)
        self._worked_s += read.busy_s
        if len(self._result.outcomes) == len(job.ids):
            result, self._result = self._result, Result()
            # In this process it is measured with all else.
            worked_s, self._worked_s = self._worked_s if self._apart else 0.0, 0.0
            self._desk.hand_in(job, self._entries.pop(found.job), result, {"cpu_s": worked_s})


def _check_online(read: Readings, entries: list[Entry]) -> None:
    unreadable = {o.id for o in read.outcomes if o.reason == "unreadable"}
    for root in sorted({entry.root for entry in entries if entry.id in unreadable}):
        if why := source_of(root).why_offline():
            raise ImgrecError(f"{why}: run the same command again when it is there")
