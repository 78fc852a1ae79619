"""Jobs: which pictures lack which outputs, cut into parts.

A job becomes one part in each of its outputs, under one number (`imgrec.indexing.finished`).
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from imgrec.collection import Entry, Ids, Outcome
from imgrec.encoders.classifier import Classifier
from imgrec.encoders.device import Encoded
from imgrec.encoders.spec import Encoder, Vectors
from imgrec.indexing.options import IndexOptions
from imgrec.indexing.read import Readings, Task
from imgrec.store.classes import Top, top_classes
from imgrec.store.features import stored_ids
from imgrec.store.parts import part_numbers
from imgrec.store.paths import PREVIEWS, THUMBS, StorePaths
from imgrec.store.store import Store

# Prefix of the output `classes/NAME`.
CLASSES_OF = "classes/"


@dataclass(frozen=True)
class PartJob:
    """Pictures that lack the same outputs; becomes the part of one number in each of these.

    Attributes:
        number: of the part.
        ids: (m,) of the pictures, ascending.
        outputs: names of features, `thumbs`, `previews`, and `classes/NAME` if only the classes are
            lacking and cannot be computed from the vectors. A classifier's vectors are always
            written together with its classes.
    """

    number: int
    ids: Ids
    outputs: tuple[str, ...]


@dataclass
class Result:
    """The results of a job so far, its tasks joined."""

    outcomes: list[Outcome] = field(default_factory=list)
    ids: list[Ids] = field(default_factory=list)
    thumbs: list[bytes] = field(default_factory=list)
    previews: list[bytes] = field(default_factory=list)
    colors: dict[int, str] = field(default_factory=dict)
    vectors: dict[str, list[Vectors]] = field(default_factory=dict)
    tops: dict[str, list[Top]] = field(default_factory=dict)

    def add(self, readings: Readings, encoded: Mapping[str, Encoded]) -> None:
        """Add the readings of one task, and what the device encoders computed from them."""
        self.outcomes.extend(readings.outcomes)
        self.ids.append(readings.ids)
        self.thumbs.extend(readings.thumbs)
        self.previews.extend(readings.previews)
        self.colors.update(zip(readings.ids.tolist(), readings.colors, strict=False))
        for name, vectors in readings.vectors.items():
            self.vectors.setdefault(name, []).append(vectors)
        for name, top in readings.tops.items():
            self.tops.setdefault(name, []).append(top)
        for name, found in encoded.items():
            self.vectors.setdefault(name, []).append(found.vectors)
            if found.scores is not None:
                self.tops.setdefault(name, []).append(top_classes(found.scores))


def plan_jobs(
    store: Store, encoders: Mapping[str, Encoder], offline: Ids, part_rows: int
) -> list[PartJob]:
    """Return the jobs that are left to do, by the first id of each.

    Args:
        store: open.
        encoders: the wanted ones, by name.
        offline: (m,) ids of pictures that cannot be read now and are left out.
        part_rows: pictures per job, at most.
    """
    alone = [
        CLASSES_OF + name
        for name, encoder in encoders.items()
        if isinstance(encoder, Classifier) and not encoder.classifies_vectors
    ]
    outputs = [*encoders, THUMBS, *alone, *([PREVIEWS] if store.preview_px else [])]
    folders = {name: output_folder(store.paths, name) for name in outputs}
    there = {name: stored_ids(folder) for name, folder in folders.items()}
    ids = store.catalog.ids("new", "ok")
    ids = ids[np.isin(ids, offline, invert=True)]
    lacking = np.stack([np.isin(ids, there[name], invert=True) for name in outputs], axis=1)
    lacking[np.isin(ids, store.catalog.ids("new"))] = True
    written = [*folders.values(), *map(store.paths.classes, encoders)]
    number = 1 + max((n for f in written for n in part_numbers(f)), default=-1)
    jobs: list[PartJob] = []
    for pattern in np.unique(lacking[lacking.any(axis=1)], axis=0):
        of_pattern = ids[(lacking == pattern).all(axis=1)]
        names = tuple(name for name, wanted in zip(outputs, pattern, strict=True) if wanted)
        starts = range(0, len(of_pattern), part_rows)
        jobs += [PartJob(0, of_pattern[start : start + part_rows], names) for start in starts]
    jobs.sort(key=lambda job: int(job.ids[0]))
    return [PartJob(number + i, job.ids, job.outputs) for i, job in enumerate(jobs)]


def tasks_of(
    job: PartJob,
    entries: Sequence[Entry],
    encoders: Mapping[str, Encoder],
    options: IndexOptions,
    share: int = 0,
) -> Iterator[Task]:
    """Cut a job into tasks of one batch each; `share` as of `Task`."""
    light = tuple(e.spec for n, e in encoders.items() if n in job.outputs and e.spec.in_worker)
    heavy = tuple({encoders[n].spec.preprocessing: None for n in on_device(job, encoders)})
    batch, preview_px = options.batch_size, options.previews or 0
    if PREVIEWS not in job.outputs:
        preview_px = 0
    for start in range(0, len(entries), batch):
        files = tuple((e.id, e.root, e.path, e.token) for e in entries[start : start + batch])
        thumbs = THUMBS in job.outputs
        yield Task(files, thumbs, light, heavy, options.timeout_s, preview_px, share)


def on_device(job: PartJob, encoders: Mapping[str, Encoder]) -> list[str]:
    """Return the names of the encoders that a job needs and that do not run in the workers."""
    return [
        name
        for name, encoder in encoders.items()
        if not encoder.spec.in_worker and {name, CLASSES_OF + name} & {*job.outputs}
    ]


def output_folder(paths: StorePaths, output: str) -> Path:
    """Return the folder of the parts of an output, as `PartJob` names it."""
    if output.startswith(CLASSES_OF):
        return paths.classes(output.removeprefix(CLASSES_OF))
    pictures = {THUMBS: paths.thumbs, PREVIEWS: paths.previews}
    return pictures.get(output) or paths.feature(output)
