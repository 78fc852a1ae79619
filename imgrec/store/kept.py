"""Kept arrays: a cache folder whose files are verified by checksum whenever they are loaded.

Indexes, k-NN graphs, layouts, maps and pages are derived from the features. They can be computed
again, so a store keeps them as a cache, and a reader must never trust a file that is stale,
truncated, bit-flipped or swapped with another one. All of them are written and read here.

    FOLDER/
        kept.json      what the files were made from, and the size and checksum of each
        <name>.npy     an array, opened memory-mapped
        …              other files, such as the graph file of an HNSW library

`kept.json` holds

* `stamp`: what decides staleness, such as a version and the identity of the encoder. `load` asks
  with the stamp that it needs; any difference means that the files are stale.
* `state`: what the caller wants to know beside the arrays.
* `files`: for each file its bytes, its SHA-256, the SHA-256 of its two ends, and the dtype and
  shape of an array.
* `sha256`: the checksum of the three above.

Invariants. A folder is written under a temporary name and renamed, so it is the old one or the
new one. `load` returns exactly what `save` wrote, or None: whoever gets None computes it again.
Nothing is pickled.

Cost. Of every file the size and the first and last 64 KiB are verified: this notices truncation,
a damaged header, and a file of another folder in its place. Files up to `SMALL_BYTES` are hashed
whole always, larger ones with `verify=True`: everywhere but where a query opens an index. SHA-256
runs at 1.5 GB/s with the instructions most processors have for it (BLAKE2b: 0.5 GB/s), so a
sketch of 400,000 pictures (53 MB) takes 35 ms. Files are never appended to: whoever grows an
array writes a new folder, and the checksum is computed from the bytes on their way to the disk.
"""

import hashlib
import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from imgrec.errors import StoreError, cause_of
from imgrec.store.arrays import is_storable, load_array
from imgrec.store.ownership import check_kept, set_aside_unsigned
from imgrec.store.parts import is_file_name
from imgrec.system.atomic_folders import new_folder
from imgrec.system.json_files import a_number, decoded, problem
from imgrec.system.regular_files import read_regular

SIDECAR = "kept.json"
SMALL_BYTES = 1 << 22  # 3 ms of hashing
_END_BYTES = 1 << 16
# It lists the parts that rows came from, 60 bytes each.
_MOST_SIDECAR_BYTES = 1 << 24
_FILE = {
    "bytes": a_number(0, 1 << 62),
    "sha256": str,
    "ends_sha256": str,
    "dtype?": str,
    "shape?": [a_number(0, 1 << 62)],
}
_SIDECAR = {"stamp": {}, "state": {}, "files": {str: _FILE}, "sha256": str}
_TRIES = 3
_CHECKSUM = re.compile("[0-9a-f]{64}")
Arrays = Mapping[str, NDArray[Any]]
Token = tuple[int, int]


@dataclass(frozen=True)
class Kept:
    """What a folder holds.

    Attributes:
        arrays: by name, memory-mapped.
        state: as it was given to `save`, after a round trip through JSON.
        token: of the folder, see `folder_token`.
    """

    arrays: Arrays
    state: dict[str, Any]
    token: Token


def save(
    folder: Path,
    stamp: Mapping[str, Any],
    arrays: Arrays,
    state: Mapping[str, Any] | None = None,
    write_more: Callable[[Path], None] | None = None,
) -> None:
    """Write arrays and what describes them to a folder, atomically.

    Args:
        folder: replaced whole where it exists; one that lost its sidecar is moved to `damaged/`.
        stamp: JSON values that decide whether the arrays are stale.
        arrays: by name; none of them of objects.
        state: JSON values to be returned by `load`.
        write_more: writes other files into the temporary folder it is given.

    Raises:
        OSError: the disk is full or read-only; the old folder stays as it was.
        StoreError: the old folder holds files that `save` did not write; it stays as it was.
        ValueError: an array holds no numbers, or not as this machine has them.
    """
    set_aside_unsigned(folder)
    with new_folder(folder, check_kept) as temporary:
        files = {}
        for name, values in arrays.items():
            path = temporary / f"{name}.npy"
            described = {"dtype": values.dtype.str, "shape": list(values.shape)}
            files[path.name] = {**_write_array(path, values), **described}
        if write_more:
            write_more(temporary)
            others = sorted(p for p in temporary.iterdir() if p.name not in files)
            files |= {p.name: _described(p, _checksum(p)) for p in others}
        body = {"stamp": dict(stamp), "state": dict(state or {}), "files": files}
        (temporary / SIDECAR).write_text(_signed(body), "utf-8")


def load(
    folder: Path,
    stamp: Mapping[str, Any],
    names: Iterable[str],
    *,
    verify: bool = True,
    small_bytes: int = SMALL_BYTES,
) -> Kept | None:
    """Return what a folder keeps; None where it is absent, stale or damaged.

    Args:
        folder: as given to `save`.
        stamp: None is returned where `save` was given another one.
        names: of the arrays wanted; None is returned where one lacks.
        verify: hash files of any size whole.
        small_bytes: files up to this size are hashed whole even without `verify`.
    """
    wanted = json.loads(json.dumps(stamp))
    for _ in range(_TRIES):
        token = folder_token(folder)
        found = _load(folder, wanted, names, token, None if verify else small_bytes)
        if token == folder_token(folder):
            return found
    return None  # replaced again and again while it is read


def check(folder: Path) -> Kept:
    """Return all arrays of a folder, whatever their stamp; every file is hashed whole.

    Raises:
        StoreError: a file is absent or not what was written; the text names it.
    """
    token, body = folder_token(folder), _body(folder)
    if body is None:
        raise StoreError(f"{SIDECAR} is absent or damaged")
    problem = _files_problem(folder, body["files"], None)
    if problem:
        raise StoreError(problem)
    paths = [folder / name for name in body["files"] if name.endswith(".npy")]
    return Kept({path.stem: load_array(path) for path in paths}, body["state"], token)


def checksum_of(file: Path) -> str | None:
    """Return the SHA-256 that the sidecar of a folder has of one of its files; None for none."""
    body = _body(file.parent)
    written = body["files"].get(file.name) if body else None
    checksum = written["sha256"] if written else ""
    return checksum if _CHECKSUM.fullmatch(checksum) else None


def folder_token(folder: Path) -> Token:
    """Return a token that changes when a folder is replaced; zeros where there is none."""
    try:
        state = folder.stat()
    except OSError:
        return (0, 0)
    return state.st_ino, state.st_mtime_ns


def _load(
    folder: Path, stamp: Any, names: Iterable[str], token: Token, small_bytes: int | None
) -> Kept | None:
    body = _body(folder)
    if body is None or body["stamp"] != stamp:
        return None
    files = body["files"]
    paths = {name: folder / f"{name}.npy" for name in names}
    if any(path.name not in files for path in paths.values()):
        return None
    if _files_problem(folder, files, small_bytes):
        return None
    try:
        arrays = {name: np.asarray(load_array(path)) for name, path in paths.items()}
    except StoreError:  # replaced since it was verified
        return None
    as_written = all(_is_as_written(v, files[paths[name].name]) for name, v in arrays.items())
    return Kept(arrays, body["state"], token) if as_written else None


def _is_as_written(values: NDArray[Any], written: Mapping[str, Any]) -> bool:
    return [values.dtype.str, list(values.shape)] == [written.get("dtype"), written.get("shape")]


def _body(folder: Path) -> dict[str, Any] | None:
    """Return what the sidecar says, None where it is not byte for byte what was written."""
    try:
        data = read_regular(folder / SIDECAR, _MOST_SIDECAR_BYTES)
        body: dict[str, Any] = decoded(data)
        if problem(body, _SIDECAR) or not all(map(is_file_name, body["files"])):
            return None
        del body["sha256"]
        return body if _signed(body).encode() == data else None
    except (OSError, ValueError):
        return None


def _signed(body: Mapping[str, Any]) -> str:
    """Return the text of a sidecar, its own checksum included."""
    checksum = hashlib.sha256(json.dumps(body).encode()).hexdigest()
    return json.dumps({**body, "sha256": checksum}, indent=2) + "\n"


def _files_problem(folder: Path, files: Mapping[str, Any], small_bytes: int | None) -> str | None:
    """Return what is wrong with a file; None for `small_bytes` reads all of every file."""
    for name, written in files.items():
        try:
            found = _file_problem(folder / name, written, small_bytes)
        except OSError as error:
            found = f"cannot be read ({cause_of(error)})"
        if found:
            return f"{name} {found}"
    return None


def _file_problem(path: Path, written: Mapping[str, Any], small_bytes: int | None) -> str | None:
    if not path.is_file():
        return "is absent"
    size = path.lstat().st_size
    if size != written["bytes"]:
        return f"has {size:,} bytes, {written['bytes']:,} were written"
    whole = small_bytes is None or size <= small_bytes
    name = "sha256" if whole else "ends_sha256"
    found = _checksum(path) if whole else _ends_checksum(path)
    return None if found == written[name] else "is not what was written, by its checksum"


def _write_array(path: Path, values: NDArray[Any]) -> dict[str, Any]:
    if not is_storable(values) and not values.dtype.hasobject:
        raise ValueError(f"{path.name} holds {values.dtype}: only native numbers are kept")
    with path.open("wb") as file:
        hashing = _HashingFile(file)
        np.save(hashing, np.asarray(values, order="C"), allow_pickle=False)
    return _described(path, hashing.checksum.hexdigest())


def _described(path: Path, checksum: str) -> dict[str, Any]:
    ends = _ends_checksum(path)
    return {"bytes": path.stat().st_size, "sha256": checksum, "ends_sha256": ends}


def _checksum(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _ends_checksum(path: Path) -> str:
    with path.open("rb") as file:
        found = hashlib.sha256(file.read(_END_BYTES))
        file.seek(max(0, path.stat().st_size - _END_BYTES))
        found.update(file.read(_END_BYTES))
    return found.hexdigest()


class _HashingFile:
    """A file that is written, and hashed by what it is meant to hold, not by what it holds."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.checksum = hashlib.sha256()

    def write(self, data: bytes) -> int:
        self.checksum.update(data)
        return self._file.write(data)
