"""What a picture costs one core, and a part the driver, measured by a crew in this process.

Seconds of the processor, not of the clock, so that other work on the machine does not count.
"""

import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from imgrec import Options, Store
from imgrec.cluster.crew import Crew, CrewOptions
from imgrec.cluster.plan import Plan
from imgrec.cluster.records import read_record, rows_of
from imgrec.indexing.finished import record
from imgrec.indexing.options import PART_ROWS
from imgrec.objects.opening import objects_at
from imgrec.remote.blobs import Blobs
from imgrec.remote.bring import bring
from imgrec.remote.places import by_unit
from imgrec.remote.store import RemoteStore
from planned_runs import planned


@dataclass(frozen=True)
class Measured:
    """What was measured.

    Attributes:
        pictures: that were read.
        core_s: seconds of a core a picture.
        picture_bytes: of a file, the mean.
        part_bytes: written, for 1,024 pictures.
        part_writes: requests that write, a part.
        commit_s: seconds of a core of the driver a part, to enter its rows in the catalog.
        bring_s: seconds of a core of the driver a part, to bring its files from a local folder.
    """

    pictures: int
    core_s: float
    picture_bytes: float
    part_bytes: float
    part_writes: float
    commit_s: float
    bring_s: float


def measured(photos: Path, encoders: tuple[str, ...]) -> Measured:
    """Measure a folder of pictures by a crew without other processes."""
    options = Options(encoders=encoders, workers=0)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        url = f"file://{folder / 'objects'}"
        plan = planned(photos, folder / "scanned", url, options)
        crew = Crew(url, plan.id, CrewOptions(workers=0))
        cost: dict[str, float] = {}
        for part in crew.run(plan.numbers):
            cost = {name: cost.get(name, 0.0) + spent for name, spent in part.cost.items()}
        # The threads of its encoders would count as the driver's.
        del crew
        commit_s, bring_s = _driver_s(folder, url, plan)
    pictures, parts = cost["pictures"], cost["pictures"] / PART_ROWS
    return Measured(
        pictures=int(pictures),
        core_s=cost["cpu_s"] / pictures,
        picture_bytes=sum(f.stat().st_size for f in photos.rglob("*") if f.is_file()) / pictures,
        part_bytes=cost["bytes_written"] / parts,
        part_writes=cost["writes"] / plan.count,
        commit_s=commit_s / parts,
        bring_s=bring_s / parts,
    )


def _driver_s(folder: Path, url: str, plan: Plan) -> tuple[float, float]:
    """Return the seconds of a core in which a driver enters all rows, and brings all files."""
    remote = RemoteStore.create(url)
    files, entered_s = {}, 0.0
    with Store.create(folder / "scanned") as store, store.writing():
        for number in plan.numbers:
            started = time.thread_time()
            found = read_record(objects_at(url), plan.id, number)
            assert found is not None
            record(store.catalog, rows_of(Blobs(remote.objects).get(found.rows), "rows"))
            entered_s += time.thread_time() - started
            files.update(found.files)
        started = time.process_time()
        remote.blobs.known(entry.digest for entry in files.values())
        bring(remote, folder / "scanned", by_unit(files), quiet=True)
    return entered_s, time.process_time() - started
