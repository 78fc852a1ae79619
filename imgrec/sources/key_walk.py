"""The pictures among sorted keys, by the same rules as the files of a folder.

A bucket and a tar file have no folders, only names with slashes. In sorted order the keys of a
folder follow each other, those of folders in it in between, so one pass with a stack of the open
folders suffices. Memory is bound by the pictures of one folder and those it lies in.
"""

from collections.abc import Iterable, Iterator
from functools import partial

from imgrec.sources.entries import Entries
from imgrec.sources.source import Listed, Listing
from imgrec.system.atomic_files import TEMPORARY_PREFIX


def key_walk(keys: Iterable[Listed], found: Listing) -> Iterator[Listed]:
    """Yield the pictures among some objects, each once; a folder when its last key has come.

    Args:
        keys: sorted by path, without empty parts in the paths.
        found: its rules say what is taken; updated with what is listed and skipped.
    """
    # The open folders, from the top down; None for one that is not entered.
    open_folders: list[tuple[str, Entries | None]] = [("", _entries(found, ""))]
    for key in keys:
        *folders, name = key.path.split("/")
        while len(open_folders) > 1 and not key.path.startswith(open_folders[-1][0] + "/"):
            yield from _closed(*open_folders.pop(), found)
        for folder in folders[len(open_folders) - 1 :]:
            open_folders.append(_entered(folder, *open_folders[-1]))
        entries = open_folders[-1][1]
        if entries is not None:
            entries.add_file(name, partial(key._replace, path=name))
    while open_folders:
        yield from _closed(*open_folders.pop(), found)


def _entries(found: Listing, place: str) -> Entries:
    return Entries(found.rules, found.rules.follow(place))


def _entered(name: str, place: str, entries: Entries | None) -> tuple[str, Entries | None]:
    inner = f"{place}/{name}" if place else name
    if entries is None or name.startswith(TEMPORARY_PREFIX):
        return inner, None
    entries.add_folder(name)
    below = entries.folders.get(name)
    return inner, Entries(entries.rules, below) if below else None


def _closed(place: str, entries: Entries | None, found: Listing) -> Iterator[Listed]:
    if entries is None:
        return
    entries.close()
    entries.count(found, place)
    prefix = f"{place}/" if place else ""
    for file in entries.files:
        found.files += 1
        yield file._replace(path=prefix + file.path)
