"""The driver of a run whose store lies in object storage.

    working copy ─▶ resume what is open ─▶ scan ─▶ commit ─▶ plan ─▶ crews ─▶ apply, commit … ─▶
    labels and indexes ─▶ commit

A driver may be killed anywhere, and several may run at once. Ids are given by a scan, so the scan
is committed before a plan is made on it; the plan and the records of its jobs are in object
storage; so the next driver goes on with the open plan, and no picture is read twice but those of
the jobs that were under way. Where another driver commits first, this one begins again from the
state there, finds its own work in the records, and reads nothing twice.

Invariant: records are applied in the order of their numbers, so that the catalog and the numbers of
parts are those of a run on one machine.
"""

from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import fields, replace
from pathlib import Path
from typing import TypeVar

from imgrec.cluster.crew import Crew, CrewOptions, PartDone
from imgrec.cluster.fingerprint import FingerprintError
from imgrec.cluster.plan import (
    Plan,
    asked_digest,
    finish_plan,
    is_finished,
    newest_plans,
    write_plan,
)
from imgrec.cluster.plan_work import PlanWork, Work, plan_for, settings_of
from imgrec.cluster.records import recorded
from imgrec.cluster.working_copy import WorkingCopy, default_work
from imgrec.encoders.spec import Encoder
from imgrec.indexing.jobs import PartJob
from imgrec.indexing.options import IndexOptions, Summary
from imgrec.indexing.run import index_folders
from imgrec.remote.manifest import ONE
from imgrec.remote.store import ConflictError
from imgrec.sources.opening import source_of
from imgrec.store.manifest import is_store
from imgrec.store.store import Store

# Drivers that commit all the time leave a slower one this many times without a turn.
_TRIES = 50
# Options that say how a run is done and not what it does.
_HOW = ("workers", "quiet", "device", "weights")

_T = TypeVar("_T")


def one_crew(
    url: str,
    plan_id: str,
    numbers: Sequence[int],
    options: CrewOptions,
    encoders: Mapping[str, Encoder] | None,
) -> Generator[PartDone]:
    """Yield the jobs of some numbers, done by one crew in this process."""
    yield from Crew(url, plan_id, options, encoders).run(numbers)


def index_to(
    folders: Sequence[str],
    url: str,
    options: IndexOptions,
    *,
    work: Path | None = None,
    lean: bool = False,
    crews: Work = one_crew,
) -> Summary:
    """Index folders of pictures into a store in object storage.

    Args:
        folders: as of `index_folders`.
        url: the store's address; made if there is none.
        options: of the run.
        work: folder of the working copy; None for one in the user's cache.
        lean: leave vectors and small pictures in object storage; the working copy has none.
        crews: do the jobs.

    Raises:
        ImgrecError: as `index_folders`; or others commit all the time.
        ObjectError: the address cannot be reached or written.
    """

    def run(copy: WorkingCopy) -> Summary:
        return _Driver(copy, options, folders, crews).run()

    return _committed(url, work, run, lean=lean)


def change_in(url: str, change: Callable[[Path], object], *, work: Path | None = None) -> None:
    """Change a store in object storage by changing a local one.

    Args:
        url: the store's address.
        change: called with the folder of the working copy; again, where others commit meanwhile.
        work: as of `index_to`, and so are the errors.
    """

    def run(copy: WorkingCopy) -> None:
        change(copy.folder)
        with Store.create(copy.folder) as store, store.writing():
            copy.commit(store)

    _committed(url, work, run)


def _committed(
    url: str, work: Path | None, run: Callable[[WorkingCopy], _T], *, lean: bool = False
) -> _T:
    for _ in range(_TRIES):
        try:
            return run(WorkingCopy(url, work or default_work(url), lean=lean))
        except ConflictError:
            # What is done is in the records, and the state there is newer.
            continue
    raise ConflictError(f"others commit to {url} all the time: run the same command later")


class _Driver:
    """One try of a run, from the state that the working copy has."""

    def __init__(
        self, copy: WorkingCopy, options: IndexOptions, folders: Sequence[str], crews: Work
    ) -> None:
        self._copy = copy
        self._objects = copy.remote.objects
        self._options = options
        self._folders = folders
        self._work = PlanWork(copy, options, crews)
        self._before = Summary()
        named = {f.name: getattr(options, f.name) for f in fields(options) if f.name not in _HOW}
        self._asked = asked_digest({**named, "folders": list(folders)})

    def run(self) -> Summary:
        if is_store(self._copy.folder):
            with Store.create(self._copy.folder) as store, store.writing():
                self._resume(store)
        summary = index_folders(
            self._folders, self._copy.folder, self._options, self._read, self._copy.part_work()
        )
        with Store.create(self._copy.folder) as store, store.writing():
            self._copy.commit(store)
        self._finish(newest_plans(self._objects))
        summary.warnings = [*self._alone(), *self._before.warnings, *summary.warnings]
        summary.done += self._before.done
        summary.unread += self._before.unread
        summary.reading_s += self._before.reading_s
        return summary

    def _alone(self) -> list[str]:
        remote = self._copy.remote
        if remote.manifest.committers != ONE:
            return []
        return [f"{remote.url} cannot refuse to overwrite: let one run at a time write to it"]

    def _resume(self, store: Store) -> None:
        """Go on with the plan that is open, or take over what is done of it."""
        plans = newest_plans(self._objects)
        for plan in plans:
            if is_finished(self._objects, plan.id):
                continue
            done = sorted(recorded(self._objects, plan.id))
            online = not any(source_of(root).why_offline() for root in plan.roots)
            try:
                numbers = plan.numbers if online and plan.settings.asked == self._asked else done
                self._work.off(store, plan, numbers, None, self._before)
            except FingerprintError:
                # What is done is right; the rest is planned anew by what is installed here.
                self._work.off(store, plan, done, None, self._before)
        self._finish(plans)

    def _finish(self, plans: Sequence[Plan]) -> None:
        for plan in plans:
            finish_plan(self._objects, plan.id)

    def _read(
        self,
        store: Store,
        jobs: Sequence[PartJob],
        encoders: Mapping[str, Encoder],
        labeled: str | None,
        options: IndexOptions,
        summary: Summary,
    ) -> list[str]:
        """Have jobs done by crews, as `read_pictures` does them in this process."""
        # What the scan gave ids to is committed before anything is planned on it.
        self._copy.commit(store)
        if jobs:
            each = [(job, store.catalog.entries(job.ids)) for job in jobs]
            settings = settings_of(options, labeled, self._asked)
            base, roots = self._copy.remote.manifest.number, store.catalog.roots()
            plan = plan_for(base, encoders, settings, options.device, roots, each)
            while is_finished(self._objects, plan.id):
                plan = replace(plan, again=plan.again + 1)
            is_ours = write_plan(self._objects, plan, each)
            # Another driver has begun with the first job: this one begins with the last.
            numbers = plan.numbers if is_ours else plan.numbers[::-1]
            self._work.off(store, plan, numbers, encoders, summary)
        return []
