"""The folder as a picture source: files below an absolute path of this machine.

The version of a file is its size, its time, and a weak token of its ctime and inode
(`imgrec.sources.versions`). A folder is offline while its device is not mounted, which leaves an
empty folder or none; `identity` tells that another device was mounted in the middle of a listing.
"""

import os
import re
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from imgrec.errors import ImgrecError, PictureError, cause_of
from imgrec.pictures.formats import SUFFIXES
from imgrec.sources.files import read_file
from imgrec.sources.links import RealPlaces
from imgrec.sources.rules import Rules
from imgrec.sources.source import Listed, Listing
from imgrec.sources.versions import listed_at
from imgrec.system.file_names import composed

if TYPE_CHECKING:
    from imgrec.sources.columns import Columns

# Paths that a Path would write in another way: empty, absolute, with a folder "" or "." or a slash
# at the end. Hidden files are among them.
_UNCLEAN = re.compile(r"\A(?:\Z|[/.])|/[/.]|/\Z")


@dataclass(frozen=True)
class FolderSource:
    """A folder of picture files; implements `imgrec.sources.source.FolderedSource`.

    Attributes:
        description: the absolute path of the folder.
    """

    description: str

    @classmethod
    def at(cls, text: Path | str) -> "FolderSource":
        """Return the folder that a user names: `~` expanded, absolute, links resolved."""
        return cls(str(Path(text).expanduser().resolve()))

    @property
    def is_remote(self) -> bool:
        """False: the system reads ahead."""
        return False

    @property
    def name(self) -> str:
        """The name of the folder; "" for the top of a disk."""
        return Path(self.description).name

    def location(self, path: str = "") -> str:
        """Return the absolute path of a file or folder."""
        # Most paths need nothing of what a Path does, which takes ten times as long.
        if os.sep == "/" and self.description[:1] == "/" and not _UNCLEAN.search(path):
            return _beginning(self.description) + path
        return str(Path(self.description, path))

    def path_of(self, location: str) -> str | None:
        """Return an absolute path relative to the folder; None where it is not inside.

        Names in NFC and NFD are one name.
        """
        try:
            path = Path(location).relative_to(self.description).as_posix()
        except ValueError:
            return self._path_of_composed(location)
        return "" if path == "." else path

    def _path_of_composed(self, location: str) -> str | None:
        folder, parts = Path(self.description).parts, Path(location).parts
        same = [*map(composed, parts[: len(folder)])] == [*map(composed, folder)]
        return "/".join(parts[len(folder) :]) if same else None

    def file(self, path: str) -> Path:
        """Return the absolute path of a picture."""
        return Path(self.description, path)

    def identity(self) -> tuple[int, int] | None:
        """Return device and inode; None where no folder is there."""
        try:
            state = Path(self.description).stat()
        except OSError:
            return None
        return (state.st_dev, state.st_ino) if stat.S_ISDIR(state.st_mode) else None

    def why_offline(self) -> str | None:
        """Return why the folder cannot be listed now; None where it can and is not empty."""
        folder = self.description
        try:
            if not Path(folder).is_dir():
                return f"{folder} is not there"
            with os.scandir(folder) as entries:
                return None if any(entries) else f"{folder} is empty"
        except OSError as error:
            return f"{folder} cannot be listed ({cause_of(error)})"

    def check(self, links: RealPlaces | None = None, rules: Rules | None = None) -> None:
        """List the folder up to its first picture, one that the rules take.

        Raises:
            ImgrecError: the folder is absent, cannot be listed or holds no picture file.
        """
        folder, found = self.description, Listing(rules or Rules())
        if not Path(folder).is_dir():
            raise ImgrecError(f"{folder} is not a folder: name the folder that holds the pictures")
        if next(self.pictures(found, links), None) is not None:
            return
        if "." in found.unreadable:
            raise ImgrecError(
                f"{folder} cannot be listed: get the right to read it, or name another"
            )
        from imgrec.sources.passed_over import skipped_lines

        skipped = skipped_lines([found])
        if found.named["TAR"]:
            skipped.append(f"pictures in the .tar files there: name tar://{folder}")
        if found.links:
            skipped.append(f"links that are not followed: {found.links} (--follow-links)")
        raise ImgrecError(
            f"no pictures in {folder}: pictures are known by their suffix "
            f"({' '.join(sorted(SUFFIXES))}, and those of RAW files), files of other kinds there: "
            f"{found.others}" + "".join(f"; {line}" for line in skipped)
        )

    def pictures(self, found: Listing, links: RealPlaces | None = None) -> Iterator[Listed]:
        """Yield the picture files of the folder and all below, each once.

        Files come before folders, both by name. What links lead to comes last, by the path of
        the link, links found behind links after those found before them.

        Args:
            found: its rules say what is taken; updated with what is listed and skipped.
            links: where links may lead; None: they are counted and not followed.
        """
        # Imported here, as what else walks: a query lists nothing.
        from imgrec.sources.walk import walk

        yield from walk(self.description, found, links)

    def folders(
        self, found: Listing, links: RealPlaces | None = None, *, shared: bool = False
    ) -> "Iterator[Columns]":
        """Yield the pictures of each folder that has any, in the order of `pictures`.

        Args:
            found: as of `pictures`.
            links: as of `pictures`.
            shared: let a second process list folders too, where links are not followed and it would
                not run the script of this process; the folders are yielded in any order then.
        """
        if shared and links is None:
            from imgrec.system.main_guard import runs_again

            if not runs_again():
                from imgrec.sources.shared_walk import shared_walk

                return shared_walk(self.description, found)
        from imgrec.sources.walk import walk_folders

        return walk_folders(self.description, found, links)

    def find(self, path: str) -> Listed | None:
        """Return size and time of the file at a path; None for nothing.

        Raises:
            PictureError: `unreadable`: there is something else than a file, the path is not
                allowed here, or its folder is not readable.
        """
        try:
            state = self.file(path).stat()
        except (FileNotFoundError, NotADirectoryError):
            return None
        except (OSError, ValueError) as error:
            raise PictureError("unreadable", str(error)) from error
        if not stat.S_ISREG(state.st_mode):
            raise PictureError("unreadable", f"it is {_kind(state.st_mode)}")
        return listed_at(path, state)

    def file_identity(self, path: str) -> tuple[int, int] | None:
        """Return device and inode of a file; None where it is absent or has no inode."""
        try:
            state = self.file(path).stat()
        except (OSError, ValueError):
            return None
        return (state.st_dev, state.st_ino) if state.st_ino else None

    def read(self, path: str, head: int | None = None) -> bytes:
        """Return the bytes of a file, or the first `head` of them.

        Raises:
            PictureError: `unreadable`, `empty` or `too-large` (above `MAX_MEMORY`).
        """
        return read_file(Path(self.description, path), head)


def _kind(mode: int) -> str:
    """Return what something is that is no regular file, by its mode."""
    kinds = (
        (stat.S_ISDIR, "a folder"),
        (stat.S_ISFIFO, "a named pipe"),
        (stat.S_ISSOCK, "a socket"),
    )
    return next((what for is_kind, what in kinds if is_kind(mode)), "a device")


def spellings(folder: str) -> list[str]:
    """Return the absolute paths that a folder's name may mean.

    The first has its links resolved. The second has them kept, because a root of the catalog may
    have become a link since.
    """
    return [os.path.realpath(folder), os.path.normpath(Path(folder).absolute())]


@lru_cache(maxsize=64)
def _beginning(folder: str) -> str:
    """Return what the absolute paths of all files of a folder begin with."""
    return str(Path(folder, "x"))[:-1]
