"""What one folder holds, sorted by the rules into pictures, folders, and what is left out.

Knows names only: whether they come from a disk (`imgrec.sources.folder_entries`) or are parts of
the keys of a bucket or of a tar file (`imgrec.sources.key_walk`) makes no difference.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from operator import itemgetter

from imgrec.pictures.formats import RAW_SUFFIXES
from imgrec.sources.file_kinds import PICTURE_SUFFIXES, named_kind, raw_beside_pictures, suffix_of
from imgrec.sources.rules import RAW_PAIRS, Below, Rules
from imgrec.sources.source import Listed, Listing

_PATH = itemgetter(0)


@dataclass
class Entries:
    """What one folder holds.

    Attributes:
        rules: which files belong to the collection.
        below: what they know of the folder.
        files: the pictures; sorted by name by `close`.
        folders: what the rules know of the folders in it that may hold pictures, by name.
        others, named, raw_pairs, skipped_files, skipped_folders, used_globs, unreadable: as in
            `imgrec.sources.source.Listing`, the paths relative to the folder.
    """

    rules: Rules
    below: Below
    files: list[Listed] = field(default_factory=list)
    folders: dict[str, Below] = field(default_factory=dict)
    others: int = 0
    named: Counter[str] = field(default_factory=Counter)
    raw_pairs: Counter[str] = field(default_factory=Counter)
    skipped_files: Counter[str] = field(default_factory=Counter)
    skipped_folders: Counter[str] = field(default_factory=Counter)
    used_globs: set[str] = field(default_factory=set)
    unreadable: list[str] = field(default_factory=list)
    _has_raw: bool = False

    def add_file(self, name: str, version: Callable[[], Listed], hidden: bool = False) -> None:
        """Sort a file in.

        Args:
            name: of the file.
            version: called only if the file is taken.
            hidden: its system marks it as hidden, whatever its name.
        """
        suffix = suffix_of(name)
        if suffix not in PICTURE_SUFFIXES:
            self.others += 1
            kind = named_kind(suffix)
            if kind and not self._reason(name, hidden=False):
                self.named[kind] += 1
        elif reason := self._reason(name, hidden):
            self.skipped_files[reason] += 1
        else:
            self._has_raw = self._has_raw or suffix in RAW_SUFFIXES
            self.files.append(version())

    def add_folder(self, name: str, hidden: bool = False) -> None:
        """Sort a folder in.

        Args:
            name: of the folder.
            hidden: its system marks it as hidden, whatever its name.
        """
        below = self.rules.enter(self.below, name, hidden=hidden, used=self.used_globs)
        if not below.is_closed:
            self.folders[name] = below
        elif below.reason:
            self.skipped_folders[below.reason] += 1

    def close(self) -> None:
        """Sort the files, and leave out RAW files beside a picture unless the rules take them."""
        self.files.sort(key=_PATH)
        if self._has_raw and RAW_PAIRS not in self.rules.take:
            self._leave_out_raw_pairs()

    def count(self, found: Listing, place: str) -> None:
        """Add what was skipped here to what was skipped in a listing.

        Args:
            found: updated.
            place: path of this folder within the source, "" for the top.
        """
        prefix = f"{place}/" if place else ""
        found.others += self.others
        found.named += self.named
        found.raw_pairs += self.raw_pairs
        found.skipped_files += self.skipped_files
        found.skipped_folders += self.skipped_folders
        found.used_globs |= self.used_globs
        found.unreadable += [
            (place or ".") if name == "." else prefix + name for name in self.unreadable
        ]

    def _reason(self, name: str, hidden: bool) -> str | None:
        # Most names have no kind, and most rules no globs.
        if not (self.rules.has_globs or hidden or name[0] == "."):
            return None
        return self.rules.reason(self.below, name, hidden=hidden, used=self.used_globs)

    def _leave_out_raw_pairs(self) -> None:
        pairs = raw_beside_pictures(self.files)
        for file in pairs:
            self.raw_pairs[suffix_of(file.path)[1:].upper()] += 1
        names = {file.path for file in pairs}
        self.files = [file for file in self.files if file.path not in names]
