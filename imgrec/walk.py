"""What a folder holds: its picture files, and what was passed over."""

import os
import stat
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from imgrec.errors import ImgrecError
from imgrec.files import TEMPORARY_PREFIX
from imgrec.images import SUFFIXES

# What imgrec writes itself: the first lines of these files say so.
_OUTPUT_MARKERS = ("store.json", "site.json", "report.json", "projector_config.pbtxt")
_OUTPUT_WORDS = (b'"written_by": "imgrec ', b"made by python -m projector")


@dataclass(frozen=True, slots=True)
class FoundFile:
    """A picture file on disk; `path` is relative to `root`, with forward slashes."""

    root: str
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
        outputs: folders passed over because imgrec wrote them, relative to the root.
        unreadable: folders that could not be listed or looked into, relative to the root.
    """

    files: list[FoundFile] = field(default_factory=list)
    others: int = 0
    links: int = 0
    outputs: list[str] = field(default_factory=list)
    unreadable: list[str] = field(default_factory=list)


def walk_root(root: Path) -> Walk:
    """List the picture files of a root.

    Raises:
        ImgrecError: the folder is absent, cannot be listed or holds no picture file.
    """
    if not root.is_dir():
        raise ImgrecError(f"{root} is not a folder: name the folder that holds the pictures")
    found = walk(root)
    if "." in found.unreadable:
        raise ImgrecError(f"{root} cannot be listed: get the right to read it, or name another")
    if not found.files:
        raise ImgrecError(
            f"no pictures in {root}: pictures are known by their suffix "
            f"({' '.join(sorted(SUFFIXES))}), files of other kinds there: {found.others}"
        )
    return found


def walk(root: Path) -> Walk:
    """List the picture files below a folder; links and imgrec's own output are not looked into."""
    found = Walk()

    def unreadable(error: OSError) -> None:
        found.unreadable.append(_relative(root, error.filename or root))

    for folder, subfolders, names in os.walk(root, onerror=unreadable):
        if Path(folder) != root and _is_output(folder, names):
            found.outputs.append(_relative(root, folder))
            subfolders.clear()
            continue
        found.links += sum(Path(folder, name).is_symlink() for name in subfolders)
        subfolders[:] = [name for name in subfolders if not name.startswith(TEMPORARY_PREFIX)]
        for name in names:
            _add_file(found, root, folder, name)
    found.files.sort(key=lambda file: file.path)
    return found


def _add_file(found: Walk, root: Path, folder: str, name: str) -> None:
    if os.path.splitext(name)[1].lower() not in SUFFIXES:
        found.others += 1
        return
    path = os.path.join(folder, name)
    try:
        state = os.lstat(path)
    except FileNotFoundError:
        return  # gone since the folder was listed
    except OSError:
        if _relative(root, folder) not in found.unreadable[-1:]:
            found.unreadable.append(_relative(root, folder))
        return
    if stat.S_ISLNK(state.st_mode):
        found.links += 1
    elif stat.S_ISREG(state.st_mode):
        place = _relative(root, path)
        found.files.append(FoundFile(str(root), place, state.st_size, state.st_mtime_ns))
    else:
        found.others += 1


def _relative(root: Path, path: str | Path) -> str:
    return os.path.relpath(path, root).replace(os.sep, "/")


def _is_output(folder: str, names: Sequence[str]) -> bool:
    for marker in _OUTPUT_MARKERS:
        if marker in names:
            try:
                head = Path(folder, marker).read_bytes()[:1000]
            except OSError:
                continue
            if any(words in head for words in _OUTPUT_WORDS):
                return True
    return False
