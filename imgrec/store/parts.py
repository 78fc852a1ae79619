"""Parts: the unit of work, commit, resume and distribution.

    part-000007/
        part.json          size and checksum of each file, and the feature's description again
        ids.npy            (m,) int64, ascending
        …                  arrays (m, …) or bytes, row i of each belongs to `ids[i]`

A part is immutable. It is written under a temporary name and renamed, so a part that exists is
whole, and a killed run resumes after the last one. Where two parts have a row for one id, the
part of the larger number counts.
"""

import hashlib
import io
import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from imgrec.errors import StoreError
from imgrec.store.paths import FEATURE_DESCRIPTION
from imgrec.system.atomic_folders import new_folder
from imgrec.system.json_files import a_number, json_or_none

MANIFEST = "part.json"
_MANIFEST = {
    "files": {str: {"bytes": a_number(0, 1 << 62), "blake2b": str}},
    "feature": (None, {}),
    "blake2b": str,
}
_FILE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_NAME = re.compile(r"part-(\d{6,})$")


def part_name(number: int) -> str:
    """Return the folder name of a part: `part-000007`."""
    return f"part-{number:06d}"


def part_numbers(folder: Path) -> list[int]:
    """Return the ascending numbers of the parts in a folder, none if there is no such folder."""
    if not folder.is_dir():
        return []
    matches = (_NAME.match(path.name) for path in folder.iterdir())
    return sorted(int(match[1]) for match in matches if match)


def write_part(folder: Path, number: int, files: Mapping[str, NDArray[Any] | bytes]) -> None:
    """Write a part atomically, arrays as `.npy` and bytes as they are.

    Args:
        folder: of the parts.
        number: of the new part.
        files: {file name: content}; `ids.npy` (m,) int64, ascending, is always among them.

    Raises:
        FileExistsError: there is a part of this number.
        OSError: the disk is full or read-only; nothing is left of the part.
    """
    path = folder / part_name(number)
    if path.exists():
        raise FileExistsError(f"{path} exists; a part is never written twice")
    described = json_or_none(folder / FEATURE_DESCRIPTION)
    with new_folder(path) as temporary:
        for name, data in part_content(files, described).items():
            (temporary / name).write_bytes(data)


def part_content(files: Mapping[str, NDArray[Any] | bytes], feature: object) -> dict[str, bytes]:
    """Return the content of the files of a part by name, `part.json` last.

    Args:
        files: as of `write_part`.
        feature: the content of the feature's description; None where the folder has none.
    """
    content = {name: serialized(value) for name, value in files.items()}
    sizes = {name: (len(data), content_digest(data)) for name, data in content.items()}
    return {**content, MANIFEST: manifest_content(sizes, feature)}


def manifest_content(files: Mapping[str, tuple[int, str]], feature: object) -> bytes:
    """Return the content of the `part.json` of a part.

    Args:
        files: size in bytes and `content_digest` by file name, in the order they were written.
        feature: as of `part_content`.
    """
    described = {name: {"bytes": size, "blake2b": digest} for name, (size, digest) in files.items()}
    manifest = {"files": described, "feature": feature}
    signed = {**manifest, "blake2b": content_digest(json.dumps(manifest).encode())}
    return json.dumps(signed).encode()


def read_manifest(part: Path) -> dict[str, Any] | None:
    """Return the content of a part's `part.json`, None if absent or its checksum does not match."""
    found: dict[str, Any] | None = json_or_none(part / MANIFEST, _MANIFEST)
    if found is None or not all(map(is_file_name, found["files"])):
        return None
    signature = found.pop("blake2b")
    return found if content_digest(json.dumps(found).encode()) == signature else None


def is_file_name(name: str) -> bool:
    """Return True if a file of a part or of kept arrays may have this name: no path."""
    return _FILE_NAME.fullmatch(name) is not None


def content_digest(data: bytes | memoryview) -> str:
    """Return the checksum of a file's content in `part.json`: BLAKE2b, 128 bits, as hex."""
    return hashlib.blake2b(data, digest_size=16).hexdigest()


def check_rows(part: Path, **rows: int) -> None:
    """Check that the parallel arrays of a part have the same number of rows.

    Raises:
        StoreError: they differ; the message names all lengths.
    """
    if len(set(rows.values())) > 1:
        lengths = ", ".join(f"{name} has {count}" for name, count in rows.items())
        raise StoreError(
            f"{part} is damaged, its rows do not match ({lengths}): run imgrec index "
            "again, which sets it aside and makes it anew"
        )


def serialized(content: NDArray[Any] | bytes) -> bytes:
    """Return the content of a file of a part: bytes as they are, an array as `.npy`."""
    if isinstance(content, bytes):
        return content
    buffer = io.BytesIO()
    np.save(buffer, np.asarray(content, order="C"), allow_pickle=False)
    return buffer.getvalue()
