"""Change files of a store and make every checksum right again, as whoever means harm would."""

import hashlib
import json
import sqlite3
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

_END_BYTES = 1 << 16


def edit_json(path: Path, change: Callable[[Any], object]) -> None:
    """Change the content of a JSON file in place."""
    content = json.loads(path.read_text("utf-8"))
    change(content)
    path.write_text(json.dumps(content), "utf-8")


def set_json(path: Path, **values: object) -> None:
    """Set some keys of a JSON object in a file."""
    edit_json(path, lambda content: content.update(values))


def sign_part(part: Path, change: Callable[[Any], object] = lambda _: None) -> None:
    """Make `part.json` right for the files of a part, then change it, and sign it.

    Source: docs/store.md.
    """
    manifest = json.loads((part / "part.json").read_text("utf-8"))
    del manifest["blake2b"]
    for name in manifest["files"]:
        data = (part / name).read_bytes()
        manifest["files"][name] = {"bytes": len(data), "blake2b": _blake2b(data)}
    change(manifest)
    signed = {**manifest, "blake2b": _blake2b(json.dumps(manifest).encode())}
    (part / "part.json").write_text(json.dumps(signed), "utf-8")


def sign_kept(folder: Path, change: Callable[[Any], object] = lambda _: None) -> None:
    """Make `kept.json` right for the files of a folder, then change it, and sign it."""
    body = json.loads((folder / "kept.json").read_text("utf-8"))
    del body["sha256"]
    for name, written in body["files"].items():
        data = (folder / name).read_bytes()
        ends = hashlib.sha256(data[:_END_BYTES] + data[max(0, len(data) - _END_BYTES) :])
        whole = hashlib.sha256(data)
        written.update(
            bytes=len(data), sha256=whole.hexdigest(), ends_sha256=ends.hexdigest()
        )  # fmt: skip
        if name.endswith(".npy"):
            array = np.load(folder / name, allow_pickle=False)
            written.update(dtype=array.dtype.str, shape=list(array.shape))
    change(body)
    checksum = hashlib.sha256(json.dumps(body).encode()).hexdigest()
    (folder / "kept.json").write_text(json.dumps({**body, "sha256": checksum}, indent=2) + "\n")


def replace_arrays(folder: Path, **changed: Callable[[NDArray[Any]], NDArray[Any]]) -> None:
    """Replace arrays of a part or of a kept folder, and sign it."""
    for name, change in changed.items():
        path = folder / f"{name.replace('_', '-') if 'kept' not in name else name}.npy"
        path = path if path.is_file() else folder / f"{name}.npy"
        np.save(path, change(np.load(path)))
    (sign_part if (folder / "part.json").exists() else sign_kept)(folder)


def execute(catalog: Path, *statements: str, values: Mapping[str, object] | None = None) -> None:
    """Execute SQL in a catalog, without any check of its schema, and merge its log."""
    db = sqlite3.connect(catalog, isolation_level=None)
    try:
        for statement in statements:
            db.execute(statement, values or {})
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    finally:
        db.close()


def npy(header: str, data: bytes = b"", version: tuple[int, int] = (1, 0)) -> bytes:
    """Return a `.npy` file with any header.

    Source: numpy.lib.format.
    """
    text = header.encode() + b"\n"
    length = len(text).to_bytes(2 if version == (1, 0) else 4, "little")
    return b"\x93NUMPY" + bytes(version) + length + text + data


def _blake2b(data: bytes) -> str:
    return hashlib.blake2b(data, digest_size=16).hexdigest()
