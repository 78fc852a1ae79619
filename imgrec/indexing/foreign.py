"""Features whose vectors were made elsewhere: matched with pictures by path, written as parts.

Such a feature is like any other for whatever reads a store. It has no encoder: a later run cannot
compute what it lacks, and says so. Giving vectors again is idempotent: only rows that are new or
differ are written, as new parts, so a run that was killed is continued by the same command. A
changed picture has a new id, so its vector is lacking until it is given.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from imgrec.collection import Catalog, Entry, Ids
from imgrec.encoders.registry import BUILT_IN
from imgrec.encoders.spec import EncoderSpec
from imgrec.errors import ImgrecError, StoreError
from imgrec.indexing.vector_file import VectorFile, read_vector_file
from imgrec.pictures.preprocessing import Preprocessing
from imgrec.store.arrays import load_ids
from imgrec.store.features import FeatureStore
from imgrec.store.ownership import check_part, delete_folder
from imgrec.store.parts import part_name, part_numbers, write_part
from imgrec.store.store import Store
from imgrec.system.text import counted

# Rows of a part, and of a comparison.
_ROWS = 8192
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


@dataclass(frozen=True)
class Matched:
    """The pictures that a file has vectors of.

    Attributes:
        ids: (m,) ascending.
        rows: (m,) of the file, parallel to the ids.
        unknown: paths of the file that are no pictures of the store.
    """

    ids: Ids
    rows: NDArray[np.intp]
    unknown: tuple[str, ...]


def read_vector_files(store: Store | None, vectors: Mapping[str, Path]) -> tuple[VectorFile, ...]:
    """Read files of vectors and check them and their names; nothing is written.

    Args:
        store: open, None where there is none yet.
        vectors: file by name of the feature.

    Raises:
        ImgrecError: a name cannot be one of a feature, or is one of an encoder's feature; or a file
            is absent, wrong, or of another length than the vectors that the store has.
    """
    for name in vectors:
        if not _NAME.fullmatch(name) or name.lower() in BUILT_IN:
            raise ImgrecError(
                f"--vectors {name}=…: {name!r} cannot name vectors made elsewhere: take letters, "
                f"digits, . _ and -, and none of {', '.join(BUILT_IN)}"
            )
        if store and name in store.feature_names() and not store.spec(name).foreign:
            raise ImgrecError(
                f"--vectors {name}=…: the store's {name} was made by an encoder: take another name"
            )
    found = tuple(read_vector_file(name, file) for name, file in vectors.items())
    for each in found:
        there = store.spec(each.name) if store and each.name in store.feature_names() else None
        if store and there and there.dimensions != each.dimensions:
            raise ImgrecError(
                f"--vectors {each.name}: {each.file} has vectors of {each.dimensions} values, the "
                f"store's have {there.dimensions}: take another name, or delete "
                f"{store.paths.feature(each.name)}"
            )
    return found


def matched(catalog: Catalog, found: VectorFile, *statuses: str) -> Matched:
    """Return which pictures of these statuses a file has vectors of.

    Raises:
        ImgrecError: none of its paths is one of them, or a path is ambiguous.
    """
    row_of = {path: row for row, path in enumerate(found.paths)}
    known: dict[int, Entry] = {}
    ids: list[tuple[int, int]] = []
    for entry in (entry for status in statuses for entry in catalog.entries_with(status)):
        for row in _rows_of(entry, row_of):
            if row in known:
                raise _ambiguous(found, row, known[row], entry)
            known[row] = entry
            ids.append((entry.id, row))
    if not ids:
        raise ImgrecError(
            f"--vectors {found.name}: none of the {len(found.paths):,} paths is a picture of the "
            f"store, such as {found.paths[0]!r}: give them absolute, or relative to the folder "
            "that was indexed"
        )
    ids.sort()
    twice = next((i for (i, _), (j, _) in pairwise(ids) if i == j), None)
    if twice is not None:
        raise ImgrecError(
            f"--vectors {found.name}: {catalog.entries([twice])[0].path} is given twice, absolute "
            "and relative: give each picture once"
        )
    pairs = np.array(ids, np.int64)
    unknown = tuple(path for row, path in enumerate(found.paths) if row not in known)
    return Matched(pairs[:, 0].copy(), pairs[:, 1].astype(np.intp), unknown)


def begin_vectors(store: Store, files: Sequence[VectorFile]) -> None:
    """Create the features of files of vectors, before pictures are read.

    A file that matches no picture must not cost an hour of reading first.

    Raises:
        ImgrecError: none of a file's paths is a picture, or a path is ambiguous; nothing is
            written.
    """
    for found in files:
        matched(store.catalog, found, "new", "ok")
    for found in files:
        store.add_feature(foreign_spec(found.name, found.dimensions))


def add_vectors(store: Store, found: VectorFile) -> tuple[str, list[str]]:
    """Write the vectors of a file that the store lacks or has otherwise.

    Args:
        store: locked for writing; its pictures have been read, and `begin_vectors` was called.
        found: the file, checked.

    Returns:
        A line that says what was done, and warnings about pictures without vectors and vectors
        without pictures.

    Raises:
        ImgrecError: none of the file's paths is a readable picture.
        OSError: the disk is full or read-only; the same call continues.
    """
    match = matched(store.catalog, found, "ok")
    there = store.feature(found.name)
    changed = _changed(there, found, match)
    replaced = int((there.rows_of(match.ids[changed]) >= 0).sum())
    folder = store.paths.feature(found.name)
    number = 1 + max(part_numbers(folder), default=-1)
    for start in range(0, len(changed), _ROWS):
        rows = changed[start : start + _ROWS]
        vectors = found.take(match.rows[rows])
        write_part(folder, number, {"ids.npy": match.ids[rows], "vectors.npy": vectors})
        number += 1
    _drop_superseded(folder)
    line = (
        f"{found.name}: {counted(len(match.ids), 'vector')} of {found.dimensions} values from "
        f"{found.file.name}, {len(changed) - replaced:,} new, {replaced:,} replaced"
    )
    return line, _unknown_line(found, match)


def lacking_lines(store: Store) -> list[str]:
    """Return a line for each feature made elsewhere that lacks vectors of readable pictures."""
    lines = []
    for name in foreign_names(store):
        ok, feature = store.catalog.ids("ok"), store.feature(name)
        lacking = ok[feature.rows_of(ok) < 0]
        if len(lacking):
            example = store.catalog.entries(lacking[:1])[0].path
            lines.append(
                f"{name}: {len(lacking):,} of {counted(len(ok), 'picture')} have no vector, such "
                f"as {example}: give them by --vectors {name}=FILE"
            )
    return lines


def foreign_names(store: Store) -> list[str]:
    """Return the names of the features whose vectors were made elsewhere, sorted."""
    return [name for name in store.feature_names() if store.spec(name).foreign]


def foreign_spec(name: str, dimensions: int) -> EncoderSpec:
    """Return the spec of a feature that no encoder made; its preprocessing means nothing."""
    return EncoderSpec(name, dimensions, Preprocessing(1, 1), in_worker=False, foreign=True)


def _rows_of(entry: Entry, row_of: Mapping[str, int]) -> Iterator[int]:
    """Yield the rows of a picture: by its path in its root, and by where it is."""
    for path in (entry.path, entry.location):
        row = row_of.get(path)
        if row is not None:
            yield row


def _ambiguous(found: VectorFile, row: int, one: Entry, other: Entry) -> ImgrecError:
    return ImgrecError(
        f"--vectors {found.name}: {found.paths[row]!r} is a picture in {one.root} and in "
        f"{other.root}: give absolute paths"
    )


def _changed(there: FeatureStore, found: VectorFile, match: Matched) -> NDArray[np.intp]:
    """Return the positions in a match whose vectors the store lacks or has otherwise."""
    known = there.rows_of(match.ids)
    changed = [np.flatnonzero(known < 0)]
    kept = np.flatnonzero(known >= 0)
    for start in range(0, len(kept), _ROWS):
        some = kept[start : start + _ROWS]
        same = there.take_rows(known[some]) == found.take(match.rows[some])
        changed.append(some[~same.all(axis=1)])
    return np.sort(np.concatenate(changed))


def _drop_superseded(folder: Path) -> None:
    """Delete the parts of which every row is in a later part too."""
    later: Ids = np.zeros(0, np.int64)
    for number in reversed(part_numbers(folder)):
        part = folder / part_name(number)
        ids = load_ids(part)
        if len(later) and np.isin(ids, later).all():
            # A reader that has it open keeps it; one that stays does no harm.
            with suppress(OSError, StoreError):
                check_part(part)
                delete_folder(part, folder)
        later = np.union1d(later, ids)


def _unknown_line(found: VectorFile, match: Matched) -> list[str]:
    if not match.unknown:
        return []
    return [
        f"{found.name}: {len(match.unknown):,} of {len(found.paths):,} paths are no readable "
        f"pictures of the store, such as {match.unknown[0]}: their vectors are left out"
    ]


def unless_foreign(
    store: Store | None, names: Sequence[str], given: Mapping[str, Path]
) -> list[str]:
    """Return the names that are not those of vectors made elsewhere."""
    foreign = {*given, *(foreign_names(store) if store else ())}
    return [name for name in names if name not in foreign]
