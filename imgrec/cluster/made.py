"""Parts that were made before, by anybody: found by what went into them, and not made again.

    made/<digest>.json    the digest is one of the fingerprint, the outputs and the contents

A part is a function of its pictures' contents and the fingerprint, but for ids and places. So for
each job whose contents are known before they are read its result is kept without these; a job of
the same contents in the same order gets its blobs, and only what holds ids and places is written
again. Contents are known by the digest of the catalog, or by the version (etag) of an object: such
a version is one of its own address only, and a weak version (`imgrec.sources.source`) is none.

Invariant: kept are only results that another machine would get too: no picture failed for lack of
time or memory, and none changed while it was read.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from imgrec.cluster.fingerprint import digest_of
from imgrec.cluster.outputs import store_path
from imgrec.cluster.plan import Plan
from imgrec.cluster.records import are_of_part, rows_content, rows_of
from imgrec.collection import Entry, Outcome
from imgrec.errors import StoreError
from imgrec.indexing.finished import Finished, Rows
from imgrec.indexing.jobs import PartJob
from imgrec.objects.errors import LargeObjectError, MissingObjectError
from imgrec.objects.objects import Objects
from imgrec.remote.blobs import Blobs
from imgrec.remote.manifest import Entry as Blob
from imgrec.remote.manifest import is_entry
from imgrec.sources.source import WEAK
from imgrec.store.origins import ORIGINS, origins_of
from imgrec.store.parts import MANIFEST, manifest_content, serialized
from imgrec.system.json_files import decoded, problem

# Failures that the content of a file decides, on every machine.
_BY_CONTENT = frozenset({"damaged", "truncated", "unsupported"})
MADE = "made/"
MOST_BYTES = 1 << 22
_IDS = "ids.npy"
# Files of a part that are written again, because they hold ids and places.
_ANEW = frozenset({_IDS, ORIGINS, MANIFEST})
_SHAPE = {"parts": {str: {str: is_entry}}, "rows": is_entry}


def made_key(plan: Plan, job: PartJob, entries: Sequence[Entry]) -> str | None:
    """Return the key of what a job makes; None where a content is not known before it is read."""
    tokens = [_content(entry) for entry in entries]
    if None in tokens:
        return None
    settings = plan.settings
    deciding = [settings.timeout_s, settings.preview_px, settings.compile, settings.labeled]
    digest = digest_of([plan.fingerprint, deciding, list(job.outputs), tokens])
    return f"{MADE}{digest}.json"


def keep_made(
    objects: Objects,
    blobs: Blobs,
    key: str,
    job: PartJob,
    done: Finished,
    files: Mapping[str, Blob],
) -> None:
    """Keep the result of a job for those to come, if every machine would get it.

    Args:
        objects: of the store.
        blobs: of the store.
        key: of `made_key`.
        job: the job.
        done: its result.
        files: entries of the blobs by path in the store.
    """
    whole = len(done.rows.outcomes) == len(job.ids) and not done.rows.changed
    if not whole or not all(map(_by_content, done.rows.outcomes)):
        return
    places = {int(image_id): place for place, image_id in enumerate(job.ids)}
    parts = {
        output: {name: list(files[store_path(output, job.number, name)]) for name in content}
        for output, content in done.parts.items()
    }
    rows = blobs.put(rows_content(_renumbered(done.rows, places)))
    objects.create(key, json.dumps({"parts": parts, "rows": list(rows)}).encode())


def find_made(
    objects: Objects,
    blobs: Blobs,
    key: str,
    job: PartJob,
    entries: Sequence[Entry],
    plan: Plan,
    descriptions: Mapping[str, object],
) -> tuple[Rows, dict[str, Blob]] | None:
    """Return rows and files of a job that was made before; None where it was not.

    Args:
        objects: of the store.
        blobs: of the store.
        key: of `made_key`.
        job: the job.
        entries: of its pictures.
        plan: the job is of.
        descriptions: of the features (`imgrec.cluster.outputs.descriptions_of`).

    Raises:
        ObjectError: storage cannot be reached.
    """
    try:
        found = decoded(objects.get(key, most_bytes=MOST_BYTES)[0])
        if problem(found, _SHAPE):
            return None
        kept = rows_of(blobs.get(Blob(*found["rows"])), objects.location(key))
        rows = _renumbered(kept, dict(enumerate(job.ids.tolist())))
        parts = {
            output: {name: Blob(*entry) for name, entry in files.items()}
            for output, files in found["parts"].items()
        }
        names = [(output, name) for output, files in parts.items() for name in (*files, MANIFEST)]
        if not are_of_part({store_path(o, job.number, name) for o, name in names}, job.number):
            return None
    # Whatever is wrong with it, the job is done anew.
    except (MissingObjectError, LargeObjectError, StoreError, KeyError, ValueError):
        return None
    there = [blob for files in parts.values() for name, blob in files.items() if name not in _ANEW]
    if not all(map(blobs.is_there, there)):
        return None
    ids = np.array([o.id for o in rows.outcomes if o.status == "ok"], np.int64)
    written = {
        _IDS: blobs.put(serialized(ids)),
        ORIGINS: blobs.put(origins_of(ids, entries, rows.outcomes, plan.roots)),
    }
    files: dict[str, Blob] = {}
    for output, content in parts.items():
        now = {name: written.get(name, blob) for name, blob in content.items() if name != MANIFEST}
        sizes = {name: (blob.size, blob.digest) for name, blob in now.items()}
        now[MANIFEST] = blobs.put(manifest_content(sizes, descriptions.get(output)))
        files |= {store_path(output, job.number, name): blob for name, blob in now.items()}
    return rows, files


class Named(NamedTuple):
    """The digests that the note of a made part names.

    Attributes:
        parts: of files of the part, but for those that are written again.
        rows: of what goes to the catalog.
    """

    parts: frozenset[str]
    rows: frozenset[str]


def named_by_made(data: bytes) -> Named | None:
    """Return what a note of `keep_made` names; None if it is damaged."""
    try:
        found = decoded(data)
    except ValueError:
        return None
    if problem(found, _SHAPE):
        return None
    parts = {
        blob[0]
        for files in found["parts"].values()
        for name, blob in files.items()
        if name not in _ANEW
    }
    return Named(frozenset(parts), frozenset([found["rows"][0]]))


def _content(entry: Entry) -> object:
    """Return what stands for the content of a picture before it is read; None if nothing does."""
    if entry.digest:
        return entry.digest
    if entry.token and WEAK not in entry.token:
        return [entry.root, entry.path, entry.size, entry.token]
    return None


def _by_content(outcome: Outcome) -> bool:
    return outcome.status == "ok" or outcome.reason in _BY_CONTENT


def _renumbered(rows: Rows, numbers: Mapping[int, int]) -> Rows:
    outcomes = [replace(outcome, id=numbers[outcome.id]) for outcome in rows.outcomes]
    labels = {
        kind: {numbers[i]: value for i, value in values.items()}
        for kind, values in rows.labels.items()
    }
    return Rows(outcomes, labels, [])
