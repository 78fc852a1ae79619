"""Where a crew hands in its finished jobs: a thread writes blobs and records in the background.

Jobs are handed in and come out in one order. What is waiting is bounded, so that memory is.
"""

from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from types import TracebackType
from typing import NamedTuple

from imgrec.cluster.cost import Cost, Meter, cost_of_sources, summed
from imgrec.cluster.made import find_made, keep_made, made_key
from imgrec.cluster.outputs import descriptions_of, upload
from imgrec.cluster.plan import Plan, read_job
from imgrec.cluster.records import Record, read_record, rows_content, write_record
from imgrec.collection import Entry
from imgrec.encoders.classifier import Classifier
from imgrec.encoders.spec import Encoder
from imgrec.indexing.finished import Labeling, Rows, finished
from imgrec.indexing.jobs import PartJob, Result
from imgrec.objects.objects import Objects
from imgrec.remote.blobs import Blobs
from imgrec.remote.manifest import Entry as Blob

# Finished jobs in memory: one that is being written, and one that waits.
_OUTSTANDING = 2


class PartDone(NamedTuple):
    """A job that is done, by whomever.

    Attributes:
        number: of the job.
        record_digest: of the result that counts (`Record.digest`).
        rows: pictures that were read.
        failed: of these.
        cost: what this crew spent on it, by name; empty where the record was there.
        differs: a line that names both results where this crew got another one than the first.
    """

    number: int
    record_digest: str
    rows: int
    failed: int
    cost: Mapping[str, float]
    differs: str = ""


class Desk:
    """Writes the results of a crew; a context manager whose exit waits for what is being written.

    Attributes:
        plan: of the run.
        encoders: of the plan, by name.
    """

    def __init__(
        self, objects: Objects, plan: Plan, encoders: Mapping[str, Encoder], meter: Meter
    ) -> None:
        self.plan, self.encoders = plan, encoders
        self._objects, self._blobs, self._meter = objects, Blobs(objects), meter
        self._descriptions = descriptions_of(plan.specs)
        self._labeling = _labeling(plan.settings.labeled, encoders)
        self._thread = ThreadPoolExecutor(1, "imgrec-desk")
        self._waiting: deque[Future[PartDone]] = deque()

    def __enter__(self) -> "Desk":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None
    ) -> None:
        """Wait for what is being written; what waits is dropped after an error."""
        self._thread.shutdown(wait=True, cancel_futures=error is not None)

    def begin(self, number: int) -> tuple[PartJob, list[Entry]] | None:
        """Return a job that is to be done; None if it is done, and comes out with the others.

        Raises:
            ImgrecError: the job is damaged, or storage cannot be reached.
        """
        there = read_record(self._objects, self.plan.id, number)
        if there is not None:
            self._submit(partial(_part_done, there, {}, ""))
            return None
        job, entries = read_job(self._objects, self.plan, number)
        key = made_key(self.plan, job, entries)
        made = key and find_made(
            self._objects, self._blobs, key, job, entries, self.plan, self._descriptions
        )
        if made:
            self._submit(partial(self._record, number, *made, {}))
            return None
        return job, entries

    def hand_in(self, job: PartJob, entries: Sequence[Entry], result: Result, worked: Cost) -> None:
        """Have the result of a job written; block while too many are waiting.

        Args:
            job: the job.
            entries: of its pictures.
            result: of all its tasks.
            worked: what its workers spent.

        Raises:
            EncoderError: a vector of an earlier job is not finite.
            ObjectError: an earlier job cannot be written.
        """
        self._submit(partial(self._write, job, entries, result, worked))

    @property
    def idle(self) -> bool:
        """True if nothing is to come out."""
        return not self._waiting

    def done(self, *, wait: bool = False) -> Iterator[PartDone]:
        """Yield the jobs that are written.

        Args:
            wait: for one, if there is one.

        Raises:
            EncoderError: a vector is not finite; nothing is written of that job.
            ObjectError: a job cannot be written.
        """
        while self._waiting and (
            wait or self._waiting[0].done() or len(self._waiting) > _OUTSTANDING
        ):
            yield self._waiting.popleft().result()
            wait = False

    def finish(self) -> Iterator[PartDone]:
        """Wait for all jobs; yield and raise as `done`."""
        while self._waiting:
            yield from self.done(wait=True)

    def _submit(self, task: "partial[PartDone]") -> None:
        self._waiting.append(self._thread.submit(task))

    def _write(
        self, job: PartJob, entries: Sequence[Entry], result: Result, worked: Cost
    ) -> PartDone:
        done = finished(job, entries, result, self.plan.roots, self._labeling)
        files = upload(self._blobs, job.number, done.parts, self._descriptions)
        key = made_key(self.plan, job, entries)
        if key:
            keep_made(self._objects, self._blobs, key, job, done, files)
        cost = summed([worked, cost_of_sources(entries)])
        return self._record(job.number, done.rows, files, cost)

    def _record(self, number: int, rows: Rows, files: Mapping[str, Blob], worked: Cost) -> PartDone:
        failed = sum(outcome.status == "failed" for outcome in rows.outcomes)
        kept = self._blobs.put(rows_content(rows))
        cost = summed([worked, self._meter.lap()])
        record = Record(number, files, kept, int(worked.get("pictures", 0)), failed, cost)
        counts, differs = write_record(self._objects, self.plan.id, record)
        return _part_done(counts, cost, differs)


def _part_done(record: Record, cost: Cost, differs: str) -> PartDone:
    return PartDone(record.number, record.digest(), record.pictures, record.failed, cost, differs)


def _labeling(name: str | None, encoders: Mapping[str, Encoder]) -> Labeling | None:
    encoder = encoders.get(name or "")
    return (
        Labeling(encoder.spec.name, encoder.categories) if isinstance(encoder, Classifier) else None
    )
