"""The protocol of a picture source: the seam between the program and where pictures are stored.

A *source* is a place that holds pictures, such as a folder. Everything above this package knows
a picture by two strings: the `description` of its source, which the catalog keeps as a root, and
its `path` within the source. No module above opens, lists or stats a picture file itself.

    user's text ── opening.source_at ──▶ source ── pictures() ──▶ Listed ──▶ found table, rescan
    catalog root ─ opening.source_of ──▶ source ── read(path) ──▶ bytes ───▶ decode

Invariants of every implementation:

- It is rebuilt from its description alone (`opening.source_of`), so that a worker process or
  another machine gets the string and not the object.
- What the rules of a `Listing` leave out is not listed (`imgrec.sources.rules`).
- The same content is listed in the same order. Paths have forward slashes and are unique.
- Size, time and token of a `Listed` are its *version*: a rescan takes a picture of an unchanged
  version for unchanged, and reads its bytes otherwise. A source whose time is coarse or absent,
  such as an object store, gives its version id (an etag) as the token.
- A token may have a *weak* part, from the first `~` on, as the weak validators of HTTP: it changes
  with every change of the content, and also without one, as when a disk is copied. A rescan reads
  the content where only that part differs, unless it differs throughout the source
  (`imgrec.collection.tokens`). The token of an object store is strong and holds no `~`.
- What goes wrong with one picture is a `PictureError` with a reason code, never an `OSError`.
"""

from collections import Counter
from collections.abc import Hashable, Iterator
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import NamedTuple, Protocol, runtime_checkable

from imgrec.sources.columns import Columns
from imgrec.sources.links import RealPlaces
from imgrec.sources.rules import EXCLUDED, Rules

# Begins the weak part of a token.
WEAK = "~"


class Listed(NamedTuple):
    """A picture that a source holds now, and its version.

    Attributes:
        path: within the source, with forward slashes.
        size: in bytes.
        mtime_ns: time of the last modification, in nanoseconds since 1970; fits 64 bits.
        token: changes when the content may have changed though size and time did not; empty
            where size and time are all there is to go by. What follows `WEAK` is its weak part: a
            change of it alone may mean nothing. Valid Unicode.
    """

    path: str
    size: int
    mtime_ns: int
    token: str = ""


@dataclass
class Listing:
    """What a listing takes, and counters that are updated while it is consumed.

    Attributes:
        rules: which files belong to the collection.
        files: number of pictures.
        others: number of files skipped because of their suffix.
        named: number of these `others` by what they are, such as "MP4", where that has a name
            (`imgrec.sources.file_kinds`).
        raw_pairs: number of RAW files beside a picture of the same name, by what they are.
        links: number of symbolic links skipped: to folders, or with a picture's suffix.
        skipped_files: number of pictures left out by the rules, by reason.
        skipped_folders: number of folders not entered because of the rules, by reason.
        used_globs: globs of the rules that named a file or folder.
        outputs: folders skipped because imgrec wrote them, relative to the source.
        unreadable: folders that could not be listed and files that could not be looked at,
            relative to the source; "." for the top.
        unnamed: number of pictures in a bucket that cannot be asked for, because of their keys.
        first_unnamed: the first of these keys, relative to the source; "" for none.
    """

    rules: Rules = field(default_factory=Rules)
    files: int = 0
    others: int = 0
    named: Counter[str] = field(default_factory=Counter)
    raw_pairs: Counter[str] = field(default_factory=Counter)
    links: int = 0
    skipped_files: Counter[str] = field(default_factory=Counter)
    skipped_folders: Counter[str] = field(default_factory=Counter)
    used_globs: set[str] = field(default_factory=set)
    outputs: list[str] = field(default_factory=list)
    unreadable: list[str] = field(default_factory=list)
    unnamed: int = 0
    first_unnamed: str = ""

    @property
    def seen(self) -> int:
        """The number of files and links that were met, taken or not.

        A folder that is not entered may be empty, and counts only where the user excluded it.
        """
        skipped = (self.skipped_files + self.raw_pairs).total() + self.skipped_folders[EXCLUDED]
        return self.files + self.others + self.links + self.unnamed + skipped

    def add(self, other: "Listing") -> None:
        """Add what another listing counted and named, by the same rules."""
        for counter in fields(self):
            if counter.name not in ("rules", "first_unnamed", "used_globs"):
                there, more = getattr(self, counter.name), getattr(other, counter.name)
                setattr(self, counter.name, there + more)
        self.used_globs |= other.used_globs
        self.first_unnamed = self.first_unnamed or other.first_unnamed


class PictureSource(Protocol):
    """A place that holds pictures."""

    @property
    def description(self) -> str:
        """The string that the catalog keeps as a root; `opening.source_of` takes it back."""

    @property
    def name(self) -> str:
        """The last component of the description, for labels and titles; "" where it has none."""

    @property
    def is_remote(self) -> bool:
        """True if each read waits for a network, so that it pays to read several at a time."""

    def location(self, path: str = "") -> str:
        """Return where a path of this source is, as a user reads it and can name it.

        It is the description of the source that begins there; `location()` is the own one.
        """

    def path_of(self, location: str) -> str | None:
        """Return the path of a location within this source, "" for the source itself.

        Compares text only. None where the location is not inside.
        """

    def file(self, path: str) -> Path | None:
        """Return the local file of a picture, for a page to link to; None where it has none."""

    def identity(self) -> Hashable | None:
        """Return a value that changes when another device is mounted at the same place.

        None where the source is not there.
        """

    def why_offline(self) -> str | None:
        """Return one line that says why nothing can be listed now, or None where it can.

        A place that is there and empty counts as offline: a mount point without its device.
        """

    def check(self, links: RealPlaces | None = None, rules: Rules | None = None) -> None:
        """Look for a first picture, one that the rules take; None: the rules of a new store.

        Raises:
            ImgrecError: the source is absent, cannot be listed or holds no picture.
        """

    def pictures(self, found: Listing, links: RealPlaces | None = None) -> Iterator[Listed]:
        """Yield the pictures of the source, each once, in an order that depends on them alone.

        Args:
            found: its rules say what is taken; updated with what is listed and skipped.
            links: where symbolic links may lead, shared by all sources of a scan; None: links
                are not followed. A source without links ignores it.
        """

    def find(self, path: str) -> Listed | None:
        """Return the version of the file at a path now, picture or not; None for nothing.

        Raises:
            PictureError: `unreadable`: it cannot be known, or is no file but a folder or a pipe.
        """

    def file_identity(self, path: str) -> Hashable | None:
        """Return a value that two paths have in common where they are names of one file.

        As a hard link has, and a symbolic link that is followed. None where nothing is there, or
        the source has no such names.
        """

    def read(self, path: str, head: int | None = None) -> bytes:
        """Return the bytes of a picture.

        Args:
            path: of the picture.
            head: read no more than so many bytes from its beginning.

        Raises:
            PictureError: `unreadable`, `empty`, or `too-large` (above `MAX_MEMORY`).
        """


@runtime_checkable
class FolderedSource(PictureSource, Protocol):
    """A source that lists whole folders, so that nothing is done once more for each picture."""

    def folders(
        self, found: Listing, links: RealPlaces | None = None, *, shared: bool = False
    ) -> Iterator[Columns]:
        """Yield the pictures of each folder that has any.

        Args:
            found: as of `pictures`, in the order of which folders are yielded.
            links: as of `pictures`.
            shared: let a second process list folders too; they are yielded in any order then.
        """


@runtime_checkable
class VersionedSource(PictureSource, Protocol):
    """A source that can be asked for the version of a picture that was listed."""

    def read_version(self, path: str, token: str) -> bytes:
        """Return the bytes of a picture, as `read`.

        Args:
            path: of the picture.
            token: of its `Listed`; "" for any version.

        Raises:
            PictureError: as `read`; `unreadable`: it has another version now.
        """
