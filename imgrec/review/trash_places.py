"""Where a file lies that was moved to the system's trash: found again by its path and content.

`send2trash` moves a file and does not say where to. On Linux and the BSDs a trash is a folder with
`files/NAME` and `info/NAME.trashinfo`, which names the percent-encoded path that the file came
from; one is in the home folder, others at the top of each mounted file system. On macOS and Windows
the trash names no origin in a form to rely on, so there a file is known by its content alone.

Invariant: what is returned lies directly in a trash folder of this user, is a regular file and no
link, and its content has the digest that was asked for. No path of a log is trusted.

Source: the FreeDesktop.org Trash specification, version 1.0.
"""

import os
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from urllib.parse import unquote_to_bytes

from imgrec.pictures.decoding import digest
from imgrec.pictures.limits import MAX_MEMORY
from imgrec.system.regular_files import read_regular

_INFO = ".trashinfo"
_MOST_INFO_BYTES = 1 << 16


def find_in_trash(path: Path, size: int, content: str) -> Path | None:
    """Return where a file lies in the trash, the one trashed last; None if it is not there.

    Args:
        path: absolute, where it was.
        size: in bytes.
        content: its digest, as `imgrec.pictures.decoding.digest` returns it.
    """
    named = _by_content if sys.platform in ("darwin", "win32") else _by_origin
    found = (file for file in named(path) if _holds(file, size, content))
    return max(found, key=lambda file: file.lstat().st_ctime_ns, default=None)


def forget_origin(trashed: Path) -> None:
    """Delete what a trash notes about a file that has left it, if anything."""
    if trashed.parent.name == "files":
        with suppress(OSError):
            (trashed.parent.parent / "info" / (trashed.name + _INFO)).unlink()
    elif trashed.name.startswith("$R"):
        with suppress(OSError):
            trashed.with_name("$I" + trashed.name[2:]).unlink()


def forget_failed(path: Path) -> None:
    """Delete what a FreeDesktop trash notes about a file that it then could not take."""
    if sys.platform in ("darwin", "win32"):
        return
    # On a full disk the note is empty, and names no origin.
    for file in (*_by_origin(path), *_without_origin(path)):
        if not os.path.lexists(file):
            forget_origin(file)


def home_trash() -> Path:
    """Return the trash of the home folder. A relative XDG_DATA_HOME is invalid, and ignored."""
    data = os.environ.get("XDG_DATA_HOME", "")
    return (Path(data) if Path(data).is_absolute() else Path.home() / ".local/share") / "Trash"


def mount_point(path: Path) -> Path:
    """Return the top of the file system that a path is or was on."""
    here = Path(os.path.realpath(path.parent))
    while not here.is_mount() and here != here.parent:
        here = here.parent
    return here


def _by_origin(path: Path) -> Iterator[Path]:
    """Yield the files in FreeDesktop trashes that came from a path."""
    # Names are made unique by numbers behind the stem, in a way of each program.
    stem = path.name.partition(".")[0]
    for trash, top in _trashes(path):
        for info in _listed(trash / "info", stem):
            if info.name.endswith(_INFO) and _origin(info, top) == path:
                yield trash / "files" / info.name.removesuffix(_INFO)


def _without_origin(path: Path) -> Iterator[Path]:
    """Yield the files of a name like that of a path whose notes in the trash are empty."""
    for trash, _ in _trashes(path):
        for info in _listed(trash / "info", path.name.partition(".")[0]):
            with suppress(OSError):
                if info.name.endswith(_INFO) and not info.stat().st_size:
                    yield trash / "files" / info.name.removesuffix(_INFO)


def _trashes(path: Path) -> Iterator[tuple[Path, Path]]:
    """Yield (trash folder, the folder that relative origins in it start from)."""
    home = home_trash()
    yield home, home.parent
    top, user = mount_point(path), os.getuid()
    yield top / ".Trash" / str(user), top
    yield top / f".Trash-{user}", top


def _origin(info: Path, top: Path) -> Path | None:
    """Return the path that a `.trashinfo` file names; None if it is damaged."""
    try:
        lines = read_regular(info, _MOST_INFO_BYTES).splitlines()
    except (OSError, ValueError):
        return None
    named = next((line[5:] for line in lines if line.startswith(b"Path=")), b"")
    return top / os.fsdecode(unquote_to_bytes(named)) if named else None


def _by_content(path: Path) -> Iterator[Path]:
    """Yield all files of the trashes of macOS or Windows that a path may have gone to."""
    if sys.platform == "win32":
        for folder in _listed(Path(path.anchor, "$Recycle.Bin"), ""):
            yield from _listed(folder, "$R")
    else:
        yield from _listed(Path.home() / ".Trash", "")
        yield from _listed(mount_point(path) / ".Trashes" / str(os.getuid()), "")


def _listed(folder: Path, start: str) -> list[Path]:
    """Return what lies in a folder whose names start so; nothing if it cannot be listed."""
    try:
        return [one for one in folder.iterdir() if one.name.startswith(start)]
    except OSError:
        return []


def _holds(file: Path, size: int, content: str) -> bool:
    try:
        if file.lstat().st_size != size:
            return False
        return digest(read_regular(file, MAX_MEMORY)) == content
    except (OSError, ValueError):
        return False
