"""Atomic writes of files: a file is the old one or the new one, never a mixture.

Data goes to a temporary name in the target's own folder (the same file system), is flushed with
`fsync`, and is renamed over the target. Invariant: after a crash the target is intact, and all
that remains is an orphan whose name starts with `TEMPORARY_PREFIX`. The name carries host and
process id, so that the next write deletes orphans of dead processes of this machine and leaves
the temporaries of running ones, and those of other machines on a network drive, alone.
Folders: see `imgrec.system.atomic_folders`.
"""

import os
import platform
import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

TEMPORARY_PREFIX = ".tmp-"
_HOST = re.sub(r"[^A-Za-z0-9.]", "", platform.node())[:40]


def write_bytes(path: Path, data: bytes) -> None:
    """Write a file atomically.

    Raises:
        OSError: the folder is absent, read-only or full; the old file is unchanged.
    """
    with new_file(path) as file:
        file.write(data)


@contextmanager
def new_file(path: Path) -> Iterator[BinaryIO]:
    """Yield a temporary file that atomically replaces `path` if the block raises nothing.

    Raises:
        OSError: the folder is absent, read-only or full; the old file is unchanged.
    """
    try:
        handle, name = tempfile.mkstemp(prefix=temporary_prefix(), dir=path.parent)
    except OSError as error:
        # The caller knows this name, not the temporary one.
        error.filename = str(path)
        raise
    temporary = Path(name)
    try:
        with os.fdopen(handle, "w+b") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        temporary.chmod(0o666 & ~umask())
        temporary.replace(path)
    except BaseException as error:
        # The first error is the one to report.
        with suppress(OSError):
            temporary.unlink(missing_ok=True)
        named(error, path)
        raise


def write_text(path: Path, text: str) -> None:
    """Write a UTF-8 text file atomically; characters UTF-8 cannot encode become `?`."""
    write_bytes(path, text.encode("utf-8", "replace"))


def remove_temporaries(folder: Path) -> None:
    """Delete the temporaries of killed runs that lie directly in a folder that is no link."""
    if not folder.is_symlink():
        for path in folder.glob(TEMPORARY_PREFIX + "*"):
            _remove(path)


def remove_orphans(folder: Path) -> None:
    """Delete the temporaries that dead processes of this machine left directly in `folder`."""
    for path in folder.glob(TEMPORARY_PREFIX + "*"):
        if was_left_by_dead_process(path.name):
            _remove(path)


def temporary_prefix(kind: str = "") -> str:
    """Return the start of the name of a temporary of this process, of a kind such as `old-`."""
    return f"{TEMPORARY_PREFIX}{kind}{_HOST}-{os.getpid()}-"


def was_left_by_dead_process(name: str, kind: str = "") -> bool:
    """True if a name is that of a temporary of this kind, made here by a process that has ended."""
    # Elsewhere `os.kill(pid, 0)` does not probe a process, it ends it.
    if os.name != "posix":
        return False
    start = re.escape(f"{TEMPORARY_PREFIX}{kind}{_HOST}-")
    made_by = re.match(rf"{start}(\d+)-", name, re.ASCII)
    return made_by is not None and not is_alive(int(made_by[1]))


def umask() -> int:
    """Return the process's mask of permissions that new files lack."""
    mask = os.umask(0)
    os.umask(mask)
    return mask


def named(error: BaseException, path: Path) -> None:
    """Add the target's name to an OSError that has none, such as ENOSPC (disk full)."""
    if isinstance(error, OSError) and error.errno and error.filename is None:
        error.filename = str(path)


def is_alive(pid: int) -> bool:
    """Return whether a process of this number runs, on this machine; True where that is not known.

    Elsewhere than on POSIX systems it is not: there `os.kill(pid, 0)` does not probe a process, it
    ends it.
    """
    if os.name != "posix":
        return True
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except (PermissionError, OverflowError):
        # It belongs to another user, or is no process id: assume that it is alive.
        pass
    return True


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        # It may belong to another user.
        with suppress(OSError):
            path.unlink(missing_ok=True)
