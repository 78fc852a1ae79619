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

from imgrec.errors import StoreError, cause_of
from imgrec.pictures.preview_size import LEAST_PREVIEW_PX, MOST_PREVIEW_PX
from imgrec.sources.globs import glob_problem
from imgrec.sources.rules import MAX_GLOBS, TAKEN_KINDS
from imgrec.store.enclosure import is_name, is_named, name_in
from imgrec.store.paths import FEATURE_DESCRIPTION, StorePaths
from imgrec.system.advice import quoted
from imgrec.system.atomic_files import write_text
from imgrec.system.json_files import a_number, a_text, json_or_none, one_of, problem, read_json
from imgrec.system.regular_files import check_unshared
from imgrec.version import __version__

FORMAT = 1


def _are_globs(value: object) -> bool:
    if type(value) is not list or len(value) > MAX_GLOBS:
        return False
    return all(type(text) is str and glob_problem(text) is None for text in value)


# Of any version, and of this one.
_VERSIONED = {"format": int, "written_by": a_text(200)}
_SHAPE = {
    **_VERSIONED,
    "encoder?": lambda value: type(value) is str and is_name(value),
    "follow_links?": bool,
    "take?": [one_of(*TAKEN_KINDS)],
    "exclude?": _are_globs,
    "include?": _are_globs,
    "previews?": a_number(LEAST_PREVIEW_PX, MOST_PREVIEW_PX),
}


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
    found = json_or_none(StorePaths(path).manifest, _VERSIONED)
    if found and (found["format"] != FORMAT or problem(found, _SHAPE) is None):
        return []
    folders = [f for f in StorePaths(path).features.glob("*") if f.is_dir() and is_named(f)]
    features = sorted((_is_foreign(folder), name_in(folder)) for folder in folders)
    encoder = next((name for _, name in features if name != "rgb"), "rgb")
    write_manifest(path, {"encoder": encoder} if features else {})
    return [
        f"{StorePaths(path).manifest} was lost or damaged: written anew, the encoder is {encoder}; "
        "--follow-links, --take, --exclude, --include and --previews are to be given again"
    ]


def _is_foreign(feature: Path) -> bool:
    described = json_or_none(feature / FEATURE_DESCRIPTION, {"foreign": bool})
    return bool(described and described["foreign"])


def read_manifest(path: Path) -> dict[str, Any]:
    """Return the content of store.json.

    Raises:
        StoreError: it is absent or damaged, or the store has another format version.
    """
    if not is_store(path):
        raise StoreError(f"no store at {path}: run imgrec index FOLDER --store {quoted(path)}")
    try:
        manifest: dict[str, Any] = read_json(StorePaths(path).manifest, _VERSIONED)
        if manifest["format"] != FORMAT:
            raise StoreError(
                f"{path} has store format {manifest['format']}, this imgrec {__version__} knows "
                f"{FORMAT}: use the version that made it ({manifest['written_by']})"
            )
        if wrong := problem(manifest, _SHAPE):
            raise ValueError(wrong)
    except (OSError, ValueError) as error:
        raise StoreError(
            f"{StorePaths(path).manifest} is damaged ({cause_of(error)}): run imgrec index "
            f"--store {path}, which writes it again"
        ) from error
    return manifest


def format_of(path: Path) -> int | None:
    """Return the format version of a store; None where store.json is absent or damaged."""
    found = json_or_none(StorePaths(path).manifest, _VERSIONED)
    return int(found["format"]) if found else None


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
    # Imported here: who only reads needs no lock.
    from filelock import FileLock, Timeout

    check_unshared(StorePaths(path).lock)
    lock = FileLock(StorePaths(path).lock)
    try:
        lock.acquire(timeout=0)
    except Timeout as error:
        raise StoreError(f"another run is writing to {path}: wait until it has ended") from error
    try:
        yield
    finally:
        lock.release()
