"""The entries of one folder of a disk: pictures, folders, links and what is left out.

The size and time of a file come with its directory entry, where the system gives them; a file that
is no picture, or that the rules leave out by its name, is not asked for them.
"""

import os
import stat
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from imgrec.errors import PictureError
from imgrec.pictures.formats import RAW_SUFFIXES, SUFFIXES
from imgrec.sources.entries import Entries
from imgrec.sources.file_kinds import PICTURE_SUFFIXES, suffix_of
from imgrec.sources.files import read_file
from imgrec.sources.rules import Below, Rules
from imgrec.sources.versions import listed_at
from imgrec.system.atomic_files import TEMPORARY_PREFIX

# Marker files of imgrec's own output, and the text in their first bytes that proves it.
_OUTPUT_MARKERS = frozenset(
    {"store.json", "site.json", "report.json", "review.json", "projector_config.pbtxt"}
)
_OUTPUT_WORDS = (b'"written_by": "imgrec ', b"made by imgrec projector")
_HEAD_BYTES = 1000
# Systems that mark files as hidden, beside or instead of a dot in front of the name. On Windows the
# mark comes with the entry; on macOS a folder is asked for it.
MARKS_HIDDEN = sys.platform in ("win32", "darwin")
# Suffixes of pictures as nearly all are written, but for RAW files, which may be left out beside
# others.
_LOWER = SUFFIXES - RAW_SUFFIXES
_PLAIN = _LOWER | {suffix.upper() for suffix in _LOWER}
# Where an entry is asked for by an open folder, the system has no path to follow for each.
_BY_DESCRIPTOR = os.scandir in os.supports_fd and hasattr(os, "O_DIRECTORY")


@dataclass
class FolderEntries(Entries):
    """What one folder of a disk holds.

    Attributes:
        folder: its path.
        links: names of links to a folder, or with the suffix of a picture.
        is_output: True if imgrec wrote the folder.
    """

    folder: str = ""
    links: list[str] = field(default_factory=list)
    is_output: bool = False

    @classmethod
    def of(cls, folder: str, rules: Rules, below: Below) -> "FolderEntries":
        """Return the entries of a folder; one that cannot be listed has "." as `unreadable`."""
        listed = cls(rules, below, folder=folder)
        # Where a name alone decides, nothing more is asked about a picture than its version.
        plain = frozenset() if MARKS_HIDDEN or rules.has_globs else _PLAIN
        files = listed.files
        try:
            with _opened(folder) as entries:
                for entry in entries:
                    name = entry.name
                    if name[name.rfind(".") :] not in plain or name[0] == ".":
                        listed._add(entry)
                        continue
                    try:
                        state = entry.stat(follow_symlinks=False)
                        if stat.S_IFMT(state.st_mode) == stat.S_IFREG:
                            files.append(listed_at(name, state))
                        else:
                            listed._add(entry)
                    except FileNotFoundError:
                        continue  # gone since the folder was listed
                    except OSError:
                        listed.unreadable.append(name)
        except OSError:
            listed.unreadable.append(".")
        listed.close()
        return listed

    def _add(self, entry: "os.DirEntry[str]") -> None:
        try:
            self._add_known(entry)
        except FileNotFoundError:
            return  # gone since the folder was listed
        except OSError:
            # One file that cannot be looked at, as on a damaged disk, must not hide those after it.
            self.unreadable.append(entry.name)

    def _add_known(self, entry: "os.DirEntry[str]") -> None:
        """Sort an entry in; raise OSError if it cannot be known what it is, or its size."""
        name = entry.name
        if entry.is_file(follow_symlinks=False):
            self._add_file(entry, name)
        elif entry.is_dir(follow_symlinks=False):
            if not name.startswith(TEMPORARY_PREFIX):
                self._add_folder(entry, name)
        elif entry.is_symlink() and (
            suffix_of(name) in PICTURE_SUFFIXES or _leads_to_folder(entry)
        ):
            self.links.append(name)
        else:
            self.others += 1

    def _add_file(self, entry: "os.DirEntry[str]", name: str) -> None:
        if name in _OUTPUT_MARKERS and _is_output(os.path.join(self.folder, name)):
            self.is_output = True
        state = entry.stat(follow_symlinks=False) if _asks_for(name) else None
        hidden = state is not None and is_marked_hidden(state)
        self.add_file(
            name, lambda: listed_at(name, state or entry.stat(follow_symlinks=False)), hidden
        )

    def _add_folder(self, entry: "os.DirEntry[str]", name: str) -> None:
        hidden = MARKS_HIDDEN and is_marked_hidden(entry.stat(follow_symlinks=False))
        self.add_folder(name, hidden)


@contextmanager
def _opened(folder: str) -> Iterator[Iterator["os.DirEntry[str]"]]:
    """Provide the entries of a folder to a block; the `path` of an entry means nothing."""
    if not _BY_DESCRIPTOR:
        with os.scandir(folder) as entries:
            yield entries
        return
    number = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        with os.scandir(number) as entries:
            yield entries
    finally:
        os.close(number)


def _asks_for(name: str) -> bool:
    # Only of pictures, which are few among many.
    return MARKS_HIDDEN and suffix_of(name) in PICTURE_SUFFIXES


def is_marked_hidden(state: os.stat_result) -> bool:
    """Return True if Windows or macOS marks a file or folder as hidden."""
    windows = getattr(state, "st_file_attributes", 0) & stat.FILE_ATTRIBUTE_HIDDEN
    return bool(windows or getattr(state, "st_flags", 0) & stat.UF_HIDDEN)


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
