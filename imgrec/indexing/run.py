"""Indexing: folders of pictures in, a store of catalog, vectors and thumbnails out."""

import os
import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from imgrec.collection import Entry, Ids
from imgrec.collection.rescan import leave_other_roots, passed_over, scan
from imgrec.collection.walk import RealPlaces, check_root, why_offline
from imgrec.derived.kept import update_indexes
from imgrec.encoders import load_encoder, needs_weights
from imgrec.encoders.rgb import BINS, bins_of
from imgrec.encoders.spec import Classifier, Compile, Encoder
from imgrec.errors import ImgrecError, StoreError
from imgrec.indexing.classify import Described, described
from imgrec.indexing.commit_thread import CommitThread
from imgrec.indexing.jobs import PartJob, Result, classifiers_of, plan_jobs, tasks_of
from imgrec.indexing.read import Readings, Task
from imgrec.indexing.read_in_workers import readings
from imgrec.labels.classes import (
    begin_class_labels,
    begin_classes,
    complete_classes,
    labeling,
    update_class_labels,
)
from imgrec.labels.colors import begin_colors, lacks_colors, update_colors
from imgrec.store.manifest import is_store
from imgrec.store.origins import write_roots
from imgrec.store.restore import damage_noticed, restore
from imgrec.store.set_aside import set_aside_damaged
from imgrec.store.store import Store
from imgrec.system.interrupts import interrupt_deferred, interrupted_once
from imgrec.system.progress import progress

DEFAULT_ENCODER = "resnet50"
_NONE: Ids = np.zeros(0, np.int64)


@dataclass(frozen=True)
class IndexOptions:
    """How to index.

    Attributes:
        encoders: names, the one asked about first; none for all that the store has, or
            `resnet50` in a new one and where `only` brings in another collection.
        weights: a state dict for the torchvision encoder.
        device: `auto`, or a torch device name.
        bins: of `rgb`, for each channel; None for those of the store, or 256 in a new one.
        batch_size: pictures a task and a forward pass.
        workers: processes that decode; None for one a core.
        only: make the pictures of all other folders in the store missing.
        follow_links: take in what links lead to outside the folders, see
            `imgrec.collection.walk`; None for as the store was made before, or no in a new one.
        retry_failed: read the pictures again that failed before.
        hnsw: make the graph index, which pays from about a million pictures on.
        compile: torchvision models by the C++ compiler, on the CPU: `auto` where the pictures
            are enough to pay for it, `on`, `off`.
        quiet: no progress bar.
    """

    encoders: tuple[str, ...] = ()
    weights: Path | None = None
    device: str = "auto"
    bins: int | None = None
    batch_size: int = 32
    workers: int | None = None
    only: bool = False
    follow_links: bool | None = None
    retry_failed: bool = False
    hnsw: bool = False
    compile: Compile = "auto"
    quiet: bool = True


@dataclass
class Summary:
    """What a run did and what the store holds after it.

    Attributes:
        counts: pictures by status.
        failures: failed pictures by reason, the most frequent first.
        formats: ok pictures by file format, the most frequent first.
        features: dimensions by name.
        indexes: one line each on what is kept to search them.
        new: pictures met for the first time, or again with other content (`changed`).
        moved: pictures found at another place, their vectors kept.
        gone: pictures that are missing since this run.
        done: pictures read in this run.
        warnings: one line each for the user.
        elapsed_s: seconds of the run; `reading_s` of these while pictures were read.
        decode_s: seconds of the workers spent reading and decoding, `busy_s` in all.
    """

    counts: dict[str, int] = field(default_factory=dict)
    failures: dict[str, int] = field(default_factory=dict)
    formats: dict[str, int] = field(default_factory=dict)
    features: dict[str, int] = field(default_factory=dict)
    indexes: list[str] = field(default_factory=list)
    new: int = 0
    changed: int = 0
    moved: int = 0
    gone: int = 0
    done: int = 0
    warnings: list[str] = field(default_factory=list)
    elapsed_s: float = 0.0
    reading_s: float = 0.0
    decode_s: float = 0.0
    busy_s: float = 0.0


def index_folders(
    folders: Sequence[Path | str], store_path: Path | str, options: IndexOptions | None = None
) -> Summary:
    """Bring a store up to date with folders of pictures; do only what is new.

    Args:
        folders: that hold the pictures; none for those the store knows already.
        store_path: made where there is none.
        options: how; see `IndexOptions`.

    Raises:
        ImgrecError: a folder is absent or holds no picture, an encoder cannot be had, the
            store is of another format, or another run is writing to it.
        OSError: the disk is full or read-only.
    """
    started = time.perf_counter()
    options = options or IndexOptions()
    store_path = Path(store_path).resolve()
    summary = Summary(warnings=restore(store_path))
    follow = _follows_links(store_path, options)
    roots = _roots(folders, store_path, follow)
    encoders = _encoders(store_path, roots, options)
    primary = next((name for name in encoders if name != "rgb"), "rgb")
    with damage_noticed(store_path), Store.create(store_path) as store, store.writing():
        summary.warnings += set_aside_damaged(store_path)
        store.reserve_ids()
        if store.encoder is None:
            store.set_encoder(primary)  # now, so that a run that is killed goes on with it
        store.set_follow_links(follow)
        begin_colors(store)
        offline = _scan(store, roots, options, summary)
        write_roots(store_path, store.catalog)
        classifiers = _classifiers(encoders)
        for encoder in encoders.values():
            store.add_feature(encoder.spec)
        for classifier in classifiers.values():
            begin_classes(store, classifier)
        labels = labeling(store, primary, classifiers)
        labeled = labels if begin_class_labels(store, labels) else None
        jobs = plan_jobs(store, encoders, offline)
        _prepare(jobs, classifiers, options, summary)
        while lost := _read_pictures(store, jobs, encoders, labeled, options, summary):
            offline = np.concatenate([offline, *map(store.catalog.ids_under, lost)])
            jobs = plan_jobs(store, encoders, offline)
        for classifier in classifiers.values():
            if classifier.classifies_vectors:
                complete_classes(store, classifier, quiet=options.quiet)
        update_class_labels(store, labels)
        store.set_encoder(primary)
        lacking = lacks_colors(store)
        _update_indexes(store, options, summary)
        summary.counts, summary.failures = store.catalog.counts(), store.catalog.failures()
        summary.formats = store.catalog.formats()
        summary.features = {name: store.spec(name).dimensions for name in store.feature_names()}
    if lacking:  # it is an older store
        _update_colors(store_path, options, summary)
    summary.elapsed_s = time.perf_counter() - started
    return summary


def _update_colors(store_path: Path, options: IndexOptions, summary: Summary) -> None:
    try:
        with Store.open(store_path) as store:
            update_colors(store, quiet=options.quiet)
    except StoreError as error:
        summary.warnings.append(f"color words could not be made: {error}")


def _follows_links(store: Path, options: IndexOptions) -> bool:
    if options.follow_links is not None or not is_store(store):
        return bool(options.follow_links)
    with Store.open(store) as opened:
        return opened.follows_links


def _roots(folders: Sequence[Path | str], store: Path, follow_links: bool) -> list[Path]:
    """Return the folders named, each with a picture in it, or all that the store holds."""
    if any(not str(folder) for folder in folders):
        raise ImgrecError("a folder's name is empty: name the picture folder")
    roots = [Path(folder).expanduser().resolve() for folder in dict.fromkeys(folders)]
    for root in roots:
        check_root(root, RealPlaces(roots) if follow_links else None)
    return roots or _known_roots(store)


def _known_roots(store: Path) -> list[Path]:
    if not is_store(store):
        raise ImgrecError(f"no store at {store} and no folder named: name the picture folder")
    with Store.open(store) as opened:
        known = [Path(root) for root in opened.catalog.held_roots()]
    if not known:
        raise ImgrecError(f"{store} knows no folder of pictures yet: name one")
    return known


def _encoders(store: Path, roots: Collection[Path], options: IndexOptions) -> dict[str, Encoder]:
    """Return the encoders by name, `rgb` always among them, the one asked about first."""
    names, bins = list(options.encoders), options.bins
    if is_store(store):
        with Store.open(store) as opened:
            there = opened.feature_names()
            held = set(opened.catalog.held_roots()) & set(map(str, roots))
            afresh = options.only and not held  # another collection takes the place of the one here
            if not names and opened.encoder and not afresh:
                names = [opened.encoder, *there]
            if bins is None and "rgb" in there:
                bins = bins_of(opened.spec("rgb"))
    names = list(dict.fromkeys([*(names or [DEFAULT_ENCODER]), "rgb"]))
    if options.weights and not any(needs_weights(name) for name in names):
        raise ImgrecError(
            f"--weights {options.weights} is for a torchvision model, and the encoders are "
            f"{' and '.join(names)}: name the model with --encoder, or leave it out"
        )
    return {
        name: load_encoder(name, options.weights, options.device, bins or BINS) for name in names
    }


def _scan(store: Store, roots: Sequence[Path], options: IndexOptions, summary: Summary) -> Ids:
    """Bring the catalog up to date; return the ids of pictures that cannot be had now."""
    if options.only:
        summary.gone += leave_other_roots(store.catalog, roots)
    scanned = scan(store.catalog, roots, follow_links=store.follows_links)
    changes = scanned.changes
    summary.new, summary.moved = scanned.new, changes.moved
    summary.changed = changes.changed
    summary.gone += len(changes.gone) - changes.changed
    for found in scanned.walks.values():
        summary.warnings += passed_over(found)
    offline = scanned.offline
    summary.warnings += [f"{why}: its pictures stay as they are" for why in offline.values()]
    retried = None if options.retry_failed else "unreadable"
    store.catalog.retry_failed(retried, offline)
    return np.concatenate([store.catalog.ids_under(root) for root in offline] or [_NONE])


def _update_indexes(store: Store, options: IndexOptions, summary: Summary) -> None:
    """Make what the search wants; without it a query is slower, and right all the same."""
    try:
        summary.indexes = update_indexes(store, hnsw=options.hnsw, quiet=options.quiet)
    except (OSError, StoreError) as error:
        summary.warnings.append(f"the indexes could not be made ({error}): queries are slower")


def _prepare(
    jobs: Sequence[PartJob],
    classifiers: Mapping[str, Classifier],
    options: IndexOptions,
    summary: Summary,
) -> None:
    """Let each classifier make itself as fast as its share of the work is worth."""
    for name, classifier in classifiers.items():
        count = sum(len(job.ids) for job in jobs if name in classifiers_of(job, classifiers))
        slow = classifier.prepare(count, options.batch_size, options.compile, options.quiet)
        summary.warnings += [slow] if slow else []


def _read_pictures(
    store: Store,
    jobs: Sequence[PartJob],
    encoders: Mapping[str, Encoder],
    labeled: str | None,
    options: IndexOptions,
    summary: Summary,
) -> list[str]:
    """Read the pictures of all jobs, or as far as a root that goes away; return such roots."""
    started = time.perf_counter()
    lost: dict[str, str] = {}
    total = sum(len(job.ids) for job in jobs)
    workers = os.cpu_count() or 1 if options.workers is None else options.workers
    workers = min(workers, -(-total // options.batch_size))
    bar = progress(total=total, unit="pictures", quiet=options.quiet)
    classifiers = _classifiers(encoders)
    with bar, interrupted_once(), CommitThread(store.path, labeled) as writer:
        queued = _Queue(store, jobs, encoders, options.batch_size, writer)
        with closing(readings(queued.tasks(), workers)) as results:
            try:
                for found in described(results, jobs, classifiers):
                    read = found.readings
                    lost = queued.lost(read)
                    if lost:
                        break  # what this task read goes with it, and is read again
                    summary.warnings += _changed(queued.take(found))
                    bar.update(len(read.outcomes))
                    summary.done += len(read.outcomes)
                    summary.decode_s += read.decode_s
                    summary.busy_s += read.busy_s
                    summary.warnings += queued.describe(read)
            except KeyboardInterrupt:
                queued.flush()
                writer.finish()
                raise
        summary.warnings += _changed([*queued.flush(), *writer.finish()])
    summary.warnings += [f"{why}: the rest of its pictures waits for it" for why in lost.values()]
    summary.reading_s += time.perf_counter() - started
    return list(lost)


def _classifiers(encoders: Mapping[str, Encoder]) -> dict[str, Classifier]:
    return {name: e for name, e in encoders.items() if isinstance(e, Classifier)}


def _changed(files: Sequence[str]) -> list[str]:
    return [f"{file} changed while it was read" for file in files]


class _Queue:
    """Hands out the tasks of all jobs; each job goes to the writer when its last one is back."""

    def __init__(
        self,
        store: Store,
        jobs: Sequence[PartJob],
        encoders: Mapping[str, Encoder],
        batch: int,
        writer: CommitThread,
    ) -> None:
        self._store = store
        self._jobs = jobs
        self._encoders = encoders
        self._batch = batch
        self._writer = writer
        self._entries: dict[int, list[Entry]] = {}
        self._current = 0
        self._result = Result()

    def tasks(self) -> Iterator[Task]:
        for position, job in enumerate(self._jobs):
            self._entries[position] = self._store.catalog.entries(job.ids)
            yield from tasks_of(job, self._entries[position], self._encoders, self._batch)

    def take(self, found: Described) -> list[str]:
        """Add what was found in a task; return files, of written jobs, that changed meanwhile."""
        with interrupt_deferred():
            self._result.add(found.readings, found.encoded)
            whole = len(self._result.outcomes) == len(self._jobs[self._current].ids)
        return self.flush() if whole else []

    def flush(self) -> list[str]:
        """Give what has been taken of the current job to the writer; return as `take` does."""
        if not self._result.outcomes:
            return []
        with interrupt_deferred():
            job, entries = self._jobs[self._current], self._entries.pop(self._current)
            result, self._result = self._result, Result()
            self._current += 1
            return self._writer.put(job, entries, result)

    def lost(self, read: Readings) -> dict[str, str]:
        """Return {root: why} of the roots, of files that could not be read, that went away."""
        unreadable = [o.id for o in read.outcomes if o.reason == "unreadable"]
        roots = {entry.root for entry in self._store.catalog.entries(unreadable)}
        found = {root: why_offline(Path(root)) for root in sorted(roots)}
        return {root: why for root, why in found.items() if why}

    def describe(self, read: Readings) -> list[str]:
        """Return a line for each file that failed."""
        reasons = {o.id: o.reason for o in read.outcomes if o.status == "failed"}
        entries = self._store.catalog.entries(reasons)
        return [f"{e.file}: {reasons[e.id]} ({read.messages[e.id]})" for e in entries]
