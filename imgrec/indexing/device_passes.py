"""Forward passes of the main process: what the workers read goes through the device encoders.

A device works asynchronously: while it computes one batch, the next one can be decoded and copied.
So some batches are kept in flight, in a queue that is as long as the longest of the devices' own
(`DeviceEncoder.ahead`): long enough that no device waits, short enough that memory is bounded.
Results leave the queue in the order in which the pictures were read.
"""

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from imgrec.encoders.device import DeviceEncoder, Encoded
from imgrec.indexing.jobs import PartJob, on_device
from imgrec.indexing.read import Readings

_Pending = dict[str, Callable[[], Encoded]]  # by encoder


@dataclass(frozen=True)
class Described:
    """A task's readings, and what the device encoders found in its pictures.

    Attributes:
        job: the position of the job the task is part of.
        readings: what became of the files.
        encoded: by the encoder's name; empty where no file could be read.
    """

    job: int
    readings: Readings
    encoded: dict[str, Encoded]


def described(
    results: Iterable[Readings], jobs: Sequence[PartJob], encoders: Mapping[str, DeviceEncoder]
) -> Iterator[Described]:
    """Encode the pictures of each task on the devices; yield the results in order.

    Args:
        results: of the tasks of all jobs, in order; a task may come in several pieces. Their
            pixels are dropped as soon as the devices have them.
        jobs: in order.
        encoders: by name.

    Raises:
        EncoderError: a device failed.
    """
    ahead = max((encoder.ahead for encoder in encoders.values()), default=0)
    in_flight: deque[tuple[int, Readings, _Pending]] = deque()
    for job, read in _with_jobs(results, jobs):
        names = on_device(jobs[job], encoders) if len(read.ids) else []
        pending = {
            name: encoders[name].begin(read.pixels[encoders[name].spec.preprocessing])
            for name in names
        }
        read.pixels = {}
        in_flight.append((job, read, pending))
        if len(in_flight) > ahead:
            yield _finished(*in_flight.popleft())
    while in_flight:
        yield _finished(*in_flight.popleft())


def _finished(job: int, read: Readings, pending: _Pending) -> Described:
    return Described(job, read, {name: finish() for name, finish in pending.items()})


def _with_jobs(
    results: Iterable[Readings], jobs: Sequence[PartJob]
) -> Iterator[tuple[int, Readings]]:
    """Yield (position of its job, readings) of each task."""
    job, count = 0, 0
    for read in results:
        if count == len(jobs[job].ids):
            job, count = job + 1, 0
        count += len(read.outcomes)
        yield job, read
