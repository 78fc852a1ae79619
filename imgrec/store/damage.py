"""Damage of a part: found cheaply by sizes and headers, or surely by checksums.

Opening a store must be fast, so it compares file sizes and array headers, and checksums only of
small files. The doctor reads every byte and finds a single flipped bit.
"""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from imgrec.errors import StoreError, cause_of
from imgrec.store.arrays import form_problem, load_array, load_ids
from imgrec.store.parts import MANIFEST, part_name, part_numbers, read_manifest
from imgrec.store.paths import CLASSES, FEATURE_DESCRIPTION, FEATURES, PREVIEWS, THUMBS
from imgrec.store.previews import PREVIEWS_FILE
from imgrec.store.thumbnails import THUMBS_FILE
from imgrec.system.json_files import json_or_none

# Files up to this size are compared by checksum even in the cheap check.
_SMALL_BYTES = 1 << 16
_CHUNK_BYTES = 1 << 22
# The outputs that are small pictures end to end in one file, by kind, and the name of that file.
PICTURE_FILES = {THUMBS: THUMBS_FILE, PREVIEWS: PREVIEWS_FILE}
# What the description of a feature tells of its parts.
_TELLING = {"dimensions": int, "foreign": bool}


@dataclass(frozen=True)
class Output:
    """A folder of parts: a feature, the thumbnails, the previews, or the classes of an encoder.

    Attributes:
        kind: `features`, `thumbs`, `previews` or `classes`.
        folder: of the parts.
        dimensions: d of a feature's vectors, None if its description does not tell.
        foreign: True of a feature whose vectors were made elsewhere.
    """

    kind: str
    folder: Path
    dimensions: int | None = None
    foreign: bool = False

    def parts(self) -> list[Path]:
        """Return the folders of the parts, by ascending number."""
        return [self.folder / part_name(number) for number in part_numbers(self.folder)]


def outputs_of(store: Path) -> Iterator[Output]:
    """Yield the outputs of a store: features and classes by name, thumbnails, then previews."""
    for kind in (FEATURES, CLASSES):
        for folder in sorted(path for path in (store / kind).glob("*") if path.is_dir()):
            described = json_or_none(folder / FEATURE_DESCRIPTION, _TELLING) or {}
            dimensions, foreign = described.get("dimensions"), described.get("foreign", False)
            yield Output(kind, folder, dimensions, foreign)
    for kind in PICTURE_FILES:
        if (store / kind).is_dir():
            yield Output(kind, store / kind)


def part_problem(output: Output, part: Path) -> str | None:
    """Return what is wrong with a part, None if nothing is; cheap.

    Compares file sizes with `part.json`, small files by checksum too, and arrays by their
    headers.
    """
    try:
        problem = _written_problem(part, small_only=True)
        if problem:
            return problem
        ids = load_ids(part)
        if output.kind in PICTURE_FILES:
            return _pictures_problem(part, len(ids), PICTURE_FILES[output.kind])
        if output.kind == CLASSES:
            return _classes_problem(part, len(ids))
        return _vectors_problem(part, len(ids), output.dimensions)
    except StoreError as error:
        return str(error.__cause__ or "its ids are not ascending whole numbers")
    except OSError as error:
        return f"{cause_of(error)}: {Path(error.filename or part).name}"


def digest_problem(part: Path) -> str | None:
    """Return which file of a part differs from its checksum, None if none does; reads all bytes."""
    try:
        return _written_problem(part, small_only=False)
    except OSError as error:
        return f"{cause_of(error)}: {Path(error.filename or part).name}"


def _written_problem(part: Path, *, small_only: bool) -> str | None:
    manifest = read_manifest(part)
    if manifest is None:
        return f"{MANIFEST} is {'damaged' if (part / MANIFEST).exists() else 'not there'}"
    for name, described in manifest["files"].items():
        size, digest = described["bytes"], described["blake2b"]
        file = part / name
        if not file.is_file():
            return f"{name} is not there"
        found = file.stat().st_size
        if found != size:
            return f"{name} has {found:,} bytes, {size:,} were written"
        if (size <= _SMALL_BYTES or not small_only) and _file_digest(file) != digest:
            return f"{name} is not what was written, by its digest"
    return None


def _file_digest(file: Path) -> str:
    found = hashlib.blake2b(digest_size=16)
    with file.open("rb") as opened:
        while chunk := opened.read(_CHUNK_BYTES):
            found.update(chunk)
    return found.hexdigest()


def _vectors_problem(part: Path, count: int, dimensions: int | None) -> str | None:
    sizes = {"m": count} if dimensions is None else {"m": count, "d": dimensions}
    return _array_problem(part / "vectors.npy", "float32|float16 m d", sizes)


def _classes_problem(part: Path, count: int) -> str | None:
    problem = _array_problem(part / "top.npy", "int16 m k", {"m": count})
    if problem:
        return problem
    classes = load_array(part / "top.npy").shape[1]
    sizes = {"m": count, "k": classes}
    return _array_problem(part / "probabilities.npy", "float32 m k", sizes)


def _pictures_problem(part: Path, count: int, file: str) -> str | None:
    problem = _array_problem(part / "offsets.npy", "int64 m", {"m": count + 1})
    if problem:
        return problem
    offsets = load_array(part / "offsets.npy")
    if offsets[0] != 0 or (np.diff(offsets) < 0).any():
        return "offsets.npy does not ascend from 0"
    size = (part / file).stat().st_size
    if offsets[-1] != size:
        return f"{file} has {size:,} bytes, offsets.npy says {int(offsets[-1]):,}"
    return None


def _array_problem(path: Path, form: str, sizes: Mapping[str, int]) -> str | None:
    problem = form_problem(load_array(path), form, sizes)
    return f"{path.name} {problem}" if problem else None
