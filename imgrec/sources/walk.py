"""What a folder holds: its picture files, and what was passed over."""

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from imgrec.errors import ImgrecError
from imgrec.pictures.decoding import SUFFIXES
from imgrec.system.atomic_files import TEMPORARY_PREFIX

# What imgrec writes itself: the first lines of these files say so.
_OUTPUT_MARKERS = frozenset({"store.json", "site.json", "report.json", "projector_config.pbtxt"})
_OUTPUT_WORDS = (b'"written_by": "imgrec ', b"made by python -m projector")


class FoundFile(NamedTuple):
    """A picture file on disk; `path` is relative to `root`, with forward slashes."""

    root: str
    path: str
    size: int
    mtime_ns: int


@dataclass
class Walk:
    """What a walk came across, filled in while it goes on.

    Attributes:
        root: the folder, resolved.
        files: number of files with a picture's suffix.
        others: number of files passed over for their suffix.
        links: number of symbolic links passed over, to folders or with a picture's suffix.
        outputs: folders passed over because imgrec wrote them, relative to the root.
        unreadable: folders that could not be listed or looked into, relative to the root.
    """

    root: Path
    files: int = 0
    others: int = 0
    links: int = 0
    outputs: list[str] = field(default_factory=list)
    unreadable: list[str] = field(default_factory=list)


class RealPlaces:
    """Where links may lead: to each real folder and file once, and to none below a root."""

    def __init__(self, roots: Iterable[Path | str]) -> None:
        real = {os.path.realpath(root) for root in roots}
        self._below = tuple(root.rstrip(os.sep) + os.sep for root in real)
        self._taken = set(real)

    def take(self, place: str) -> bool:
        """Say whether a real place comes in by this link; the second time it does not."""
        if place in self._taken or place.startswith(self._below):
            return False
        self._taken.add(place)
        return True


def walk(found: Walk, places: RealPlaces | None = None) -> Iterator[FoundFile]:
    """Yield the picture files below a root, each once; imgrec's own output is not looked into.

    Links come last, ordered by path, those met behind links after those met before them. What
    one leads to is taken at the link's place, unless it lies below a root, where it is found by
    its real place, or another link led there before. So loops end.

    Args:
        found: of the root; told what is passed over.
        places: where links may lead; None: they are not followed.
    """
    links: list[str] = []
    yield from _tree(found, "", None, links)
    if places is None:
        found.links += len(links)
        return
    while links:
        behind: list[str] = []
        for place in sorted(links):
            yield from _linked(found, place, places, behind)
        links = behind


def why_offline(root: Path) -> str | None:
    """Return why a root cannot be looked into now, None where it can.

    One that is there and empty is a place where nothing is mounted.
    """
    try:
        if not root.is_dir():
            return f"{root} is not there"
        with os.scandir(root) as entries:
            return None if any(entries) else f"{root} is empty"
    except OSError as error:
        return f"{root} cannot be listed ({error.strerror or error})"


def check_root(root: Path, places: RealPlaces | None = None) -> None:
    """Look into a folder as far as its first picture.

    Raises:
        ImgrecError: the folder is absent, cannot be listed or holds no picture file.
    """
    if not root.is_dir():
        raise ImgrecError(f"{root} is not a folder: name the folder that holds the pictures")
    found = Walk(root)
    if next(walk(found, places), None) is not None:
        return
    if "." in found.unreadable:
        raise ImgrecError(f"{root} cannot be listed: get the right to read it, or name another")
    links = f"; links that are not followed: {found.links} (--follow-links)" if found.links else ""
    raise ImgrecError(
        f"no pictures in {root}: pictures are known by their suffix "
        f"({' '.join(sorted(SUFFIXES))}), files of other kinds there: {found.others}{links}"
    )


@dataclass
class _Listing:
    """A folder: its picture files, and the names of its folders and links."""

    files: list[tuple[str, int, int]] = field(default_factory=list)
    folders: list[str] = field(default_factory=list)
    links: list[str] = field(default_factory=list)
    others: int = 0
    is_output: bool = False


def _tree(
    found: Walk, top: str, places: RealPlaces | None, links: list[str]
) -> Iterator[FoundFile]:
    """Yield the files of a folder of a root and all below; add the places of links.

    With `places` the folder lies behind a link, and each folder and file is asked for.
    """
    root, waiting = str(found.root), [top]
    while waiting:
        place = waiting.pop()
        folder = os.path.join(root, place)
        real = os.path.realpath(folder) if places else ""
        if places and not places.take(real):
            continue
        listing = _listed(found, folder, place)
        if listing.is_output and place:
            found.outputs.append(place)
            continue
        prefix = f"{place}/" if place else ""
        found.others += listing.others
        for name, size, mtime_ns in listing.files:
            if places is None or places.take(os.path.join(real, name)):
                found.files += 1
                yield FoundFile(root, prefix + name, size, mtime_ns)
        links += [prefix + name for name in listing.links]
        waiting += [prefix + name for name in sorted(listing.folders, reverse=True)]


def _linked(found: Walk, place: str, places: RealPlaces, links: list[str]) -> Iterator[FoundFile]:
    """Yield what a link brings in."""
    target = found.root / place
    if target.is_dir():
        yield from _tree(found, place, places, links)
        return
    try:
        state = target.stat()
    except OSError:
        found.others += 1  # it leads nowhere, or to itself
        return
    if target.is_file() and places.take(os.path.realpath(target)):
        found.files += 1
        yield FoundFile(str(found.root), place, state.st_size, state.st_mtime_ns)


def _listed(found: Walk, folder: str, place: str) -> _Listing:
    listing = _Listing()
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                _sort_in(listing, entry)
    except OSError:
        found.unreadable.append(place or ".")
    listing.files.sort()
    return listing


def _sort_in(listing: _Listing, entry: "os.DirEntry[str]") -> None:
    name = entry.name
    if entry.is_file(follow_symlinks=False):
        if name in _OUTPUT_MARKERS and _is_output(entry.path):
            listing.is_output = True
        if not _is_picture(name):
            listing.others += 1
            return
        try:
            state = entry.stat(follow_symlinks=False)
        except FileNotFoundError:
            return  # gone since the folder was listed
        listing.files.append((name, state.st_size, state.st_mtime_ns))
    elif entry.is_dir(follow_symlinks=False):
        if not name.startswith(TEMPORARY_PREFIX):
            listing.folders.append(name)
    elif entry.is_symlink() and (_is_picture(name) or _leads_to_folder(entry)):
        listing.links.append(name)
    else:
        listing.others += 1


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
        with Path(marker).open("rb") as file:
            head = file.read(1000)
    except OSError:
        return False
    return any(words in head for words in _OUTPUT_WORDS)
