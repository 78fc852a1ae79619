"""The enclosure of a store: nothing in its folder leads out of it or is anything but data.

A store may come from somebody else. A symbolic link in it, such as `knn -> ../home`, would let a
command read, write or replace what lies outside. A named pipe would block whoever opens it, and a
device or socket has no content to be read at all. So the whole tree is scanned before a store is
opened: real folders and regular files, nothing else. The folder of the store itself may be reached
by a link, because the user names it.

Names are part of the enclosure. A feature is opened by the folder that its name is mapped to
(`imgrec.system.folder_names`), and its name goes into file names, pages and messages. Invariant: a
name is printable, of a plain alphabet, and equal to the one that its folder stands for.

The scan reads only the directory entries, which tell the type of each file without another system
call: 1,600 folders with 6,400 files, as 400,000 pictures have them, take 34 to 49 ms.
"""

import os
import re
import stat
from collections.abc import Iterator
from pathlib import Path

from imgrec.errors import StoreError, cause_of
from imgrec.system.folder_names import folder_name, name_of_folder

_MOST_LETTERS = 200
# Letters and digits of any script: `onnx:FILE` names a feature after a file of the user.
_NAME = re.compile(r"[^\W_][\w .:/@+=,()-]*")
# A mount point or junction of Windows leads elsewhere as a symbolic link does.
_JUNCTION = 0xA0000003
_KINDS = (
    (stat.S_ISLNK, "a symbolic link"),
    (stat.S_ISFIFO, "a named pipe"),
    (stat.S_ISSOCK, "a socket"),
    (stat.S_ISCHR, "a device"),
    (stat.S_ISBLK, "a device"),
)


def check_enclosed(store: Path) -> None:
    """Check that everything in a store is a real folder or a regular file.

    Args:
        store: its folder; a link to a folder is allowed.

    Raises:
        StoreError: something else is there, or a folder cannot be listed; the message names it.
    """
    for path, what in strays(store):
        raise StoreError(
            f"{path} {what}: a store holds folders and files alone, and nothing of it is read "
            "before that is mended (remove it; what is derived is made again)"
        )


def strays(store: Path) -> Iterator[tuple[Path, str]]:
    """Yield what does not belong in a store's folder: its path, and what is wrong with it."""
    # As text: a store has four files for each 1,024 pictures, and a `Path` takes longer than one.
    folders = [str(store)]
    while folders:
        folder = folders.pop()
        try:
            with os.scandir(folder) as entries:
                for entry in entries:
                    if entry.is_dir(follow_symlinks=False) and not _is_junction(entry):
                        folders.append(entry.path)
                    elif not entry.is_file(follow_symlinks=False):
                        kind = _kind(entry)
                        if kind:
                            yield Path(entry.path), f"is {kind}"
        except FileNotFoundError:
            # Another process replaced it.
            continue
        except OSError as error:
            yield Path(folder), f"cannot be listed ({cause_of(error)})"


def is_name(name: str) -> bool:
    """Return True if a feature, an encoder or a relation may have this name."""
    plain = _NAME.fullmatch(name) is not None and len(name) <= _MOST_LETTERS
    # It would name a place of a file, and that file would be run as a network.
    plain = plain and not (name.startswith("onnx:") and "/" in name)
    return plain and not {"", ".", ".."} & set(name.split("/"))


def name_in(folder: Path) -> str:
    """Return the name that a folder of a feature, an encoder or a relation stands for.

    Raises:
        StoreError: it stands for no name that imgrec gives.
    """
    name = name_of_folder(folder.name)
    if not is_named(folder):
        raise StoreError(
            f"{folder} stands for no name that imgrec gives ({name!r}): move it out of the store"
        )
    return name


def is_named(folder: Path) -> bool:
    """Return True if a folder stands for a name that imgrec gives."""
    name = name_of_folder(folder.name)
    return is_name(name) and folder_name(name) == folder.name


def _kind(entry: os.DirEntry[str]) -> str | None:
    """Return what an entry is that is neither a folder nor a file; None if it is gone now."""
    if _is_junction(entry):
        return "a junction"
    try:
        mode = entry.stat(follow_symlinks=False).st_mode
    except FileNotFoundError:
        return None
    return next((what for is_kind, what in _KINDS if is_kind(mode)), None)


def _is_junction(entry: os.DirEntry[str]) -> bool:
    if os.name != "nt":
        return False
    found: int = getattr(entry.stat(follow_symlinks=False), "st_reparse_tag", 0)
    return found == _JUNCTION
