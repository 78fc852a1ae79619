"""A plan is made of the jobs of a scan, crews do its jobs, and the results are applied in order.

What a driver does with a plan, wherever its store lies: in object storage (`imgrec.cluster.drive`)
or in a folder of this machine (`imgrec.cluster.local_drive`).
"""

import time
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import closing

from imgrec.cluster.applying import Applier, Target
from imgrec.cluster.crew import CrewOptions, PartDone
from imgrec.cluster.fingerprint import fingerprint
from imgrec.cluster.plan import Plan, Settings, plan_of
from imgrec.cluster.records import recorded
from imgrec.collection import Entry
from imgrec.encoders.spec import Encoder
from imgrec.indexing.jobs import PartJob
from imgrec.indexing.options import IndexOptions, Summary
from imgrec.remote.prune_lock import refuse_while_pruned
from imgrec.store.store import Store
from imgrec.system.progress import progress
from imgrec.system.stage_costs import READING

# Yields the jobs of some numbers as they are done, in any order: a crew, or many.
Work = Callable[
    [str, str, Sequence[int], CrewOptions, Mapping[str, Encoder] | None], Generator[PartDone]
]


class PlanWork:
    """Has plans worked off by crews, into the store of a driver."""

    def __init__(self, target: Target, options: IndexOptions, crews: Work) -> None:
        """Begin nothing yet.

        Args:
            target: where plans and records lie, and where results are applied to.
            options: of the run.
            crews: do the jobs.
        """
        self._target = target
        self._options = options
        self._crews = crews

    def off(
        self,
        store: Store,
        plan: Plan,
        numbers: Sequence[int],
        encoders: Mapping[str, Encoder] | None,
        summary: Summary,
    ) -> None:
        """Have jobs of a plan done, and apply them in the order of their numbers.

        Args:
            store: that of the target, open for writing.
            plan: is written.
            numbers: of the jobs; those that have a record are applied and not done again.
            encoders: of the plan by name, where they are loaded already.
            summary: gets numbers and warnings.

        Raises:
            ConflictError: another driver has committed meanwhile.
            FingerprintError: this machine would compute other vectors than the plan says.
            ImgrecError: jobs cannot be done, or a record is damaged.
            ObjectError: storage cannot be reached or written.
        """
        objects = self._target.remote.objects
        # After the plan was written: see `imgrec.remote.prune_lock`.
        refuse_while_pruned(objects)
        started = time.perf_counter()
        there = recorded(objects, plan.id)
        pending = [number for number in numbers if number not in there]
        applier = Applier(self._target, store, plan, sorted(numbers), summary)
        total = plan.pictures
        bar = progress(READING, total=total, unit="pictures", quiet=self._options.quiet)
        with bar, closing(self._parts(plan, pending, encoders)) as parts:
            applier.came(there)
            for part in parts:
                summary.done += part.rows
                summary.warnings += [part.differs] if part.differs else []
                bar.update(part.rows)
                applier.came([part.number])
            applier.finish()
        summary.reading_s += time.perf_counter() - started

    def _parts(
        self, plan: Plan, numbers: Sequence[int], encoders: Mapping[str, Encoder] | None
    ) -> Generator[PartDone]:
        if numbers:
            options = self._options
            how = CrewOptions(options.workers, options.device, options.weights, options.quiet)
            yield from self._crews(self._target.remote.url, plan.id, numbers, how, encoders)


def settings_of(options: IndexOptions, labeled: str | None, asked: str) -> Settings:
    """Return what of the options of a run decides its result.

    Args:
        options: of the run.
        labeled: the classifier whose classes become labels, None for none.
        asked: as of `Settings`.
    """
    return Settings(
        options.batch_size,
        options.timeout_s,
        options.previews or 0,
        options.compile,
        labeled,
        asked,
    )


def plan_for(
    base: int,
    encoders: Mapping[str, Encoder],
    settings: Settings,
    device: str,
    roots: Mapping[str, int],
    each: Sequence[tuple[PartJob, Sequence[Entry]]],
) -> Plan:
    """Return the plan of some jobs as this machine would compute them.

    Args:
        base: as of `Plan`.
        encoders: by name.
        settings: of the run.
        device: as `--device` has it.
        roots: {description: number} of the sources.
        each: the jobs, each with the catalog's rows of its pictures.
    """
    here = fingerprint(encoders, device, settings.batch_size)
    specs = [encoder.spec for encoder in encoders.values()]
    return plan_of(base, here, specs, settings, roots, each)
