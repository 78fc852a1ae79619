"""What may be deleted in a store: folders of which every file is one that imgrec writes.

A store lies among the files of its owner, who may put notes into it, and one from elsewhere may
have been made to lead a command to other files. Invariant: a folder of a store is replaced or
deleted only if it is a real folder, holds the sidecar that imgrec writes last, and beside it
nothing but regular files with names that imgrec gives. A folder that lost its sidecar is moved to
`damaged/` of the store, where it lies whole.
"""

import os
import re
import shutil
from pathlib import Path

from imgrec.errors import StoreError
from imgrec.store.paths import CLASSES_DESCRIPTION, StorePaths
from imgrec.system.atomic_files import TEMPORARY_PREFIX
from imgrec.system.atomic_folders import is_real_folder

_KEPT = re.compile(r"kept\.json|[a-z0-9_-]{1,64}\.(npy|usearch)", re.ASCII)
_PART = re.compile(
    r"part\.json|(ids|vectors|top|probabilities|offsets)\.npy|(thumbs|previews)\.bin|pictures\.json"
)
_PART_NAME = re.compile(r"part-\d{6,18}", re.ASCII)


def check_kept(folder: Path) -> None:
    """Check that a folder of kept arrays may be replaced; one that is empty may.

    Raises:
        StoreError: it holds anything else, or no `kept.json`; the text names it.
    """
    _check(folder, _KEPT, "kept.json")


def set_aside_unsigned(folder: Path) -> None:
    """Move a folder of kept arrays that lost its sidecar to `damaged/` of its store.

    Whatever else may be wrong with the folder is left to `check_kept`.

    Raises:
        OSError: the store cannot be written.
    """
    store = next((p for p in folder.parents[:3] if StorePaths(p).manifest.is_file()), None)
    if store is None or not is_real_folder(folder):
        return
    entries = _entries(folder)
    signed = any(entry.name == "kept.json" for entry in entries)
    if entries and not signed and all(_is_named(entry, _KEPT) for entry in entries):
        set_aside(store, folder)


def set_aside(store: Path, folder: Path) -> Path:
    """Move a folder of a store to `damaged/`, under a free name; return its new path.

    Raises:
        OSError: the store cannot be written.
    """
    place = StorePaths(store).set_aside / folder.relative_to(store)
    place.parent.mkdir(parents=True, exist_ok=True)
    free, number = place, 1
    while free.exists():
        number += 1
        free = place.with_name(f"{place.name}-{number}")
    folder.rename(free)
    return free


def check_part(part: Path) -> None:
    """Check that a part may be deleted.

    Raises:
        StoreError: it holds anything but the files of a part; the text names it.
    """
    _check(part, _PART, "part.json")


def check_classes(folder: Path) -> None:
    """Check that the classes of an encoder may be deleted: a description and parts.

    Raises:
        StoreError: the folder holds anything else; the text names it.
    """
    entries = _entries(folder)
    parts = [entry for entry in entries if _PART_NAME.fullmatch(entry.name)]
    others = [entry for entry in entries if entry not in parts]
    _check_names(folder, others, re.compile(re.escape(CLASSES_DESCRIPTION)))
    _check_sidecar(folder, entries, CLASSES_DESCRIPTION)
    for part in parts:
        check_part(folder / part.name)


def is_kept(folder: Path) -> bool:
    """Return True if a folder holds kept arrays and nothing else, so that it may be deleted."""
    try:
        check_kept(folder)
    except (StoreError, OSError):
        return False
    return is_real_folder(folder)


def delete_folder(folder: Path, trash: Path) -> None:
    """Delete a folder that was checked: at once under its name, then file by file.

    Args:
        folder: of a store.
        trash: a folder of the same store that is cleared of temporaries; what a killed run leaves
            there is deleted by the next one.

    Raises:
        OSError: the store cannot be written.
    """
    temporary = trash / f"{TEMPORARY_PREFIX}{os.getpid()}-{folder.name}"
    folder.rename(temporary)
    shutil.rmtree(temporary)


def _check(folder: Path, names: re.Pattern[str], sidecar: str) -> None:
    entries = _entries(folder)
    _check_names(folder, entries, names)
    _check_sidecar(folder, entries, sidecar)


def _entries(folder: Path) -> list[os.DirEntry[str]]:
    if not is_real_folder(folder):
        raise StoreError(f"{folder} is no folder of the store: it is neither replaced nor deleted")
    with os.scandir(folder) as entries:
        return sorted(entries, key=lambda entry: entry.name)


def _check_names(folder: Path, entries: list[os.DirEntry[str]], names: re.Pattern[str]) -> None:
    for entry in entries:
        if not _is_named(entry, names):
            raise StoreError(
                f"{folder} holds {entry.name}, which imgrec did not write and would be lost: "
                "move it away, and run the same command again"
            )


def _is_named(entry: os.DirEntry[str], names: re.Pattern[str]) -> bool:
    """Return True for a regular file with a name of this pattern."""
    return names.fullmatch(entry.name) is not None and entry.is_file(follow_symlinks=False)


def _check_sidecar(folder: Path, entries: list[os.DirEntry[str]], sidecar: str) -> None:
    if entries and not any(entry.name == sidecar for entry in entries):
        raise StoreError(
            f"{folder} holds {entries[0].name} and no {sidecar}, so that nothing tells whose it "
            "is: move the folder away, and run the same command again"
        )
