"""The mirrored files of a local store: which there are, and whether they are those of an entry.

A part and a folder of kept arrays are compared by their sidecar, which has the digests of the
other files, and by sizes; nothing else of them is read. Loose files are compared by digest, unless
size and time are those they had when they were brought (`imgrec.store.pulled`).
"""

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from imgrec.collection.opening import log_of
from imgrec.remote.blobs import file_entry
from imgrec.remote.manifest import Entry
from imgrec.remote.places import CATALOG_PATH, FOLDERS, LOOSE, SIDECARS, by_unit, is_mirrored
from imgrec.store.pulled import Stamp
from imgrec.system.atomic_files import TEMPORARY_PREFIX

Unit = Mapping[str, Entry]


@dataclass(frozen=True)
class LocalFiles:
    """The mirrored files of a store's folder, as they were when it was listed.

    Attributes:
        store: the folder.
        stamps: of loose files when they were brought.
    """

    store: Path
    stamps: Mapping[str, Stamp]

    @cached_property
    def _states(self) -> dict[str, tuple[int, int]]:
        """Size in bytes and time of modification in nanoseconds of each mirrored file, by path."""
        found = {name: self.store / name for name in LOOSE}
        states = {name: _state(path.stat()) for name, path in found.items() if path.is_file()}
        for folder in FOLDERS:
            states |= _states_in(self.store, folder)
        return states

    @cached_property
    def sizes(self) -> dict[str, int]:
        """The size in bytes of each mirrored file, by path."""
        return {path: size for path, (size, _) in self._states.items()}

    @cached_property
    def units(self) -> dict[str, dict[str, int]]:
        """The sizes by unit, as `imgrec.remote.places.by_unit`."""
        return by_unit(self.sizes)

    def is_like(self, unit: str, wanted: Unit) -> bool:
        """Return True if a unit has all these files, of these sizes, and is the same by digest."""
        there = self.units.get(unit, {})
        if any(there.get(path) != entry.size for path, entry in wanted.items()):
            return False
        return self.is_of(unit, wanted)

    def is_of(self, unit: str, wanted: Unit) -> bool:
        """Return True if what decides a unit is the same: its sidecar, or the loose file itself."""
        deciding = decisive(unit, self.units.get(unit, {}))
        return deciding in wanted and self.entry(deciding) == wanted[deciding]

    def entry(self, path: str) -> Entry | None:
        """Return the entry of a file; None where it cannot be read, or is to be written again."""
        place = self.store / path
        if path == CATALOG_PATH and _has_log(place):
            return None
        try:
            state = place.stat()
            stamp = self.stamps.get(path)
            if stamp is not None and stamp[1:] == (state.st_size, state.st_mtime_ns):
                return Entry(*stamp[:2])
            return file_entry(place)
        except (OSError, ValueError):
            return None

    def stamps_of(self, entries: Mapping[str, Entry]) -> dict[str, Stamp]:
        """Return the stamps of those loose files that held these entries when they were listed."""
        loose = (path for path in self.units if path in entries and path in self._states)
        return {
            path: (*entries[path], self._states[path][1])
            for path in loose
            if path != CATALOG_PATH or not _has_log(self.store / path)
        }


def decisive(unit: str, paths: Mapping[str, object]) -> str:
    """Return the path of the file that decides whether a unit is the same as another."""
    sidecars = (f"{unit}/{name}" for name in SIDECARS)
    return next((path for path in sidecars if path in paths), unit)


def _has_log(catalog: Path) -> bool:
    log = log_of(catalog)
    return log.is_file() and log.stat().st_size > 0


def _states_in(store: Path, top: str) -> Iterator[tuple[str, tuple[int, int]]]:
    """Yield path and state of each mirrored file below a folder of a store."""
    folders = [top]
    while folders:
        folder = folders.pop()
        try:
            entries = list(os.scandir(store / folder))
        except (FileNotFoundError, NotADirectoryError):
            continue
        for entry in entries:
            path = f"{folder}/{entry.name}"
            if entry.name.startswith(TEMPORARY_PREFIX):
                continue
            if entry.is_dir(follow_symlinks=False):
                folders.append(path)
            elif entry.is_file(follow_symlinks=False) and is_mirrored(path):
                yield path, _state(entry.stat(follow_symlinks=False))


def _state(state: os.stat_result) -> tuple[int, int]:
    return state.st_size, state.st_mtime_ns
