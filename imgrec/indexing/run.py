"""Index folders of pictures: bring the catalog, vectors and thumbnails of a store up to date.

A run scans the folders, plans jobs for what the pictures lack, and reads, encodes and commits them
part by part. It is idempotent and resumable: a killed run continues after the last committed part,
and ends with the same store as one that was never interrupted. The store is opened once, and the
lock is held from before the scan to the end, so that two runs never write at the same time.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Protocol, runtime_checkable

import numpy as np

from imgrec.collection import Ids
from imgrec.collection.outcomes import retry_failed
from imgrec.collection.reread import forget_versions
from imgrec.collection.rescan import accepted_line, leave_other_roots, passed_over, scan
from imgrec.derived.kept import update_indexes
from imgrec.encoders.classifier import Classifier
from imgrec.encoders.device import DeviceEncoder, device_encoders
from imgrec.encoders.spec import Encoder
from imgrec.errors import StoreError, cause_of
from imgrec.indexing.foreign import add_vectors, begin_vectors, lacking_lines
from imgrec.indexing.jobs import PartJob, on_device, plan_jobs
from imgrec.indexing.no_effect import without_effect
from imgrec.indexing.options import IndexOptions, Summary
from imgrec.indexing.preview_setting import set_previews
from imgrec.indexing.reading import read_pictures
from imgrec.indexing.vector_file import VectorFile
from imgrec.indexing.waiting import waiting_line, waiting_pictures
from imgrec.indexing.wanted import Wanted, decide
from imgrec.labels.classes import (
    begin_class_labels,
    begin_classes,
    complete_classes,
    labeling,
    update_class_labels,
)
from imgrec.labels.colors import begin_colors, lacks_colors, update_colors
from imgrec.sources.passed_over import not_taken_lines, skipped_lines, unused_lines
from imgrec.sources.rules import Rules
from imgrec.sources.source import PictureSource
from imgrec.store.exchange import delete_exchange
from imgrec.store.manifest import is_store
from imgrec.store.origins import write_roots
from imgrec.store.part_work import PartWork
from imgrec.store.restore import damage_noticed, restore
from imgrec.store.set_aside import set_aside_damaged
from imgrec.store.store import Store
from imgrec.system.advice import quoted
from imgrec.system.argument_types import PATH, Kind, check_type
from imgrec.system.progress import planned, progress
from imgrec.system.stage_costs import INDEXES, READING, SCANNING, reading_s, weights_of
from imgrec.system.threads import cores

Read = Callable[
    [Store, Sequence[PartJob], Mapping[str, Encoder], str | None, IndexOptions, Summary], list[str]
]


@runtime_checkable
class Resuming(Protocol):
    """A `Read` that finishes what a killed run of its kind has left half done."""

    def resume(self, store: Store) -> list[str]:
        """Finish it, in an open store whose lock is held, before the pictures are listed.

        Returns:
            Warnings, a line each.
        """


_NONE: Ids = np.zeros(0, np.int64)
# Encoders that know nothing of what is in a picture.
_NOT_LEARNED = {"mini", "rgb"}
_FOLDERS = Kind((tuple, list), "a folder, or a list of folders", items=PATH)
_HINT = "imgrec index --encoder lite0 adds what is in the pictures, and their classes"


def index_folders(
    folders: Sequence[Path | str] | Path | str,
    store_path: Path | str,
    options: IndexOptions | None = None,
    read: Read = read_pictures,
    work: PartWork | None = None,
) -> Summary:
    """Index folders of pictures into a store; read only what is new or changed.

    Args:
        folders: one or several, of pictures; empty for those that the store has indexed before.
        store_path: the store's folder, created if it is absent.
        options: see `IndexOptions`, the default.
        read: reads and commits the pictures of jobs, and takes and returns what `read_pictures`
            does: in this process, or elsewhere (`imgrec.cluster`).
        work: how search indexes are made group by group, see `update_indexes`.

    Raises:
        ImgrecError: a folder is absent or holds no picture, an encoder cannot be loaded, the
            store has another format, or another run is writing to it.
        WrongTypeError: an argument has another type.
        OSError: the disk is full or read-only.
    """
    started = time.perf_counter()
    folders = [folders] if isinstance(folders, str | Path) else folders
    check_type("folders", folders, _FOLDERS)
    check_type("store_path", store_path, PATH)
    check_type("options", options, Kind((IndexOptions,), "Options, or None", or_none=True))
    options = options or IndexOptions()
    store_path = Path(store_path).resolve()
    summary = Summary(warnings=restore(store_path))
    with (
        damage_noticed(store_path),
        ExitStack() as stack,
        planned(weights_of([SCANNING], 0), quiet=options.quiet),
    ):
        store = stack.enter_context(Store.create(store_path)) if is_store(store_path) else None
        wanted = decide(store, store_path, folders, options)
        if store is None:
            # Only now: a mistake in the arguments must not leave an empty store behind.
            store = stack.enter_context(Store.create(store_path))
        with store.writing():
            options = replace(options, previews=wanted.preview_px)
            _update(store, wanted, options, summary, read, work)
    summary.elapsed_s = time.perf_counter() - started
    return summary


def _update(
    store: Store,
    wanted: Wanted,
    options: IndexOptions,
    summary: Summary,
    read: Read,
    work: PartWork | None,
) -> None:
    """Do the run on an open store whose lock is held."""
    summary.compared_before = _compared(store)
    summary.warnings += set_aside_damaged(store.path)
    if isinstance(read, Resuming):
        summary.warnings += read.resume(store)
    store.reserve_ids()
    if store.encoder is None and wanted.primary in wanted.encoders:
        # Before anything is read, so that a resumed run has the same encoder.
        store.set_encoder(wanted.primary)
    store.set_follow_links(wanted.follow_links)
    store.set_rules(wanted.rules)
    summary.warnings += set_previews(store, wanted.preview_px)
    begin_colors(store)
    with progress(SCANNING, quiet=options.quiet):
        offline = _scan(store, wanted.sources, options, summary)
    write_roots(store.path, store.catalog)
    begin_vectors(store, wanted.vectors)
    _read(store, wanted, offline, options, summary, read)
    store.set_encoder(wanted.primary)
    if lacks_colors(store):
        _update_colors(store, options, summary)
    _add_vectors(store, wanted.vectors, summary)
    _update_indexes(store, options, summary, work)
    summary.warnings += delete_exchange(store.path)
    totals = store.catalog.totals
    summary.counts, summary.failures = totals.counts(), totals.failures()
    summary.formats = totals.formats()
    summary.features = {name: store.spec(name).dimensions for name in store.feature_names()}
    summary.compared = _compared(store)
    if not options.encoders and summary.features.keys() <= _NOT_LEARNED:
        summary.hint = _HINT


def _compared(store: Store) -> str | None:
    """Return what is compared by default; None while the store has no such feature."""
    name = store.default_feature
    return name if name in (*store.feature_names(), *store.relation_names()) else None


def _read(
    store: Store,
    wanted: Wanted,
    offline: Ids,
    options: IndexOptions,
    summary: Summary,
    read: Read,
) -> None:
    """Read the pictures that lack a feature, a thumbnail or classes; write these and labels."""
    encoders = wanted.encoders
    classifiers = {name: e for name, e in encoders.items() if isinstance(e, Classifier)}
    for encoder in encoders.values():
        store.add_feature(encoder.spec)
    for classifier in classifiers.values():
        begin_classes(store, classifier)
    labels = labeling(store, wanted.primary, classifiers)
    labeled = labels if begin_class_labels(store, labels) else None
    jobs = plan_jobs(store, encoders, offline, options.part_rows)
    if jobs and len(waiting := waiting_pictures(store)):
        summary.skipped += waiting_line(store, waiting)
        offline = np.concatenate([offline, waiting])
        jobs = plan_jobs(store, encoders, offline, options.part_rows)
    summary.warnings += without_effect(encoders, options)
    _prepare(jobs, device_encoders(encoders), options, summary)
    with planned(_weights(store, jobs, encoders), quiet=options.quiet):
        while lost := read(store, jobs, encoders, labeled, options, summary):
            offline = np.concatenate([offline, *map(store.catalog.ids_under, lost)])
            jobs = plan_jobs(store, encoders, offline, options.part_rows)
    for classifier in classifiers.values():
        if classifier.classifies_vectors:
            complete_classes(store, classifier, quiet=options.quiet)
    update_class_labels(store, labels)


def _weights(
    store: Store, jobs: Sequence[PartJob], encoders: Mapping[str, Encoder]
) -> dict[str, float]:
    """Return the weights of the stages once it is known which pictures are read."""
    read = sum(len(job.ids) for job in jobs)
    pictures = store.catalog.totals.counts()["ok"] + read
    return {READING: reading_s(read, encoders)} | weights_of([INDEXES], pictures)


def _update_colors(store: Store, options: IndexOptions, summary: Summary) -> None:
    """Write the color labels that no job wrote: after a lost catalog, or a change of the rule."""
    try:
        update_colors(store, quiet=options.quiet)
    except StoreError as error:
        summary.warnings.append(f"color words could not be made: {error}")


def _scan(
    store: Store, sources: Sequence[PictureSource], options: IndexOptions, summary: Summary
) -> Ids:
    """Bring the catalog up to date; return the ids (m,) of pictures whose source is offline."""
    if options.reread is not None:
        named = [source.description for source in sources]
        summary.compared_again = forget_versions(store.catalog, options.reread, named)
    outside = store.catalog.ids("left-out")
    if options.only:
        leave_other_roots(store.catalog, [source.description for source in sources])
    shared = options.workers != 0 and cores() > 1
    follow, rules = store.follows_links, store.rules
    scanned = scan(store.catalog, sources, follow_links=follow, rules=rules, shared=shared)
    changes = scanned.changes
    summary.new, summary.moved = scanned.new, changes.moved
    summary.changed, summary.returned = changes.changed, changes.returned
    summary.gone = len(changes.gone) - changes.changed
    summary.left_out = len(np.setdiff1d(store.catalog.ids("left-out"), outside))
    listings = list(scanned.walks.values())
    summary.skipped = [*skipped_lines(listings), *not_taken_lines(listings)]
    summary.warnings += [accepted_line(*accepted) for accepted in scanned.accepted.items()]
    for root, found in scanned.walks.items():
        summary.warnings += passed_over(root, found)
    if not scanned.offline:
        given = Rules(exclude=options.exclude, include=options.include)
        summary.warnings += unused_lines(listings, given)
    offline = scanned.offline
    summary.warnings += [_offline_line(root, why) for root, why in offline.items()]
    retried = None if options.retry_failed else "unreadable"
    retry_failed(store.catalog, retried, offline)
    return np.concatenate([store.catalog.ids_under(root) for root in offline] or [_NONE])


def _offline_line(root: str, why: str) -> str:
    """Return the warning about a root that cannot be read now; of an absent one also what to do."""
    line = f"{why}: its pictures stay as they are"
    if not why.endswith("is not there"):
        return line
    return (
        f"{line} (if it has moved: imgrec index --relocate {quoted(root)} NEW; "
        "if it is gone for good: imgrec index --only FOLDER, with all that stay)"
    )


def _add_vectors(store: Store, files: Sequence[VectorFile], summary: Summary) -> None:
    """Write the vectors that were made elsewhere; say which pictures have none."""
    for found in files:
        line, warnings = add_vectors(store, found)
        summary.vectors.append(line)
        summary.warnings += warnings
    summary.warnings += lacking_lines(store)


def _update_indexes(
    store: Store, options: IndexOptions, summary: Summary, work: PartWork | None
) -> None:
    """Update the search indexes; a failure is a warning, because queries work without them."""
    try:
        with progress(INDEXES, quiet=options.quiet):
            summary.indexes = update_indexes(
                store, hnsw=options.hnsw, quiet=options.quiet, work=work
            )
    except (OSError, StoreError) as error:
        summary.warnings.append(
            f"the indexes could not be made ({cause_of(error)}): queries are slower"
        )


def _prepare(
    jobs: Sequence[PartJob],
    encoders: Mapping[str, DeviceEncoder],
    options: IndexOptions,
    summary: Summary,
) -> None:
    """Let each encoder optimize itself for the number of pictures it will get."""
    for name, encoder in encoders.items():
        count = sum(len(job.ids) for job in jobs if name in on_device(job, encoders))
        slow = encoder.prepare(count, options.batch_size, options.compile, options.quiet)
        summary.warnings += [slow] if slow else []
