"""The plan of a run in object storage: what is to be read, and how, for whoever helps.

    plans/0000000017-J.json      names a plan by the manifest it was made on; lists what is open
    jobs/J/files-000012.json     a job: its outputs and the catalog's rows of its pictures
    jobs/J/plan.json             the plan, written after its jobs

J is a digest of all that decides the result: the manifest that holds the catalog it was made from,
the fingerprint, the options and the jobs. So two drivers that begin at one state find one plan and
work it off together. Everything is written by `create`; invariant: a plan that is there is whole.
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, astuple, dataclass
from itertools import groupby
from typing import Any

import numpy as np

from imgrec.cluster.fingerprint import Fingerprint, digest_of
from imgrec.collection import Entry
from imgrec.collection.rows import entry_of
from imgrec.encoders.device import Compile
from imgrec.encoders.spec import EncoderSpec
from imgrec.errors import ImgrecError
from imgrec.indexing.jobs import CLASSES_OF, PartJob
from imgrec.objects.errors import MissingObjectError
from imgrec.objects.objects import Objects
from imgrec.pictures.preprocessing import Preprocessing
from imgrec.store.paths import PREVIEWS, THUMBS
from imgrec.system.json_files import a_number, decoded, one_of, problem

FORMAT = 1
PLANS = "plans/"
JOBS = "jobs/"
_MOST = 1 << 40
# A job has a few hundred bytes for each picture.
_MOST_BYTES = 1 << 28
_NAME = re.compile(rf"{PLANS}([0-9]{{10}}-[0-9a-f]{{32}})\.json", re.ASCII)
_NUMBER = a_number(0, _MOST)
_SETTINGS = {
    "batch_size": a_number(1, _MOST),
    "timeout_s": float,
    "preview_px": _NUMBER,
    "compile": one_of("auto", "on", "off"),
    "labeled": (str, None),
    "asked": str,
}
_PLAN = {
    "format": int,
    "base": _NUMBER,
    "fingerprint": {str: lambda _: True},
    "specs": [{"name": str, "preprocessing": {str: (int, str)}}],
    "settings": _SETTINGS,
    "roots": {str: int},
    "first": _NUMBER,
    "count": _NUMBER,
    "pictures": _NUMBER,
    "jobs": str,
    "again": _NUMBER,
}
_JOB = {"number": _NUMBER, "outputs": [str], "entries": [list]}


@dataclass(frozen=True)
class Settings:
    """What of the options of a run decides its result.

    Attributes:
        batch_size: pictures a task and a forward pass.
        timeout_s: time limit in seconds to decode one picture.
        preview_px: longer side of the previews in pixels; 0 for none.
        compile: as of `IndexOptions`.
        labeled: the classifier whose classes become labels, None for none.
        asked: digest of the options as the user gave them: only a run of the same goes on with a
            plan.
    """

    batch_size: int
    timeout_s: float
    preview_px: int
    compile: Compile
    labeled: str | None
    asked: str


@dataclass(frozen=True)
class Plan:
    """A plan without its jobs.

    Attributes:
        base: number of the manifest that holds the catalog it was made from.
        fingerprint: of the driver.
        specs: of the encoders.
        settings: of the run.
        roots: {description: number} of the sources.
        first: number of the first job; the others follow without a gap.
        count: of the jobs.
        pictures: of all jobs.
        jobs: digest of all jobs.
        again: how many plans of the same kind came to an end and left pictures unread, as for
            lack of memory: their records are not those of this one.
    """

    base: int
    fingerprint: Fingerprint
    specs: tuple[EncoderSpec, ...]
    settings: Settings
    roots: Mapping[str, int]
    first: int
    count: int
    pictures: int
    jobs: str
    again: int = 0

    @property
    def id(self) -> str:
        """The id J."""
        return digest_of(_as_json(self))

    @property
    def numbers(self) -> range:
        """The numbers of its jobs."""
        return range(self.first, self.first + self.count)

    def computes_as(self, other: "Plan") -> bool:
        """Return True if equal jobs of another plan have the same results."""
        mine, theirs = (
            (plan.fingerprint, plan.specs, plan.settings, plan.roots) for plan in (self, other)
        )
        return mine == theirs


def plan_of(
    base: int,
    fingerprint: Fingerprint,
    specs: Sequence[EncoderSpec],
    settings: Settings,
    roots: Mapping[str, int],
    jobs: Sequence[tuple[PartJob, Sequence[Entry]]],
) -> Plan:
    """Return the plan of some jobs, each with the catalog's rows of its pictures."""
    pictures = sum(len(job.ids) for job, _ in jobs)
    digest = digest_of([digest_of(_job_as_json(job, of, roots)) for job, of in jobs])
    first = jobs[0][0].number if jobs else 0
    return Plan(
        base, fingerprint, tuple(specs), settings, dict(roots), first, len(jobs), pictures, digest
    )


def write_plan(
    objects: Objects,
    plan: Plan,
    jobs: Sequence[tuple[PartJob, Sequence[Entry]]],
    *,
    mended: bool = False,
) -> bool:
    """Write a plan and its jobs; return False if it was there already.

    Args:
        objects: of the store.
        plan: the plan.
        jobs: its jobs, each with the catalog's rows of its pictures.
        mended: write again those of a plan that is there which have lost their content, as a file
            may in a power failure; nobody works off the plan now.

    Raises:
        ObjectError: it cannot be written.
    """
    was_there = objects.head(_plan_key(plan.id)) is not None
    if was_there and not mended:
        return False
    listed = objects.list(f"{JOBS}{plan.id}/") if was_there else ()
    sizes = {info.key: info.size for info in listed}
    for job, entries in jobs:
        key, data = _job_key(plan.id, job.number), _encoded(_job_as_json(job, entries, plan.roots))
        if sizes.get(key) is None:
            objects.create(key, data)
        elif sizes[key] != len(data):
            objects.put(key, data)
    if was_there:
        return False
    objects.create(f"{PLANS}{plan.base:010d}-{plan.id}.json", b"{}")
    return objects.create(_plan_key(plan.id), _encoded(_as_json(plan)))


def read_plan(objects: Objects, plan_id: str) -> Plan:
    """Return a plan.

    Raises:
        ImgrecError: there is none, it is damaged, or its format is unknown.
    """
    key = _plan_key(plan_id)
    found = _read(objects, key, _PLAN)
    if found["format"] != FORMAT:
        raise ImgrecError(f"{objects.location(key)} has format {found['format']}: use that imgrec")
    kept = ("base", "fingerprint", "roots", "first", "count", "pictures", "jobs", "again")
    try:
        plan = Plan(
            **{name: found[name] for name in kept},
            specs=tuple(map(_spec, found["specs"])),
            settings=Settings(**found["settings"]),
        )
    except TypeError as error:
        raise _damaged(objects.location(key), error) from error
    if plan.id != plan_id:
        raise ImgrecError(f"{objects.location(key)} is not the plan it is named by: delete it")
    return plan


def read_job(objects: Objects, plan: Plan, number: int) -> tuple[PartJob, list[Entry]]:
    """Return a job of a plan, and the catalog's rows of its pictures.

    Raises:
        ImgrecError: it is absent or damaged.
    """
    found = _read(objects, _job_key(plan.id, number), _JOB)
    if found["number"] != number:
        raise _damaged(objects.location(_job_key(plan.id, number)), f"it is job {found['number']}")
    names = [spec.name for spec in plan.specs]
    known = {*names, *(CLASSES_OF + name for name in names), THUMBS, PREVIEWS}
    if unknown := sorted({*found["outputs"]} - known):
        where = objects.location(_job_key(plan.id, number))
        raise _damaged(where, f"no encoder of the plan makes {unknown[0]!r}")
    roots = {of: root for root, of in plan.roots.items()}
    try:
        entries = [entry_of((row[0], roots[row[1]], *row[2:])) for row in found["entries"]]
    except (TypeError, LookupError) as error:
        raise _damaged(objects.location(_job_key(plan.id, number)), error) from error
    ids = np.array([entry.id for entry in entries], np.int64)
    return PartJob(found["number"], ids, tuple(found["outputs"])), entries


def is_same_job(objects: Objects, plan_id: str, other_id: str, number: int) -> bool:
    """Return True if the jobs of a number are equal in two plans of the same roots.

    Raises:
        ObjectError: one of them is absent or cannot be read.
    """
    keys = (_job_key(of, number) for of in (plan_id, other_id))
    one, other = (objects.get(key, most_bytes=_MOST_BYTES)[0] for key in keys)
    return one == other


def newest_plans(objects: Objects) -> list[Plan]:
    """Return the plans that were made on the newest manifest of all plans.

    They are several where drivers of other options began at one state.
    """
    matches = (_NAME.fullmatch(info.key) for info in objects.list(PLANS))
    found = [match[1] for match in matches if match]
    for _, names in groupby(sorted(found, reverse=True), key=lambda name: name[:10]):
        ids = [name[11:] for name in names]
        # A driver that was killed may have named a plan that it never wrote.
        written = [of for of in ids if objects.head(_plan_key(of)) is not None]
        if written:
            return [read_plan(objects, of) for of in written]
    return []


def is_finished(objects: Objects, plan_id: str) -> bool:
    """Return True if a plan is marked as one that nobody goes on with."""
    return objects.head(_finished_key(plan_id)) is not None


def finish_plan(objects: Objects, plan_id: str) -> None:
    """Mark a plan whose results are in a manifest, or that is given up."""
    objects.create(_finished_key(plan_id), b"{}")


def asked_digest(values: Mapping[str, Any]) -> str:
    """Return the digest of options as a user gave them."""
    return digest_of({name: str(value) for name, value in values.items()})


def _spec(found: Mapping[str, Any]) -> EncoderSpec:
    return EncoderSpec(**{**found, "preprocessing": Preprocessing(**found["preprocessing"])})


def _plan_key(plan_id: str) -> str:
    return f"{JOBS}{plan_id}/plan.json"


def _finished_key(plan_id: str) -> str:
    return f"{JOBS}{plan_id}/finished.json"


def _job_key(plan_id: str, number: int) -> str:
    return f"{JOBS}{plan_id}/files-{number:06d}.json"


def _as_json(plan: Plan) -> dict[str, Any]:
    values: dict[str, Any] = json.loads(json.dumps(asdict(plan)))
    return {"format": FORMAT, **values}


def _job_as_json(job: PartJob, entries: Sequence[Entry], roots: Mapping[str, int]) -> Any:
    rows = [[e.id, roots[e.root], *astuple(e)[2:]] for e in entries]
    return {"number": job.number, "outputs": list(job.outputs), "entries": rows}


def _encoded(value: object) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()


def _read(objects: Objects, key: str, shape: Any) -> Any:
    where = objects.location(key)
    try:
        found = decoded(objects.get(key, most_bytes=_MOST_BYTES)[0])
    except MissingObjectError as error:
        # One machine may not see what others do.
        raise MissingObjectError(f"there is no plan at {where}: run imgrec index again") from error
    except ValueError as error:
        raise _damaged(where, error) from error
    if wrong := problem(found, shape):
        raise _damaged(where, wrong)
    return found


def _damaged(where: str, what: object) -> ImgrecError:
    return ImgrecError(f"{where} is damaged ({what}): delete it, and run imgrec index again")
