"""All picture files below a folder, listed by one `os.scandir` for each folder.

A file is a picture of the collection by its suffix, unless the rules leave it out
(`imgrec.sources.rules`): a folder in which they take nothing is not entered. A RAW file beside a
picture of the same name is that picture once more. Output of imgrec (a store, a site, a logdir) is
recognized by its marker file and not entered. Links are skipped, or followed by the rules of
`imgrec.sources.links`. The size and time of a file come with its directory entry, so that a
rescan of unchanged files opens none of them.
"""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from imgrec.sources.columns import Columns
from imgrec.sources.folder_entries import FolderEntries
from imgrec.sources.links import RealPlaces
from imgrec.sources.rules import Below
from imgrec.sources.source import Listed, Listing
from imgrec.sources.versions import listed_at

# A folder to be walked: its path within the root, and what the rules know of it.
Waiting = tuple[str, Below]


class Looked(NamedTuple):
    """What a walk finds in one folder.

    Attributes:
        prefix: of the paths below it.
        files: its pictures by name.
        folders: the folders in it that may hold pictures, by name.
        links: the paths of links in it.
    """

    prefix: str
    files: list[Listed]
    folders: list[Waiting]
    links: list[str]


def walk(root: str, found: Listing, links: RealPlaces | None = None) -> Iterator[Listed]:
    """Yield the picture files below a folder, each once; output of imgrec is not entered.

    Files come before folders, both by name. What links lead to comes last, by the path of the
    link, links found behind links after those found before them. It is listed at the path of the
    link, unless it lies below a root, where it has its own path, or an earlier link led there.

    Args:
        root: the absolute path of the folder.
        found: its rules say what is taken; updated with what is listed and skipped.
        links: where links may lead; None: they are counted and not followed.
    """
    for columns in walk_folders(root, found, links):
        yield from map(Listed._make, columns.pictures())


def walk_folders(root: str, found: Listing, links: RealPlaces | None = None) -> Iterator[Columns]:
    """Yield what `walk` yields, folder by folder; the arguments are those of `walk`.

    Folders without pictures are not yielded.
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


def _tree(
    root: str, found: Listing, top: str, links: RealPlaces | None, met: list[str]
) -> Iterator[Columns]:
    """Yield the files of a folder and all below; append the paths of links to `met`.

    With `links` the folder lies behind a link, and each folder and file is asked for.
    """
    waiting = [(top, found.rules.follow(top))]
    while waiting:
        place, below = waiting.pop()
        real = os.path.realpath(os.path.join(root, place)) if links else ""
        if links and not links.take(real):
            continue
        looked = look(root, (place, below), found)
        files = looked.files
        if links:
            files = [file for file in files if links.take(os.path.join(real, file.path))]
        found.files += len(files)
        if files:
            yield Columns.of(looked.prefix, files)
        met += looked.links
        waiting += reversed(looked.folders)


def look(root: str, waiting: Waiting, found: Listing) -> Looked:
    """List one folder of a walk.

    Args:
        root: the absolute path of the root.
        waiting: the folder.
        found: updated with what is skipped there; `files` is left to the caller.
    """
    place, below = waiting
    prefix = f"{place}/" if place else ""
    entries = FolderEntries.of(os.path.join(root, place), found.rules, below)
    if entries.is_output and place:
        found.outputs.append(place)
        return Looked(prefix, [], [], [])
    entries.count(found, place)
    folders = [(prefix + name, inside) for name, inside in sorted(entries.folders.items())]
    return Looked(prefix, entries.files, folders, [prefix + name for name in entries.links])


def _linked(
    root: str, found: Listing, place: str, links: RealPlaces, met: list[str]
) -> Iterator[Columns]:
    """Yield what one link brings in."""
    target = Path(root, place)
    if target.is_dir():
        below = found.rules.follow(place)
        if below.is_closed and below.reason:
            found.skipped_folders[below.reason] += 1
        else:
            yield from _tree(root, found, place, links, met)
        return
    if reason := found.rules.reason_of(place):
        found.skipped_files[reason] += 1
        return
    try:
        state = target.stat()
    except OSError:
        found.others += 1  # dangling, or a loop
        return
    if target.is_file() and links.take(os.path.realpath(target)):
        found.files += 1
        yield Columns.of("", [listed_at(place, state)])
