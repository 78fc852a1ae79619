"""What a folder holds: its picture files, and what was passed over."""

import os
import stat
from dataclasses import dataclass, field
from pathlib import Path

from imgrec.errors import ImgrecError
from imgrec.files import TEMPORARY_PREFIX
from imgrec.images import SUFFIXES


@dataclass(frozen=True, slots=True)
class FoundFile:
    """A picture file on disk; `path` is relative to its root, with forward slashes."""

    path: str
    size: int
    mtime_ns: int


@dataclass
class Walk:
    """What a folder holds.

    Attributes:
        files: with a picture's suffix, ascending by path.
        others: number of files passed over for their suffix.
        links: number of symbolic links passed over.
        unreadable: folders that could not be listed, relative to the root.
    """

    files: list[FoundFile] = field(default_factory=list)
    others: int = 0
    links: int = 0
    unreadable: list[str] = field(default_factory=list)


def walk_root(root: Path, leave_out: Path | None = None) -> Walk:
    """List the picture files of a root.

    Raises:
        ImgrecError: the folder is absent, cannot be listed or holds no picture file.
    """
    if not root.is_dir():
        raise ImgrecError(f"{root} is not a folder: name the folder that holds the pictures")
    found = walk(root, leave_out)
    if found.unreadable == ["."]:
        raise ImgrecError(f"{root} cannot be listed: get the right to read it, or name another")
    if not found.files:
        raise ImgrecError(
            f"no pictures in {root}: {found.others} other files are there, and pictures are known "
            f"by their suffix ({' '.join(sorted(SUFFIXES))})"
        )
    return found


def walk(root: Path, leave_out: Path | None = None) -> Walk:
    """List the picture files below a folder; links are not followed.

    Args:
        root: the folder.
        leave_out: a folder that is not looked into (the store itself).
    """
    found = Walk()

    def unreadable(error: OSError) -> None:
        folder = Path(error.filename or root)
        found.unreadable.append(folder.relative_to(root).as_posix())

    for folder, subfolders, names in os.walk(root, onerror=unreadable):
        found.links += sum(Path(folder, name).is_symlink() for name in subfolders)
        subfolders[:] = [
            name
            for name in subfolders
            if not name.startswith(TEMPORARY_PREFIX) and Path(folder, name) != leave_out
        ]
        for name in names:
            _add_file(found, root, folder, name)
    found.files.sort(key=lambda file: file.path)
    return found


def _add_file(found: Walk, root: Path, folder: str, name: str) -> None:
    if os.path.splitext(name)[1].lower() not in SUFFIXES:
        found.others += 1
        return
    path = os.path.join(folder, name)
    state = os.lstat(path)
    if stat.S_ISLNK(state.st_mode):
        found.links += 1
    elif stat.S_ISREG(state.st_mode):
        relative = os.path.relpath(path, root).replace(os.sep, "/")
        found.files.append(FoundFile(relative, state.st_size, state.st_mtime_ns))
    else:
        found.others += 1
