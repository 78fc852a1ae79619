"""A token of the files of a store that an open reader depends on, asked before every question.

Parts and indexes are immutable folders under numbered names and `store.json` is replaced whole, so
name, inode and time of modification of these few entries tell a store that has changed.
"""

import os
import time

from imgrec.store.paths import StorePaths

# Name, inode and time of modification in nanoseconds; zeros for nothing there.
Stamp = tuple[str, int, int]
# Longer than the step of the clock of any file system, which is 2 s on FAT.
SETTLED_NS = 3 * 10**9


class WatchedFiles:
    """The files of a store whose change makes what was read of it stale: all but the catalog."""

    def __init__(self, paths: StorePaths) -> None:
        watched = paths.features, paths.all_relations, paths.all_indexes
        self._manifest = str(paths.manifest)
        self._folders = tuple(map(str, watched))
        # Of each folder its inode and times, and the paths and names of its entries.
        self._listings: dict[str, tuple[tuple[int, ...], list[tuple[str, str]]]] = {}

    def state(self) -> tuple[Stamp, ...]:
        """Return a token that changes when `store.json`, a feature, a mean or an index changes.

        Asked before and after each question, so nothing but system calls takes time here.
        """
        found = [_stamp(self._manifest, self._manifest)]
        for folder in self._folders:
            found += [_stamp(path, name) for path, name in self._listed(folder)]
        return tuple(found)

    def _listed(self, folder: str) -> list[tuple[str, str]]:
        """Return paths and names of the entries of a folder, sorted by name.

        They are listed again when the folder has other times, or has so recent ones that another
        change might give it the same.
        """
        times = _times(folder)
        known = self._listings.get(folder)
        if known is not None and known[0] == times:
            return known[1]
        entries = _entries(folder)
        if time.time_ns() - max(times[1:]) >= SETTLED_NS:
            self._listings[folder] = times, entries
        return entries


def _times(folder: str) -> tuple[int, ...]:
    """Return inode and times of a folder, of which a new or removed entry changes one."""
    try:
        state = os.stat(folder)  # noqa: PTH116, a Path costs more than the system call
    except FileNotFoundError:
        return 0, 0, 0
    # The time of modification can be set back, and on Windows the other is that of the creation.
    return state.st_ino, state.st_mtime_ns, state.st_ctime_ns


def _entries(folder: str) -> list[tuple[str, str]]:
    """Return paths and names of the entries of a folder, sorted by name."""
    try:
        names = sorted(os.listdir(folder))
    except FileNotFoundError:
        return []
    return [(f"{folder}{os.sep}{name}", name) for name in names]


def _stamp(path: str, name: str) -> Stamp:
    """Return a token that changes when a file or folder is replaced or written."""
    try:
        state = os.stat(path)  # noqa: PTH116, a Path costs more than the system call
    except FileNotFoundError:
        return name, 0, 0
    return name, state.st_ino, state.st_mtime_ns
