"""Plans of small collections, made as a driver makes them, and stores to compare with."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from imgrec import Options, Store, Summary, index_folders
from imgrec.cluster.fingerprint import fingerprint
from imgrec.cluster.plan import Plan, Settings, plan_of, write_plan
from imgrec.cluster.records import read_record
from imgrec.encoders.spec import Encoder
from imgrec.indexing.jobs import PartJob
from imgrec.objects.opening import objects_at
from imgrec.remote.blobs import Blobs


def planned(photos: Path, folder: Path, url: str, options: Options) -> Plan:
    """Scan a folder into a store without reading its pictures, and write the plan of that.

    Args:
        photos: of pictures.
        folder: of the store that is made.
        url: where the plan is written.
        options: of the run.
    """
    made: list[Plan] = []

    def read(
        store: Store,
        jobs: Sequence[PartJob],
        encoders: Mapping[str, Encoder],
        labeled: str | None,
        options: Options,
        summary: Summary,
    ) -> list[str]:
        each = [(job, store.catalog.entries(job.ids)) for job in jobs]
        specs = [encoder.spec for encoder in encoders.values()]
        print_here = fingerprint(encoders, options.device, options.batch_size)
        settings = Settings(
            options.batch_size, options.timeout_s, options.previews or 0, "auto", labeled, ""
        )
        made.append(plan_of(1, print_here, specs, settings, store.catalog.roots(), each))
        write_plan(objects_at(url, made=True), made[0], each)
        return []

    index_folders([photos], folder, options, read)
    return made[0]


def recorded_files(url: str, plan: Plan) -> dict[str, bytes]:
    """Return the content of all files of the records of a plan, by path in the store."""
    objects = objects_at(url)
    found: dict[str, bytes] = {}
    for number in plan.numbers:
        record = read_record(objects, plan.id, number)
        assert record is not None, number
        assert not found.keys() & record.files.keys()
        found |= {path: Blobs(objects).get(entry) for path, entry in record.files.items()}
    return found


def part_files(store: Path) -> dict[str, bytes]:
    """Return the content of all files of the parts of a store, by path."""
    paths = store.glob("*/**/part-*/*")
    return {path.relative_to(store).as_posix(): path.read_bytes() for path in paths}
