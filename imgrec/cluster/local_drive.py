"""The driver of a run whose store is a folder that every crew reaches at the same path.

    scan ─▶ plan in STORE/cluster/ ─▶ crews write blobs and records there ─▶ parts of the store

It takes the place of the pipeline that reads pictures on one machine (`Read` of
`imgrec.indexing.run`); all else is that of such a run, and so is the store, byte for byte. The
store is locked, so that there is one driver. A run that was killed leaves its plan and records; the
next one first completes a part of which a half is there, takes over the records of those jobs that
are still to be done and are the same, and reads nothing twice but what was under way. If any of
what would be taken is damaged, as after a power failure, all of it is deleted and done anew.

Invariant: a file of a part is linked or copied from a blob and compared with its digest before the
part gets its name.
"""

import os
import shutil
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

import numpy as np

from imgrec.cluster.plan import Plan, Settings, is_same_job, newest_plans, read_job, write_plan
from imgrec.cluster.plan_work import PlanWork, Work, plan_for, settings_of
from imgrec.cluster.records import read_record, recorded, take_over
from imgrec.collection import Ids
from imgrec.encoders.spec import Encoder
from imgrec.errors import ImgrecError, StoreError
from imgrec.indexing.jobs import PartJob
from imgrec.indexing.options import IndexOptions, Summary
from imgrec.objects.errors import MissingObjectError
from imgrec.objects.opening import objects_at
from imgrec.remote.blobs import Blobs, file_entry
from imgrec.remote.manifest import Entry
from imgrec.remote.places import by_unit
from imgrec.store.elsewhere import blob_key
from imgrec.store.exchange import delete_exchange
from imgrec.store.features import stored_ids
from imgrec.store.store import Store
from imgrec.system.atomic_folders import new_folder
from imgrec.system.text import counted


class LocalRead:
    """Reads the pictures of jobs by crews into a store of this machine, as `read_pictures` does."""

    def __init__(self, crews: Work) -> None:
        """Begin nothing yet.

        Args:
            crews: do the jobs; each reaches the folder of the store at its path here.
        """
        self._crews = crews
        # Of killed runs.
        self._plans: Sequence[Plan] = ()

    def resume(self, store: Store) -> list[str]:
        """Bring what is lacking of parts of which a killed run has brought a part.

        Jobs are planned by what lacks in the store: the rest of such a job would become a part of
        another number.

        Returns:
            A line if what the run left is damaged: it is deleted then.

        Raises:
            OSError: the store cannot be written.
        """
        exchange, self._plans = store.paths.cluster, ()
        if not exchange.is_dir():
            return []
        try:
            self._plans = _resumed(LocalTarget(store.path, exchange))
        except ImgrecError:
            stays = delete_exchange(store.path)
            told = f"what a run that was killed left in {exchange} is damaged: it is done anew"
            return [told, *stays]
        return []

    def __call__(
        self,
        store: Store,
        jobs: Sequence[PartJob],
        encoders: Mapping[str, Encoder],
        labeled: str | None,
        options: IndexOptions,
        summary: Summary,
    ) -> list[str]:
        """Have all jobs done and applied; the arguments are those of `read_pictures`.

        Returns:
            No root: one that goes offline is an error of the crew that finds it.

        Raises:
            ImgrecError: jobs cannot be done, or their results did not come to this machine.
            OSError: the store cannot be written.
        """
        if jobs:
            target = LocalTarget(store.path, store.paths.cluster)
            settings = settings_of(options, labeled, "")
            plan = _planned(target, store, jobs, encoders, settings, options.device, self._plans)
            PlanWork(target, options, self._crews).off(store, plan, plan.numbers, encoders, summary)
            lacking = len({*plan.numbers} - recorded(target.remote.objects, plan.id))
            if lacking:
                raise ImgrecError(
                    f"{counted(lacking, 'part')} did not come to {store.path}: every machine of "
                    "the cluster has to reach it at this path"
                )
        return []


class Exchange:
    """Where the crews of a run find its plan and leave their results: a folder of the store.

    Attributes:
        url: its address.
        objects: all objects of it.
        blobs: contents by digest.
    """

    def __init__(self, folder: Path) -> None:
        """Make the folder if it is absent."""
        self.objects = objects_at(f"file://{folder}", made=True)
        self.url = self.objects.address.url
        self.blobs = Blobs(self.objects)


class LocalTarget:
    """A store of this machine, as `imgrec.cluster.applying.Target`.

    Attributes:
        remote: where the results come from.
    """

    def __init__(self, store: Path, exchange: Path) -> None:
        """Take the folders of a store and of its exchange."""
        self.remote = Exchange(exchange)
        self._store = store
        self._exchange = exchange

    def is_applied(self, files: Mapping[str, Entry]) -> bool:
        """Return False: what has been applied is in no plan of this run."""
        return False

    def is_free(self, files: Mapping[str, Entry]) -> bool:
        """Return True if the store has none of these parts."""
        return not any((self._store / unit).exists() for unit in by_unit(files))

    def add(self, files: Mapping[str, Entry]) -> None:
        """Write parts, each one atomically; classes before features, as one machine does.

        Args:
            files: of whole parts, by path.

        Raises:
            StoreError: a blob is not what its record says.
            OSError: one cannot be read or written.
        """
        for unit, of_unit in by_unit(files).items():
            with new_folder(self._store / unit, tidied=True) as folder:
                for path, entry in of_unit.items():
                    self._bring(entry, folder / path.rpartition("/")[2])

    def lacking(self, files: Mapping[str, Entry]) -> list[str]:
        """Return those of these parts that the store lacks, as `by_unit` names them."""
        return [unit for unit in by_unit(files) if not (self._store / unit).exists()]

    def check(self, entries: Iterable[Entry]) -> None:
        """Check that blobs are there and are what was written.

        Raises:
            StoreError: one is not.
        """
        for entry in entries:
            blob = self._exchange / blob_key(entry.digest)
            if not _is_of(blob, entry):
                raise self._damaged(blob)

    def complete(self, files: Mapping[str, Entry], ids: Ids) -> None:
        """Bring the parts that are lacking of a job, if those that are there are its own.

        Args:
            files: of all parts of the job, by path.
            ids: (m,) its pictures; a part is left out if one of another number has some of them.

        Raises:
            StoreError: a blob is not what its record says.
            OSError: one cannot be read or written.
        """
        parts, lacking = by_unit(files), self.lacking(files)
        if not all(self._is_brought(parts[unit]) for unit in parts if unit not in lacking):
            return
        for unit in lacking:
            if not np.isin(ids, stored_ids((self._store / unit).parent)).any():
                self.add(parts[unit])

    def _is_brought(self, files: Mapping[str, Entry]) -> bool:
        return all(_is_of(self._store / path, entry) for path, entry in files.items())

    def spend(self, cost: Mapping[str, float]) -> None:
        """Do nothing: a store of one machine has no manifest that counts it."""

    def commit(self, store: Store) -> None:
        """Do nothing: each part is in the store when it is applied."""

    def _bring(self, entry: Entry, place: Path) -> None:
        blob = self._exchange / blob_key(entry.digest)
        # Linked, so that the results take no more room than the store.
        try:
            os.link(blob, place)
        except OSError:
            shutil.copyfile(blob, place)
        if not _is_of(place, entry):
            raise self._damaged(blob)

    def _damaged(self, blob: Path) -> StoreError:
        return StoreError(
            f"{blob} is not what was written, by its digest: delete {self._exchange}, and run "
            "imgrec index again"
        )


def _is_of(place: Path, entry: Entry) -> bool:
    """Return True if a file is there and has the content of an entry."""
    try:
        return file_entry(place) == entry
    except (OSError, ValueError):
        return False


def _resumed(target: LocalTarget) -> list[Plan]:
    """Check what killed runs have left that is not in the store yet; complete half a part of it.

    Returns:
        Their plans.

    Raises:
        ImgrecError: something is damaged.
        OSError: the store cannot be written.
    """
    objects = target.remote.objects
    plans = newest_plans(objects)
    for plan in plans:
        for number in sorted(recorded(objects, plan.id)):
            found = read_record(objects, plan.id, number)
            lacking = target.lacking(found.files) if found else []
            if found is None or (found.files and not lacking):
                continue
            target.check([*found.files.values(), found.rows])
            if lacking and len(lacking) < len(by_unit(found.files)):
                target.complete(found.files, read_job(objects, plan, number)[0].ids)
    return plans


def _planned(
    target: LocalTarget,
    store: Store,
    jobs: Sequence[PartJob],
    encoders: Mapping[str, Encoder],
    settings: Settings,
    device: str,
    before: Sequence[Plan],
) -> Plan:
    """Write the plan of some jobs, and take over what a killed run has done of them."""
    objects, roots = target.remote.objects, store.catalog.roots()
    each = [(job, store.catalog.entries(job.ids)) for job in jobs]
    plan = plan_for(0, encoders, settings, device, roots, each)
    write_plan(objects, plan, each, mended=True)
    for other in before:
        if not other.computes_as(plan):
            continue
        for number in sorted(recorded(objects, other.id) & {*plan.numbers}):
            # A killed driver may not have written all jobs of its plan.
            with suppress(MissingObjectError):
                if is_same_job(objects, plan.id, other.id, number):
                    take_over(objects, plan.id, other.id, number)
    return plan
