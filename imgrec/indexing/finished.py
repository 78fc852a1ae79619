"""What becomes of a finished job: rows of the catalog, labels, and the files of its parts.

`finished` computes it from what was read, and writes nothing; `commit` writes it to a store. Who
writes elsewhere, as to object storage, takes the same rows and the same bytes.

Invariant: the catalog is written before the parts, so a kill in between leaves pictures that are
`ok` and lack an output, which the next plan finds; a part never has a row of a picture that the
catalog does not know.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from imgrec.collection import Catalog, Entry, Ids, Outcome
from imgrec.collection.kinds import COLOR
from imgrec.collection.outcomes import forget_times, record_outcomes
from imgrec.encoders.spec import check_finite
from imgrec.indexing.jobs import CLASSES_OF, PartJob, Result, output_folder
from imgrec.store.classes import Top, class_files, joined_tops, labels_of, read_description
from imgrec.store.origins import origins_of
from imgrec.store.parts import write_part
from imgrec.store.paths import PREVIEWS, THUMBS, StorePaths
from imgrec.store.previews import preview_files
from imgrec.store.store import Store
from imgrec.store.thumbnails import thumb_files

# Failures that say nothing against what is stored of a picture that was read before.
_SAYS_NOTHING = frozenset({"unreadable", "not-encoded"})

Files = dict[str, NDArray[Any] | bytes]


@dataclass(frozen=True)
class Labeling:
    """The classifier whose classes become labels.

    Attributes:
        encoder: its name.
        categories: the names of its classes.
    """

    encoder: str
    categories: Sequence[str]


@dataclass(frozen=True)
class Rows:
    """What a finished job writes to the catalog.

    Attributes:
        outcomes: of reading its pictures, but for those left out.
        labels: {kind: {id: value}} of the same pictures.
        changed: ids of pictures whose digest differs from the catalog's. They get no row, and the
            next scan treats them as changed.
    """

    outcomes: list[Outcome]
    labels: dict[str, dict[int, str]]
    changed: list[int]


@dataclass(frozen=True)
class Finished:
    """What becomes of a finished job.

    Attributes:
        rows: of the catalog.
        parts: files of the part in each output, as `write_part` takes them. Classes stand before
            features: a feature without its classes would never get them.
    """

    rows: Rows
    parts: dict[str, Files]


def finished(
    job: PartJob,
    entries: Sequence[Entry],
    result: Result,
    roots: Mapping[str, int],
    labeled: Labeling | None = None,
) -> Finished:
    """Return what becomes of a finished job.

    Args:
        job: the job.
        entries: of its pictures, as the catalog had them when the job began.
        result: of all its tasks.
        roots: {path: number} of all roots.
        labeled: whose classes become labels, None for nobody's.

    Raises:
        EncoderError: a vector is not finite.
    """
    known = {entry.id: entry.digest for entry in entries if entry.digest}
    changed = [o.id for o in result.outcomes if o.digest and o.digest != known.get(o.id, o.digest)]
    lost = [o.id for o in result.outcomes if o.id in known and o.reason in _SAYS_NOTHING]
    for name, vectors in result.vectors.items():
        check_finite(name, vectors)
    left_out = {*changed, *lost}
    ids = np.concatenate(result.ids)
    tops = {name: joined_tops(found) for name, found in result.tops.items()}
    labels = {COLOR: result.colors, **_class_labels(ids, tops, labeled)}
    rows = Rows(
        [outcome for outcome in result.outcomes if outcome.id not in left_out],
        {
            kind: {i: value for i, value in values.items() if i not in left_out}
            for kind, values in labels.items()
        },
        changed,
    )
    kept = np.flatnonzero(np.isin(ids, changed, invert=True))
    parts = _parts(job, entries, ids, kept, result, tops, roots) if len(kept) else {}
    return Finished(rows, parts)


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
        job: as of `finished`, and so are the others.
        entries: of its pictures.
        result: of its tasks.
        labeled: the classifier whose classes become labels, None for none.

    Returns:
        `Rows.changed`.

    Raises:
        EncoderError: a vector is not finite; nothing is written then.
    """
    labeling = _labeling(store.paths, labeled)
    done = finished(job, entries, result, store.catalog.roots(), labeling)
    record(store.catalog, done.rows)
    for output, files in done.parts.items():
        write_part(output_folder(store.paths, output), job.number, files)
    return done.rows.changed


def record(catalog: Catalog, rows: Rows) -> None:
    """Write the rows of a finished job to the catalog; idempotent."""
    record_outcomes(catalog, rows.outcomes, rows.labels)
    forget_times(catalog, rows.changed)


def _parts(
    job: PartJob,
    entries: Sequence[Entry],
    ids: Ids,
    rows: NDArray[np.intp],
    result: Result,
    tops: Mapping[str, Top],
    roots: Mapping[str, int],
) -> dict[str, Files]:
    kept = ids[rows]
    parts = {
        CLASSES_OF + name: class_files(kept, Top(top.indices[rows], top.probabilities[rows]))
        for name, top in tops.items()
    }
    for name in job.outputs:
        if name == THUMBS:
            origins = origins_of(kept, entries, result.outcomes, roots)
            parts[name] = thumb_files(kept, [result.thumbs[row] for row in rows], origins)
        elif name == PREVIEWS:
            parts[name] = preview_files(kept, [result.previews[row] for row in rows])
        elif not name.startswith(CLASSES_OF):
            vectors = np.concatenate(result.vectors[name])[rows]
            parts[name] = {"ids.npy": kept, "vectors.npy": vectors}
    return parts


def _class_labels(
    ids: Ids, tops: Mapping[str, Top], labeled: Labeling | None
) -> dict[str, dict[int, str]]:
    if labeled is None or labeled.encoder not in tops:
        return {}
    return labels_of(ids, tops[labeled.encoder], labeled.categories)


def _labeling(paths: StorePaths, encoder: str | None) -> Labeling | None:
    described = read_description(paths.classes(encoder)) if encoder else None
    return Labeling(encoder, described["categories"]) if encoder and described else None
