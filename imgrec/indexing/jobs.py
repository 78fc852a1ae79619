"""Jobs: which pictures lack which outputs, cut into parts; and the commit of a finished job.

A job becomes one part in each of its outputs, under one number. Invariant: the catalog is written
before the parts, so a kill in between leaves pictures that are `ok` and lack an output, which the
next plan finds; a part never has a row of a picture that the catalog does not know.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from imgrec.collection import Entry, Ids, Outcome
from imgrec.collection.kinds import COLOR
from imgrec.encoders.classifier import Classifier
from imgrec.encoders.device import Encoded
from imgrec.encoders.spec import Encoder, Vectors, check_finite
from imgrec.indexing.options import IndexOptions
from imgrec.indexing.read import Readings, Task
from imgrec.store.classes import (
    Top,
    joined_tops,
    labels_of,
    read_description,
    top_classes,
    write_classes,
)
from imgrec.store.features import stored_ids
from imgrec.store.origins import origins_of
from imgrec.store.parts import part_numbers, write_part
from imgrec.store.paths import PREVIEWS, THUMBS
from imgrec.store.previews import write_previews
from imgrec.store.store import Store
from imgrec.store.thumbnails import write_thumbs

# Failures that say nothing against what is stored of a picture that was read before.
_SAYS_NOTHING = frozenset({"unreadable", "not-encoded"})
# Prefix of the output `classes/NAME`.
_CLASSES = "classes/"


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
        _CLASSES + name
        for name, encoder in encoders.items()
        if isinstance(encoder, Classifier) and not encoder.classifies_vectors
    ]
    outputs = [*encoders, THUMBS, *alone, *([PREVIEWS] if store.preview_px else [])]
    folders = {name: _folder(store, name) for name in outputs}
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
) -> Iterator[Task]:
    """Cut a job into tasks of one batch each."""
    light = tuple(e.spec for n, e in encoders.items() if n in job.outputs and e.spec.in_worker)
    heavy = tuple({encoders[n].spec.preprocessing: None for n in on_device(job, encoders)})
    batch, preview_px = options.batch_size, options.previews or 0
    if PREVIEWS not in job.outputs:
        preview_px = 0
    for start in range(0, len(entries), batch):
        files = tuple((e.id, e.root, e.path) for e in entries[start : start + batch])
        yield Task(files, THUMBS in job.outputs, light, heavy, options.timeout_s, preview_px)


def on_device(job: PartJob, encoders: Mapping[str, Encoder]) -> list[str]:
    """Return the names of the encoders that a job needs and that do not run in the workers."""
    return [
        name
        for name, encoder in encoders.items()
        if not encoder.spec.in_worker and {name, _CLASSES + name} & {*job.outputs}
    ]


def commit(
    store: Store,
    job: PartJob,
    entries: Sequence[Entry],
    result: Result,
    labeled: str | None = None,
) -> list[int]:
    """Write a finished job: first its outcomes and labels to the catalog, then its parts.

    Args:
        store: open for writing.
        job: the job.
        entries: of its pictures, as the catalog had them when the job began.
        result: of all its tasks.
        labeled: the classifier whose classes become labels, None for none.

    Returns:
        The ids of pictures whose digest differs from the catalog's. They get no row, and the
        next scan treats them as changed.

    Raises:
        EncoderError: a vector is not finite; nothing is written then.
    """
    known = {entry.id: entry.digest for entry in entries if entry.digest}
    changed = [o.id for o in result.outcomes if o.digest and o.digest != known.get(o.id, o.digest)]
    lost = [o.id for o in result.outcomes if o.id in known and o.reason in _SAYS_NOTHING]
    for name, vectors in result.vectors.items():
        check_finite(name, vectors)
    left_out = {*changed, *lost}
    ids = np.concatenate(result.ids)
    tops = {name: joined_tops(found) for name, found in result.tops.items()}
    labels = {COLOR: result.colors, **_class_labels(store, ids, tops, labeled)}
    store.catalog.record(
        [outcome for outcome in result.outcomes if outcome.id not in left_out],
        {
            kind: {i: value for i, value in values.items() if i not in left_out}
            for kind, values in labels.items()
        },
    )
    store.catalog.forget_times(changed)
    rows = np.flatnonzero(np.isin(ids, changed, invert=True))
    if len(rows):
        _write_parts(store, job, entries, ids, rows, result, tops)
    return changed


def _write_parts(
    store: Store,
    job: PartJob,
    entries: Sequence[Entry],
    ids: Ids,
    rows: NDArray[np.intp],
    result: Result,
    tops: Mapping[str, Top],
) -> None:
    # Classes before features: a feature without its classes would never get them.
    for name, top in tops.items():
        kept = Top(top.indices[rows], top.probabilities[rows])
        write_classes(store.paths.classes(name), job.number, ids[rows], kept)
    for name in job.outputs:
        folder = _folder(store, name)
        if name == THUMBS:
            thumbs = [result.thumbs[row] for row in rows]
            origins = origins_of(ids[rows], entries, result.outcomes, store.catalog.roots())
            write_thumbs(folder, job.number, ids[rows], thumbs, origins)
        elif name == PREVIEWS:
            write_previews(folder, job.number, ids[rows], [result.previews[row] for row in rows])
        elif not name.startswith(_CLASSES):
            files: dict[str, Any] = {
                "ids.npy": ids[rows],
                "vectors.npy": np.concatenate(result.vectors[name])[rows],
            }
            write_part(folder, job.number, files)


def _class_labels(
    store: Store, ids: Ids, tops: Mapping[str, Top], labeled: str | None
) -> dict[str, dict[int, str]]:
    if labeled is None or labeled not in tops:
        return {}
    described = read_description(store.paths.classes(labeled))
    return labels_of(ids, tops[labeled], described["categories"]) if described else {}


def _folder(store: Store, output: str) -> Path:
    if output.startswith(_CLASSES):
        return store.paths.classes(output.removeprefix(_CLASSES))
    pictures = {THUMBS: store.paths.thumbs, PREVIEWS: store.paths.previews}
    return pictures.get(output) or store.paths.feature(output)
