"""store.json, which makes a folder a store; and the lock of the one run that may write to it."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from imgrec.errors import StoreError
from imgrec.store.parts import read_json
from imgrec.store.paths import StorePaths
from imgrec.system.atomic_files import write_text
from imgrec.version import __version__

FORMAT = 1


def is_store(path: Path) -> bool:
    """Whether a folder is a store."""
    return StorePaths(path).manifest.is_file()


def mend_manifest(path: Path) -> list[str]:
    """Write the store.json of a store again where it was lost or damaged; return a line on it.

    Raises:
        OSError: the store cannot be written.
    """
    manifest = read_json(StorePaths(path).manifest)
    if isinstance(manifest, dict) and "format" in manifest:
        return []
    features = sorted(
        folder.name for folder in StorePaths(path).features.glob("*") if folder.is_dir()
    )
    encoder = next((name for name in features if name != "rgb"), "rgb")
    write_manifest(path, {"encoder": encoder} if features else {})
    return [
        f"{StorePaths(path).manifest} was lost or damaged: written anew, the encoder is {encoder}"
    ]


def read_manifest(path: Path) -> dict[str, Any]:
    """Return what store.json says.

    Raises:
        StoreError: there is none, it is damaged, or of another format.
    """
    if not is_store(path):
        raise StoreError(f"no store at {path}: run python -m imgrec.index FOLDER --store {path}")
    try:
        manifest: dict[str, Any] = json.loads(StorePaths(path).manifest.read_text("utf-8"))
        found = manifest["format"]
    except (ValueError, KeyError, TypeError) as error:
        raise StoreError(f"{StorePaths(path).manifest} is damaged: {error}") from error
    if found != FORMAT:
        raise StoreError(
            f"{path} has store format {found}, this imgrec {__version__} knows {FORMAT}: "
            f"use the version that made it ({manifest.get('written_by')})"
        )
    return manifest


def write_manifest(path: Path, settings: dict[str, Any]) -> None:
    """Write store.json: the format, who wrote it, and the settings of the store."""
    manifest = {"format": FORMAT, "written_by": f"imgrec {__version__}", **settings}
    write_text(StorePaths(path).manifest, json.dumps(manifest, indent=2) + "\n")


@contextmanager
def writing_lock(path: Path) -> Iterator[None]:
    """Hold the lock of the one run that may write to a store.

    Raises:
        StoreError: another run holds it.
    """
    lock = FileLock(StorePaths(path).lock)
    try:
        lock.acquire(timeout=0)
    except Timeout as error:
        raise StoreError(f"another run is writing to {path}: wait until it has ended") from error
    try:
        yield
    finally:
        lock.release()
