"""A token of the files of a store that an open reader depends on, asked before every question.

Parts and indexes are immutable folders under numbered names and `store.json` is replaced whole, so
name, inode and time of modification of these few entries tell a store that has changed.
"""

import os

from imgrec.store.paths import StorePaths

# Name, inode and time of modification in nanoseconds; zeros for nothing there.
Stamp = tuple[str, int, int]


class WatchedFiles:
    """The files of a store whose change makes what was read of it stale: all but the catalog."""

    def __init__(self, paths: StorePaths) -> None:
        watched = paths.features, paths.all_relations, paths.all_indexes
        self._manifest = str(paths.manifest)
        self._folders = tuple(map(str, watched))

    def state(self) -> tuple[Stamp, ...]:
        """Return a token that changes when `store.json`, a feature, a mean or an index changes.

        Asked before and after each question, so nothing but system calls takes time here.
        """
        found = [_stamp(self._manifest, self._manifest)]
        for folder in self._folders:
            found += _stamps(folder)
        return tuple(found)


def _stamps(folder: str) -> list[Stamp]:
    """Return the stamps of the entries of a folder, sorted by name."""
    try:
        names = sorted(os.listdir(folder))
    except FileNotFoundError:
        return []
    return [_stamp(f"{folder}{os.sep}{name}", name) for name in names]


def _stamp(path: str, name: str) -> Stamp:
    """Return a token that changes when a file or folder is replaced or written."""
    try:
        state = os.stat(path)  # noqa: PTH116, a Path costs more than the system call
    except FileNotFoundError:
        return name, 0, 0
    return name, state.st_ino, state.st_mtime_ns
