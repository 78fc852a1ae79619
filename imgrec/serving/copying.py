"""Copy or link the files of pictures into a folder, without ever replacing or changing a file.

Each file keeps its name; where another file has it, a number is added. A file that is there with
the same content is not written again, so the same call goes on where a killed one stopped, and a
second one writes nothing. A file appears under its name whole: it is written under a temporary name
and gets its own by a hard link, which fails where the name is taken.

What is copied is the content that was marked: a file that has changed since it was indexed, or
became a link to another one, is left out, with the reason. Links in the folder are never followed.

A linked file is the original under a second name (a hard link): it takes no space and stays when
the original is moved, and a program that writes to one of them changes both.
"""

import errno
import os
import stat
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path, PurePosixPath

from imgrec.collection import Entry
from imgrec.errors import ImgrecError, PictureError, WrongValueError, cause_of
from imgrec.pictures.decoding import digest
from imgrec.serving.answers import Copied
from imgrec.sources.opening import source_of
from imgrec.store.store import Store
from imgrec.system.atomic_files import remove_orphans, temporary_prefix, umask
from imgrec.system.file_names import printable
from imgrec.system.regular_files import read_regular

COPY, LINK = "copy", "link"
# Files that could not be copied and are named one by one.
MOST_NAMED = 100
# After these no file can be written: the disk is full or read-only.
_FINAL = (errno.ENOSPC, errno.EDQUOT, errno.EROFS)


def check_target(store: Store, folder: Path) -> None:
    """Check that files may be copied into a folder, there or not.

    Raises:
        WrongValueError: it is a link or no folder, lies within the store or within a folder of the
            collection, where the copies would be indexed as pictures.
    """
    if folder.is_symlink() or (folder.exists() and not folder.is_dir()):
        raise WrongValueError(f"{folder} is a link or a file: name a folder, there or not")
    place = folder.resolve()
    if place.is_relative_to(store.path.resolve()):
        raise WrongValueError(f"{folder} lies within the store: name another folder")
    for root in store.catalog.held_roots():
        if source_of(root).path_of(str(place)) is not None:
            raise WrongValueError(
                f"{folder} lies within {root}, and the copies would be indexed as pictures: name "
                "a folder outside of it"
            )


def copy_pictures(entries: Iterable[Entry], folder: Path, how: str = COPY) -> Copied:
    """Write the files of pictures into a folder, which is made if it is not there.

    Args:
        entries: the pictures, in the order in which names are given.
        folder: passed `check_target`.
        how: `copy`, or `link` for hard links.

    Returns:
        What became of them; at most `MOST_NAMED` failures are named.

    Raises:
        WrongValueError: `how` is neither.
        OSError: the folder cannot be made.
    """
    if how not in (COPY, LINK):
        raise WrongValueError(f"how is {printable(how)!r}: take {COPY} or {LINK}")
    folder.mkdir(parents=True, exist_ok=True)
    remove_orphans(folder)
    target = _Target(folder, how == LINK, 0o666 & ~umask())
    written, there, failures = 0, 0, 0
    failed = []
    for entry in entries:
        try:
            if target.put(entry):
                written += 1
            else:
                there += 1
        except (OSError, ValueError, ImgrecError) as error:
            failures += 1
            if failures <= MOST_NAMED:
                failed.append(f"{printable(entry.location)}: {_why(error)}")
            if isinstance(error, OSError) and error.errno in _FINAL:
                failed.append("no more was tried")
                break
    if failures > MOST_NAMED:
        failed.append(f"and {failures - MOST_NAMED:,} more")
    return Copied(str(folder.resolve()), written, there, failed)


@dataclass(frozen=True)
class _Target:
    """The folder, and how files get there.

    Attributes:
        folder: is there, and no link.
        linked: files are hard links.
        mode: permissions of a copy.
        device: of the folder.
    """

    folder: Path
    linked: bool
    mode: int
    device: int = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "device", self.folder.stat().st_dev)

    def put(self, entry: Entry) -> bool:
        """Write the file of a picture; return False if it is there already.

        Raises:
            PictureError: it cannot be read, or has other content than when it was indexed.
            OSError: it cannot be written.
        """
        source = source_of(entry.root)
        data = source.read(entry.path)
        if entry.digest is not None and digest(data) != entry.digest:
            raise PictureError("unreadable", "it has changed since: run imgrec index")
        temporary = None
        try:
            for place in self._places(PurePosixPath(entry.path).name):
                if not os.path.lexists(place):
                    temporary = temporary or self._temporary(entry, data)
                    if _named(temporary, place):
                        return True
                if _holds(place, data):
                    return False
        finally:
            if temporary:
                temporary.unlink(missing_ok=True)
        raise AssertionError("there is always another name")

    def _places(self, name: str) -> Iterator[Path]:
        """Yield the paths that a file may have in the folder: a.jpg, a-2.jpg, and so on."""
        yield self.folder / name
        stem, suffix = os.path.splitext(name)
        for number in count(2):
            yield self.folder / f"{stem}-{number}{suffix}"

    def _temporary(self, entry: Entry, data: bytes) -> Path:
        """Return a whole file under a temporary name, a link to the original or a copy of it."""
        handle, name = tempfile.mkstemp(prefix=temporary_prefix(), dir=self.folder)
        temporary = Path(name)
        try:
            with os.fdopen(handle, "wb") as file:
                if self.linked:
                    self._link(entry, temporary)
                    return temporary
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            temporary.chmod(self.mode)
            # The time in the catalog may be that of a source without times.
            with suppress(OSError, OverflowError):
                os.utime(temporary, ns=(entry.mtime_ns, entry.mtime_ns))
        except BaseException:
            with suppress(OSError):
                temporary.unlink()
            raise
        return temporary

    def _link(self, entry: Entry, temporary: Path) -> None:
        original = source_of(entry.root).file(entry.path)
        if original is None:
            raise ImgrecError("it is no file of this machine: copy it")
        state = original.lstat()
        if not stat.S_ISREG(state.st_mode):
            raise ImgrecError("it is reached by a symbolic link: copy it")
        if state.st_dev != self.device:
            raise ImgrecError("it lies on another disk, which no hard link can reach: copy it")
        temporary.unlink()
        os.link(original, temporary, follow_symlinks=False)
        # Another file may have taken the place of the one that was read.
        linked = temporary.lstat()
        if not stat.S_ISREG(linked.st_mode) or linked.st_ino != state.st_ino:
            temporary.unlink()
            raise PictureError("unreadable", "it has changed just now")


def _named(temporary: Path, place: Path) -> bool:
    """Give a temporary file its name; return False where something else has it by now."""
    try:
        os.link(temporary, place, follow_symlinks=False)
    except FileExistsError:
        return False
    except OSError as error:
        if error.errno not in (errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS):
            raise
        return _named_by_rename(temporary, place)
    return True


def _named_by_rename(temporary: Path, place: Path) -> bool:
    """Do the same where there are no hard links, as on FAT: an empty file takes the name first."""
    try:
        os.close(os.open(place, os.O_CREAT | os.O_EXCL | os.O_WRONLY))
    except FileExistsError:
        return False
    temporary.replace(place)
    return True


def _holds(place: Path, data: bytes) -> bool:
    """Return True if a regular file, no link, has some content."""
    try:
        if place.lstat().st_size != len(data):
            return False
        return read_regular(place, len(data)) == data
    except (OSError, ValueError):
        return False


def _why(error: Exception) -> str:
    text = cause_of(error)
    return " ".join(printable(str(text)).split())
