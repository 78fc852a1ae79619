"""Jobs: which pictures lack what, cut into parts, done and committed."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from imgrec.catalog import Entry, Ids, Outcome
from imgrec.colours import KIND as COLOUR
from imgrec.encoders.spec import Encoder, Vectors, check_finite
from imgrec.extract import Readings, Task
from imgrec.features import stored_ids
from imgrec.origins import origins_of
from imgrec.parts import part_numbers, write_part
from imgrec.store import Store
from imgrec.thumbs import write_thumbs

PART_ROWS = 1024
THUMBS = "thumbs"


@dataclass(frozen=True)
class Job:
    """A range of pictures, and what they lack; becomes the part of that number in each output.

    Attributes:
        number: of the part.
        ids: (m,) ascending.
        outputs: names of features, and `thumbs`.
    """

    number: int
    ids: Ids
    outputs: tuple[str, ...]


@dataclass
class Result:
    """What the readings of a job add up to."""

    outcomes: list[Outcome] = field(default_factory=list)
    ids: list[Ids] = field(default_factory=list)
    thumbs: list[bytes] = field(default_factory=list)
    colours: dict[int, str] = field(default_factory=dict)
    vectors: dict[str, list[Vectors]] = field(default_factory=dict)

    def add(self, readings: Readings, heavy: Mapping[str, Vectors]) -> None:
        """Take in one task's readings and the vectors of the heavy encoders for them."""
        self.outcomes.extend(readings.outcomes)
        self.ids.append(readings.ids)
        self.thumbs.extend(readings.thumbs)
        self.colours.update(zip(readings.ids.tolist(), readings.colours, strict=False))
        for name, vectors in {**readings.vectors, **heavy}.items():
            self.vectors.setdefault(name, []).append(vectors)


def plan_jobs(store: Store, features: Sequence[str], offline: Ids | None = None) -> list[Job]:
    """Return the jobs that are left to do, by ascending id.

    Args:
        store: open.
        features: names of those wanted.
        offline: ids of pictures that cannot be read now; they wait.
    """
    outputs = [*features, THUMBS]
    folders = {name: _folder(store, name) for name in outputs}
    there = {name: stored_ids(folder) for name, folder in folders.items()}
    ids = store.catalog.ids("new", "ok")
    if offline is not None and len(offline):
        ids = ids[np.isin(ids, offline, invert=True)]
    lacking = np.stack([np.isin(ids, there[name], invert=True) for name in outputs], axis=1)
    lacking[np.isin(ids, store.catalog.ids("new"))] = True
    number = 1 + max((n for f in folders.values() for n in part_numbers(f)), default=-1)
    jobs: list[Job] = []
    for pattern in np.unique(lacking[lacking.any(axis=1)], axis=0):
        of_pattern = ids[(lacking == pattern).all(axis=1)]
        names = tuple(name for name, wanted in zip(outputs, pattern, strict=True) if wanted)
        starts = range(0, len(of_pattern), PART_ROWS)
        jobs += [Job(0, of_pattern[start : start + PART_ROWS], names) for start in starts]
    jobs.sort(key=lambda job: int(job.ids[0]))
    return [Job(number + i, job.ids, job.outputs) for i, job in enumerate(jobs)]


def tasks_of(
    job: Job, entries: Sequence[Entry], encoders: Mapping[str, Encoder], batch: int
) -> Iterator[Task]:
    """Cut a job into tasks of `batch` files."""
    wanted = [encoders[name] for name in job.outputs if name != THUMBS]
    light = tuple(e.spec for e in wanted if e.spec.in_worker)
    heavy = tuple({e.spec.preprocessing: None for e in wanted if not e.spec.in_worker})
    for start in range(0, len(entries), batch):
        files = tuple((e.id, str(e.file)) for e in entries[start : start + batch])
        yield Task(files, THUMBS in job.outputs, light, heavy)


def commit(store: Store, job: Job, entries: Sequence[Entry], result: Result) -> list[int]:
    """Write a finished job: first its outcomes to the catalogue, then its parts.

    Killed in between, the pictures are `ok` and lack an output, and the next plan finds them.

    Returns:
        The ids of pictures that changed since the catalogue knew them; they get no row, and
        the next scan takes them for changed.

    Raises:
        EncoderError: a vector is not finite; nothing is written then.
    """
    known = {entry.id: entry.digest for entry in entries if entry.digest}
    changed = [o.id for o in result.outcomes if o.digest and o.digest != known.get(o.id, o.digest)]
    lost = [o.id for o in result.outcomes if o.id in known and o.reason == "unreadable"]
    for name, vectors in result.vectors.items():
        check_finite(name, vectors)
    left_out = {*changed, *lost}
    store.catalog.record(
        [outcome for outcome in result.outcomes if outcome.id not in left_out],
        {COLOUR: {i: word for i, word in result.colours.items() if i not in left_out}},
    )
    store.catalog.forget_times(changed)
    ids = np.concatenate(result.ids)
    rows = np.flatnonzero(np.isin(ids, changed, invert=True))
    for name in job.outputs if len(rows) else ():
        folder = _folder(store, name)
        if name == THUMBS:
            thumbs = [result.thumbs[row] for row in rows]
            origins = origins_of(ids[rows], entries, result.outcomes, store.catalog.roots())
            write_thumbs(folder, job.number, ids[rows], thumbs, origins)
        else:
            files: dict[str, Any] = {
                "ids.npy": ids[rows],
                "vectors.npy": np.concatenate(result.vectors[name])[rows],
            }
            write_part(folder, job.number, files)
    return changed


def _folder(store: Store, output: str) -> Path:
    return store.thumbs_folder if output == THUMBS else store.feature_folder(output)
