"""store.json, the file that makes a folder a store, and the lock for writing to it.

store.json holds the format version and the store's settings. It is written last when a store
is created, so a folder that has it is a whole store. One process writes at a time (a file
lock); any number read, without a lock.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from imgrec.errors import StoreError
from imgrec.store.parts import read_json
from imgrec.store.paths import FEATURE_DESCRIPTION, StorePaths
from imgrec.system.atomic_files import write_text
from imgrec.system.folder_names import name_of_folder
from imgrec.version import __version__

FORMAT = 1


def is_store(path: Path) -> bool:
    """True if a folder is a store."""
    return StorePaths(path).manifest.is_file()


def mend_manifest(path: Path) -> list[str]:
    """Rewrite store.json if it is lost or damaged; return a line of text about it, or none.

    The encoder is a guess then: the first feature by name that is not `rgb`, and one that an
    encoder made if there is any.

    Raises:
        OSError: the store cannot be written.
    """
    manifest = read_json(StorePaths(path).manifest)
    if isinstance(manifest, dict) and "format" in manifest:
        return []
    folders = [folder for folder in StorePaths(path).features.glob("*") if folder.is_dir()]
    features = sorted((_is_foreign(folder), name_of_folder(folder.name)) for folder in folders)
    encoder = next((name for _, name in features if name != "rgb"), "rgb")
    write_manifest(path, {"encoder": encoder} if features else {})
    return [
        f"{StorePaths(path).manifest} was lost or damaged: written anew, the encoder is {encoder}"
    ]


def _is_foreign(feature: Path) -> bool:
    described = read_json(feature / FEATURE_DESCRIPTION)
    return isinstance(described, dict) and described.get("foreign") is True


def read_manifest(path: Path) -> dict[str, Any]:
    """Return the content of store.json.

    Raises:
        StoreError: it is absent or damaged, or the store has another format version.
    """
    if not is_store(path):
        raise StoreError(f"no store at {path}: run imgrec index FOLDER --store {path}")
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
    """Write store.json atomically: format version, version of imgrec, and the settings."""
    manifest = {"format": FORMAT, "written_by": f"imgrec {__version__}", **settings}
    write_text(StorePaths(path).manifest, json.dumps(manifest, indent=2) + "\n")


@contextmanager
def writing_lock(path: Path) -> Iterator[None]:
    """Hold the write lock of a store while a block runs.

    Raises:
        StoreError: another process holds it.
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
