"""Forward passes of the main process: what the workers read goes through the device encoders.

A device works asynchronously: while it computes one batch, the next one can be decoded and copied.
So some batches are kept in flight, in a queue that is as long as the longest of the devices' own
(`DeviceEncoder.ahead`): long enough that no device waits, short enough that memory is bounded.
Results leave the queue in the order in which the pictures were read. A picture that an encoder
fails on is a failed one in its readings (`imgrec.indexing.blame`).
"""

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import overload

import numpy as np
from numpy.typing import NDArray

from imgrec.encoders.device import DeviceEncoder, Encoded
from imgrec.indexing.blame import Attempt, attempt, joined_faults
from imgrec.indexing.jobs import PartJob, on_device
from imgrec.indexing.read import Readings
from imgrec.pictures.preprocessing import Pixels

_Pending = dict[str, Callable[[], Attempt]]  # by encoder


@dataclass(frozen=True)
class Described:
    """A task's readings, and what the device encoders found in its pictures.

    Attributes:
        job: the position of the job the task is part of.
        readings: what became of the files.
        encoded: by the encoder's name, a row for each of `readings.ids`; empty where no file could
            be read.
    """

    job: int
    readings: Readings
    encoded: dict[str, Encoded]


@overload
def described(
    results: Iterable[Readings], jobs: Sequence[PartJob], encoders: Mapping[str, DeviceEncoder]
) -> Iterator[Described]: ...


@overload
def described(
    results: Iterable[Readings | None],
    jobs: Sequence[PartJob],
    encoders: Mapping[str, DeviceEncoder],
) -> Iterator[Described | None]: ...


def described(
    results: Iterable[Readings | None],
    jobs: Sequence[PartJob],
    encoders: Mapping[str, DeviceEncoder],
) -> Iterator[Described | None]:
    """Encode the pictures of each task on the devices; yield the results in order.

    Args:
        results: of the tasks of all jobs, in order; a task may come in several pieces. Their
            pixels are dropped as soon as the devices are done with them. None where none is to
            come soon: the oldest batch on the devices is waited for then, and where there is none,
            None is yielded.
        jobs: in order; may grow meanwhile.
        encoders: by name.

    Raises:
        EncoderError: an encoder failed on any picture.
    """
    ahead = max((encoder.ahead for encoder in encoders.values()), default=0)
    in_flight: deque[tuple[int, Readings, _Pending]] = deque()
    for job, read in _with_jobs(results, jobs):
        if read is None:
            yield _finished(*in_flight.popleft()) if in_flight else None
            continue
        names = on_device(jobs[job], encoders) if len(read.ids) else []
        pending = {
            name: _begun(name, encoders[name], read.pixels[encoders[name].spec.preprocessing])
            for name in names
        }
        read.pixels = {}
        in_flight.append((job, read, pending))
        if len(in_flight) > ahead:
            yield _finished(*in_flight.popleft())
    while in_flight:
        yield _finished(*in_flight.popleft())


def _finished(job: int, read: Readings, pending: _Pending) -> Described:
    made = {name: finish() for name, finish in pending.items()}
    faults = joined_faults(made.values())
    rows = np.array([row for row in range(len(read.ids)) if row not in faults], np.intp)
    kept = {name: _rows(one.encoded, rows) if faults else one.encoded for name, one in made.items()}
    return Described(job, read.without(faults), kept if len(rows) else {})


def _begun(name: str, encoder: DeviceEncoder, pixels: Pixels) -> Callable[[], Attempt]:
    """Queue a batch on a device; return a function that waits for what came of it."""

    def encode(some: Pixels) -> Encoded:
        return encoder.begin(some)()

    try:
        finish = encoder.begin(pixels)
    # It is tried again, and picture by picture, when its turn comes.
    except Exception:
        finish = partial(encode, pixels)
    return partial(attempt, name, finish, encode, pixels)


def _rows(found: Encoded, rows: NDArray[np.intp]) -> Encoded:
    return Encoded(found.vectors[rows], None if found.scores is None else found.scores[rows])


def _with_jobs(
    results: Iterable[Readings | None], jobs: Sequence[PartJob]
) -> Iterator[tuple[int, Readings | None]]:
    """Yield (position of its job, readings) of each task."""
    job, count = 0, 0
    for read in results:
        if read is not None:
            if count == len(jobs[job].ids):
                job, count = job + 1, 0
            count += len(read.outcomes)
        yield job, read
