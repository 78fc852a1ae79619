"""All picture files below a folder, listed by one `os.scandir` for each folder.

A file is a picture of the collection by its suffix. Output of imgrec (a store, a site, a logdir)
is recognized by its marker file and not entered. Links are skipped, or followed by the rules of
`imgrec.sources.links`. The size and time of a file come with its directory entry, so that a
rescan of unchanged files opens none of them.
"""

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from imgrec.errors import PictureError
from imgrec.pictures.formats import SUFFIXES
from imgrec.sources.files import read_file
from imgrec.sources.links import RealPlaces
from imgrec.sources.source import Listed, Listing
from imgrec.sources.versions import listed_at
from imgrec.system.atomic_files import TEMPORARY_PREFIX

# Marker files of imgrec's own output, and the text in their first bytes that proves it.
_OUTPUT_MARKERS = frozenset({"store.json", "site.json", "report.json", "projector_config.pbtxt"})
_OUTPUT_WORDS = (b'"written_by": "imgrec ', b"made by imgrec projector")
_HEAD_BYTES = 1000


def walk(root: str, found: Listing, links: RealPlaces | None = None) -> Iterator[Listed]:
    """Yield the picture files below a folder, each once; output of imgrec is not entered.

    Files come before folders, both by name. What links lead to comes last, by the path of the
    link, links found behind links after those found before them. It is listed at the path of the
    link, unless it lies below a root, where it has its own path, or an earlier link led there.

    Args:
        root: the absolute path of the folder.
        found: updated with what is listed and skipped.
        links: where links may lead; None: they are counted and not followed.
    """
    met: list[str] = []
    yield from _tree(root, found, "", None, met)
    if links is None:
        found.links += len(met)
        return
    while met:
        behind: list[str] = []
        for place in sorted(met):
            yield from _linked(root, found, place, links, behind)
        met = behind


@dataclass
class _Entries:
    """The entries of one folder: its picture files by name, and the names of folders and links."""

    files: list[Listed] = field(default_factory=list)
    folders: list[str] = field(default_factory=list)
    links: list[str] = field(default_factory=list)
    unreadable: list[str] = field(default_factory=list)
    others: int = 0
    is_output: bool = False


def _tree(
    root: str, found: Listing, top: str, links: RealPlaces | None, met: list[str]
) -> Iterator[Listed]:
    """Yield the files of a folder and all below; append the paths of links to `met`.

    With `links` the folder lies behind a link, and each folder and file is asked for.
    """
    waiting = [top]
    while waiting:
        place = waiting.pop()
        folder = os.path.join(root, place)
        real = os.path.realpath(folder) if links else ""
        if links and not links.take(real):
            continue
        entries = _entries_of(found, folder, place)
        if entries.is_output and place:
            found.outputs.append(place)
            continue
        prefix = f"{place}/" if place else ""
        found.others += entries.others
        found.unreadable += [prefix + name for name in entries.unreadable]
        for file in entries.files:
            if links is None or links.take(os.path.join(real, file.path)):
                found.files += 1
                yield file._replace(path=prefix + file.path)
        met += [prefix + name for name in entries.links]
        waiting += [prefix + name for name in sorted(entries.folders, reverse=True)]


def _linked(
    root: str, found: Listing, place: str, links: RealPlaces, met: list[str]
) -> Iterator[Listed]:
    """Yield what one link brings in."""
    target = Path(root, place)
    if target.is_dir():
        yield from _tree(root, found, place, links, met)
        return
    try:
        state = target.stat()
    except OSError:
        found.others += 1  # dangling, or a loop
        return
    if target.is_file() and links.take(os.path.realpath(target)):
        found.files += 1
        yield listed_at(place, state)


def _entries_of(found: Listing, folder: str, place: str) -> _Entries:
    listed = _Entries()
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                _sort_in(listed, entry)
    except OSError:
        found.unreadable.append(place or ".")
    listed.files.sort()
    return listed


def _sort_in(listed: _Entries, entry: "os.DirEntry[str]") -> None:
    try:
        _sort_in_known(listed, entry)
    except FileNotFoundError:
        return  # gone since the folder was listed
    except OSError:
        # One file that cannot be looked at, as on a damaged disk, must not hide those after it.
        listed.unreadable.append(entry.name)


def _sort_in_known(listed: _Entries, entry: "os.DirEntry[str]") -> None:
    """Sort an entry in; raise OSError if it cannot be known what it is, or its size and time."""
    name = entry.name
    if entry.is_file(follow_symlinks=False):
        if name in _OUTPUT_MARKERS and _is_output(entry.path):
            listed.is_output = True
        if not _is_picture(name):
            listed.others += 1
            return
        listed.files.append(listed_at(name, entry.stat(follow_symlinks=False)))
    elif entry.is_dir(follow_symlinks=False):
        if not name.startswith(TEMPORARY_PREFIX):
            listed.folders.append(name)
    elif entry.is_symlink() and (_is_picture(name) or _leads_to_folder(entry)):
        listed.links.append(name)
    else:
        listed.others += 1


def _is_picture(name: str) -> bool:
    dot = name.rfind(".")
    return dot > 0 and name[dot:].lower() in SUFFIXES


def _leads_to_folder(link: "os.DirEntry[str]") -> bool:
    try:
        return link.is_dir()
    except OSError:  # it leads to itself, or where one may not look
        return False


def _is_output(marker: str) -> bool:
    try:
        head = read_file(Path(marker), _HEAD_BYTES)
    except PictureError:
        return False
    return any(words in head for words in _OUTPUT_WORDS)
