"""Pictures that were read go through the classifiers, in order, some batches ahead."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from imgrec.encoders.spec import Classifier, Encoded
from imgrec.indexing.jobs import PartJob, classifiers_of
from imgrec.indexing.read import Readings


@dataclass(frozen=True)
class Described:
    """A task's readings and what the classifiers found in them.

    Attributes:
        job: the position of the job the task is part of.
        readings: what became of the files.
        encoded: by the classifier's name; empty where no file could be read.
    """

    job: int
    readings: Readings
    encoded: dict[str, Encoded]


def described(
    results: Iterable[Readings], jobs: Sequence[PartJob], classifiers: Mapping[str, Classifier]
) -> Iterator[Described]:
    """Yield what was found in the pictures of each task, in order.

    Where the devices can work on their own, as many batches as they can hold are begun before
    the first of them is waited for: while they are computed the next ones come.

    Args:
        results: of the tasks of all jobs, in order; a task may come in several pieces.
        jobs: in order.
        classifiers: by name.

    Raises:
        EncoderError: a device gave up.
    """
    ahead = max((classifier.ahead for classifier in classifiers.values()), default=0)
    begun: deque[tuple[int, Readings, dict[str, Callable[[], Encoded]]]] = deque()
    for job, read in _with_jobs(results, jobs):
        wanted = classifiers_of(jobs[job], classifiers) if len(read.ids) else {}
        finishes = {
            name: classifier.begin(read.pixels[classifier.spec.preprocessing])
            for name, classifier in wanted.items()
        }
        read.pixels = {}  # the devices have them
        begun.append((job, read, finishes))
        if len(begun) > ahead:
            yield _finished(*begun.popleft())
    while begun:
        yield _finished(*begun.popleft())


def _finished(job: int, read: Readings, finishes: Mapping[str, Callable[[], Encoded]]) -> Described:
    return Described(job, read, {name: finish() for name, finish in finishes.items()})


def _with_jobs(
    results: Iterable[Readings], jobs: Sequence[PartJob]
) -> Iterator[tuple[int, Readings]]:
    """Yield with each task's readings the position of its job."""
    job, count = 0, 0
    for read in results:
        if count == len(jobs[job].ids):
            job, count = job + 1, 0
        count += len(read.outcomes)
        yield job, read
