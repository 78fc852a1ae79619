"""Atomic writes: a file or folder is the old one or the new one, never a mixture.

Data goes to a temporary name in the target's own folder (the same file system), is flushed with
`fsync`, and is renamed over the target. Invariant: after a crash the target is intact, and all
that remains is an orphan whose name starts with `TEMPORARY_PREFIX`. The name carries host and
process id, so that the next write deletes orphans of dead processes of this machine and leaves
the temporaries of running ones, and those of other machines on a network drive, alone.
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
# Windows flushes only what is open for writing; elsewhere a read-only file can be flushed as well.
_FLUSHABLE = os.O_RDWR if os.name == "nt" else os.O_RDONLY
_HOST = re.sub(r"[^A-Za-z0-9.]", "", platform.node())[:40]
_OURS = re.compile(rf"{re.escape(TEMPORARY_PREFIX)}{re.escape(_HOST)}-(\d+)-")


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
        handle, name = tempfile.mkstemp(prefix=_prefix(), dir=path.parent)
    except OSError as error:
        # The caller knows this name, not the temporary one.
        error.filename = str(path)
        raise
    temporary = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        temporary.chmod(0o666 & ~_umask())
        temporary.replace(path)
    except BaseException as error:
        temporary.unlink(missing_ok=True)
        _name(error, path)
        raise


def write_text(path: Path, text: str) -> None:
    """Write a UTF-8 text file atomically; characters UTF-8 cannot encode become `?`."""
    write_bytes(path, text.encode("utf-8", "replace"))


@contextmanager
def new_folder(path: Path) -> Iterator[Path]:
    """Yield a temporary folder that replaces `path` as a whole if the block raises nothing.

    An old folder at `path` is renamed aside, the new one is renamed into its place, and only then
    is the old one deleted; if the second rename fails, the first is rolled back. Between the two
    renames `path` is absent for a moment (POSIX has no portable exchange of folders). Orphans that
    killed processes of this machine left beside `path` are deleted first.

    Raises:
        OSError: the parent is read-only or full; the old folder is unchanged.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    _remove_orphans(path.parent)
    try:
        temporary = Path(tempfile.mkdtemp(prefix=_prefix(), dir=path.parent))
    except OSError as error:
        error.filename = str(path)
        raise
    try:
        temporary.chmod(0o777 & ~_umask())
        yield temporary
        _sync_folder(temporary)
        _replace_folder(temporary, path)
    except BaseException as error:
        shutil.rmtree(temporary, ignore_errors=True)
        _name(error, path)
        raise


def remove_temporaries(folder: Path) -> None:
    """Delete the temporaries of killed runs that lie directly in `folder`."""
    for path in folder.glob(TEMPORARY_PREFIX + "*"):
        _remove(path)


def _name(error: BaseException, path: Path) -> None:
    """Add the target's name to an OSError that has none, such as ENOSPC (disk full)."""
    if isinstance(error, OSError) and error.errno and error.filename is None:
        error.filename = str(path)


def _prefix() -> str:
    return f"{TEMPORARY_PREFIX}{_HOST}-{os.getpid()}-"


def _remove_orphans(folder: Path) -> None:
    # Elsewhere `os.kill(pid, 0)` does not probe a process, it ends it.
    if os.name != "posix":
        return
    for path in folder.glob(TEMPORARY_PREFIX + "*"):
        made_by = _OURS.match(path.name)
        if made_by and not _is_alive(int(made_by[1])):
            _remove(path)


def _is_alive(pid: int) -> bool:
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


def _replace_folder(new: Path, path: Path) -> None:
    if not path.exists():
        new.rename(path)
        return
    # Without host and process id in its name, so that it is never taken for an orphan: if this
    # process is killed now, the user's only copy of the old folder lies there.
    aside = Path(tempfile.mkdtemp(prefix=TEMPORARY_PREFIX, dir=path.parent))
    old = aside / path.name
    path.rename(old)
    try:
        new.rename(path)
    except BaseException:
        old.rename(path)
        raise
    finally:
        shutil.rmtree(aside, ignore_errors=True)


def _sync_folder(folder: Path) -> None:
    for file in folder.rglob("*"):
        if file.is_file():
            descriptor = os.open(file, _FLUSHABLE)
            try:
                os.fsync(descriptor)
            finally:
                os.close(descriptor)


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
