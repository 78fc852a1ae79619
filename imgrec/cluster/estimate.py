"""What a run would take, from a listing and a sample of its pictures; nothing is kept.

The sample is drawn evenly over all pictures and goes through the pipeline of a run: workers decode
it, the encoders encode it, and its parts are made in memory. What that took, for each picture, is
multiplied by their number. Machines are taken to be like this one, and storage to be as fast as
they need it.
"""

import random
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path

import numpy as np

from imgrec.cluster.cost import Cost, Meter
from imgrec.cluster.outputs import descriptions_of
from imgrec.collection import Entry
from imgrec.collection.changes import Changes, apply
from imgrec.collection.matching import FoundFile
from imgrec.encoders.device import device_encoders
from imgrec.errors import ImgrecError
from imgrec.indexing.device_passes import described
from imgrec.indexing.finished import Finished, finished, record
from imgrec.indexing.jobs import PartJob, Result, tasks_of
from imgrec.indexing.options import IndexOptions
from imgrec.indexing.read_in_workers import readings
from imgrec.indexing.wanted import Wanted
from imgrec.objects.addresses import is_address
from imgrec.objects.traffic import Traffic
from imgrec.sources.opening import real_places
from imgrec.sources.source import Listed, Listing, PictureSource
from imgrec.store.parts import part_content
from imgrec.store.paths import CATALOG, THUMBS
from imgrec.store.store import Store

# Pictures a listing has for one request.
_PAGE = 1000
# Requests for a part beside its files: its job is read; its record is looked for and written, what
# goes to the catalog is written and read.
_PART_READS, _PART_WRITES = 3, 2
# Batches that are read before the devices get them, so that these never wait for one.
_READ_FIRST = 8
# Rows of the catalog by which its size is measured.
_ROWS = 4000


@dataclass(frozen=True)
class Estimate:
    """What a run would take.

    Attributes:
        pictures: in the sources.
        source_bytes: of their files.
        sampled: pictures that were read.
        failed: of these.
        worker_s: of one process that decodes, a picture.
        device_s: of the devices of one machine, a picture; 0 where no encoder needs one.
        stored: bytes of the store a picture, by output; `catalog` among them.
        files: of a part, in all outputs.
        part_rows: pictures a part.
        listed: whether the sources are in object storage.
    """

    pictures: int
    source_bytes: int
    sampled: int
    failed: int
    worker_s: float
    device_s: float
    stored: Mapping[str, float]
    files: int
    part_rows: int
    listed: bool

    @property
    def store_bytes(self) -> float:
        """Size of the store in bytes."""
        return self.pictures * sum(self.stored.values())

    @property
    def parts(self) -> int:
        """Number of parts."""
        return -(-self.pictures // self.part_rows)

    @property
    def reads(self) -> int:
        """Reading requests to object storage: pictures, parts as the driver applies them."""
        sources = self.pictures + -(-self.pictures // _PAGE) if self.listed else 0
        return sources + self.parts * (_PART_READS + self.files)

    @property
    def writes(self) -> int:
        """Writing requests to object storage."""
        return self.parts * (_PART_WRITES + self.files)

    @property
    def cost(self) -> Cost:
        """What the pictures cost, by the names of `imgrec.cluster.cost`."""
        return {
            "pictures": self.pictures,
            "cpu_s": self.pictures * self.worker_s,
            "device_s": self.pictures * self.device_s,
            "reads": self.reads,
            "writes": self.writes,
            "bytes_read": self.source_bytes,
            "bytes_written": self.store_bytes,
        }

    def seconds(self, machines: int, workers: int) -> float:
        """Return the seconds that reading takes on machines like this one; each needs a part.

        Args:
            machines: number of them.
            workers: processes that decode on each.
        """
        slower = max(self.worker_s / max(workers, 1), self.device_s)
        return self.pictures * slower / min(machines, self.parts)


def estimate(wanted: Wanted, options: IndexOptions, sample: int, *, seed: int = 0) -> Estimate:
    """List the sources, read a sample of their pictures, and return what a run would take.

    Args:
        wanted: what the run is about, its encoders loaded.
        options: of the run.
        sample: pictures to read, at most.
        seed: of the sample.

    Raises:
        ImgrecError: a source is not there, or nothing of the sample could be read.
        EncoderError: an encoder failed on any picture.
    """
    pictures = size = 0
    drawn: list[FoundFile] = []
    chance = random.Random(seed)
    for source, listed in _listed(wanted):
        size += listed.size
        # Reservoir sampling: each picture so far is drawn with the same probability.
        place = pictures if pictures < sample else chance.randrange(pictures + 1)
        pictures += 1
        if place < sample:
            drawn[place : place + 1] = [FoundFile(source.description, *listed)]
    if not drawn:
        raise ImgrecError("there is no picture to estimate by")
    done, result, worker_s, device_s = _made(drawn, wanted, options)
    read = len(drawn)
    ok = sum(outcome.status == "ok" for outcome in done.rows.outcomes)
    if not ok:
        raise ImgrecError(f"none of {read} pictures can be read: {_why(result)}")
    descriptions = descriptions_of(encoder.spec for encoder in wanted.encoders.values())
    contents = {
        output: part_content(files, descriptions.get(output))
        for output, files in done.parts.items()
    }
    stored = {output: sum(map(len, files.values())) / read for output, files in contents.items()}
    stored["catalog"] = _catalog_bytes(drawn, done)
    return Estimate(
        pictures,
        size,
        read,
        read - ok,
        worker_s / read,
        device_s / read,
        stored,
        sum(map(len, contents.values())),
        options.part_rows,
        any(is_address(source.description) for source in wanted.sources),
    )


def _listed(wanted: Wanted) -> Iterator[tuple[PictureSource, Listed]]:
    links = real_places(wanted.sources) if wanted.follow_links else None
    for source in wanted.sources:
        for listed in source.pictures(Listing(wanted.rules), links):
            yield source, listed


def _made(
    drawn: Sequence[FoundFile], wanted: Wanted, options: IndexOptions
) -> tuple[Finished, Result, float, float]:
    """Return what becomes of the sample, the seconds of its workers, and of its devices."""
    roots = {source.description: n for n, source in enumerate(wanted.sources, 1)}
    entries = [
        Entry(
            n, file.root, file.path, file.size, file.mtime_ns, None, None, None, None, "new", None
        )
        for n, file in enumerate(drawn, 1)
    ]
    outputs = (*wanted.encoders, THUMBS)
    job = PartJob(0, np.arange(1, len(entries) + 1), outputs)
    meter = Meter(Traffic())
    encoders = device_encoders(wanted.encoders)
    for encoder in encoders.values():
        encoder.prepare(len(entries), options.batch_size, "off", options.quiet)
    timed = {name: meter.timed(encoder) for name, encoder in encoders.items()}
    result, busy_s = Result(), 0.0
    tasks = tasks_of(job, entries, wanted.encoders, options)
    with closing(readings(tasks, options.workers or 0)) as results:
        while read := list(islice(results, _READ_FIRST)):
            for found in described(read, [job], timed):
                result.add(found.readings, found.encoded)
                busy_s += found.readings.busy_s
    return finished(job, entries, result, roots), result, busy_s, meter.lap()["device_s"]


def _catalog_bytes(drawn: Sequence[FoundFile], done: Finished) -> float:
    """Return the bytes that a picture of the sample takes in a catalog."""
    # A catalog grows by pages, so that a small sample would not be seen in it.
    copies = range(-(-_ROWS // len(drawn)))
    files = [file._replace(path=f"{n}-{file.path}") for n in copies for file in drawn]
    outcomes = [
        replace(outcome, id=outcome.id + n * len(drawn))
        for n in copies
        for outcome in done.rows.outcomes
    ]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "store")
        with Store.create(path) as store:
            empty = (path / CATALOG).stat().st_size
            apply(store.catalog, Changes(new=files))
            record(store.catalog, replace(done.rows, outcomes=outcomes, labels={}))
        return max((path / CATALOG).stat().st_size - empty, 0) / len(files)


def _why(result: Result) -> str:
    first = next(outcome for outcome in result.outcomes if outcome.status != "ok")
    return f"{first.reason} ({first.detail})"
