"""Atomic replacement of folders: the old one or the new one, never a mixture, and nothing lost.

A new folder is written under a temporary name beside its place and renamed. POSIX has no portable
exchange of two folders, so an old folder is first renamed aside. Invariants: nothing is deleted but
what the caller's `check` accepts as its own; no symbolic link is followed or replaced; and there is
always a name under which the old or the new folder lies whole. A process that is killed between the
two renames leaves the old folder, which may be the only copy, in `.tmp-old-HOST-PID-…/`: the next
write to the same place restores it first.
"""

import errno
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from imgrec.errors import ImgrecError, cause_of
from imgrec.system.atomic_files import (
    TEMPORARY_PREFIX,
    named,
    remove_orphans,
    temporary_prefix,
    umask,
    was_left_by_dead_process,
)

# Flushes only what is open for writing on Windows; elsewhere a read-only file can be flushed too.
_FLUSHABLE = os.O_RDWR if os.name == "nt" else os.O_RDONLY
# A part of the name of its own, so that it is never taken for an orphan.
_ASIDE = "old-"

# Called with a folder; raises if the folder holds anything that may not be deleted.
Check = Callable[[Path], None]


@contextmanager
def new_folder(
    path: Path,
    check: Check | None = None,
    finished: Callable[[Path], object] | None = None,
    *,
    tidied: bool = False,
) -> Iterator[Path]:
    """Yield a temporary folder that replaces `path` as a whole if the block raises nothing.

    If the second rename fails, the first is rolled back. Between the two renames `path` is absent
    for a moment. What killed processes of this machine left beside `path` is restored or deleted
    first.

    Args:
        path: of the folder, absent or one that may be replaced; never a symbolic link.
        check: raises if a folder holds anything that may not be deleted. It is called before
            anything is written, and again just before the old folder is replaced. None: nothing is
            replaced.
        finished: called with the temporary folder when all is in it, before it gets its name: from
            then on another process may replace it by one of its own.
        tidied: the caller knows that no killed process left anything beside `path`. Looking for it
            takes as long as listing the parent, which counts where thousands of folders are made.

    Raises:
        FileExistsError: there is something at `path`, and no `check`.
        OSError: the parent is read-only or full, or `path` is a link or a file; the old folder is
            unchanged.
        Exception: what `check` raises; nothing is deleted.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    _check_replaceable(path, check)
    if not tidied:
        _restore_or_delete_aside(path, check)
        remove_orphans(path.parent)
    try:
        temporary = Path(tempfile.mkdtemp(prefix=temporary_prefix(), dir=path.parent))
    except OSError as error:
        # The caller knows this name, not the temporary one.
        error.filename = str(path)
        raise
    try:
        temporary.chmod(0o777 & ~umask())
        yield temporary
        _sync_folder(temporary)
        if finished is not None:
            finished(temporary)
        _check_replaceable(path, check)
        _replace_folder(temporary, path)
    except BaseException as error:
        shutil.rmtree(temporary, ignore_errors=True)
        named(error, path)
        raise


def is_real_folder(path: Path) -> bool:
    """Return True for a folder that is no symbolic link."""
    return path.is_dir() and not path.is_symlink()


def _check_replaceable(path: Path, check: Check | None) -> None:
    """Check that there is nothing at `path`, or a folder that `check` accepts."""
    if path.is_symlink():
        # Renaming would replace the link; who made it wants something else there.
        raise OSError(errno.ELOOP, "is a symbolic link, which is never replaced", str(path))
    if not path.exists():
        return
    if check is None:
        raise FileExistsError(errno.EEXIST, "exists, and is never replaced", str(path))
    if not path.is_dir():
        raise NotADirectoryError(errno.ENOTDIR, "is no folder, and is never replaced", str(path))
    check(path)


def _replace_folder(new: Path, path: Path) -> None:
    if not path.exists():
        new.rename(path)
        return
    aside = Path(tempfile.mkdtemp(prefix=temporary_prefix(_ASIDE), dir=path.parent))
    old = aside / path.name
    try:
        path.rename(old)
        new.rename(path)
    except BaseException as error:
        _roll_back(old, path, error)
        raise
    shutil.rmtree(aside, ignore_errors=True)


def _roll_back(old: Path, path: Path, cause: BaseException) -> None:
    """Rename the old folder back to `path`.

    Raises:
        OSError: that fails too; the old folder stays where it is, and the error names the place.
    """
    try:
        if old.exists():
            old.rename(path)
    except OSError as error:
        text = f"not replaced ({cause}), nor restored ({cause_of(error)}): it lies in {old} now"
        raise OSError(error.errno, text, str(path)) from cause
    # Never a whole tree: it is empty, or holds what must not be lost.
    with suppress(OSError):
        old.parent.rmdir()


def _restore_or_delete_aside(path: Path, check: Check | None) -> None:
    """Restore `path` where a killed process left it aside; delete what has been replaced since."""
    for aside in _left_aside(path):
        old = aside / path.name
        # Another process may do the same at this moment.
        with suppress(OSError):
            if not path.exists():
                old.rename(path)
                aside.rmdir()
            elif check is not None and _accepts(check, old):
                shutil.rmtree(aside)


def _left_aside(path: Path) -> list[Path]:
    """Return the folders in which dead processes of this machine left `path`, the newest first."""
    found = []
    for folder in path.parent.glob(f"{TEMPORARY_PREFIX}{_ASIDE}*"):
        if was_left_by_dead_process(folder.name, _ASIDE) and is_real_folder(folder):
            if is_real_folder(folder / path.name):
                found.append(folder)
            # Killed before the first rename: an empty folder, and only such a one is deleted here.
            with suppress(OSError):
                folder.rmdir()
    return sorted(found, key=lambda folder: folder.stat().st_mtime_ns, reverse=True)


def _accepts(check: Check, folder: Path) -> bool:
    try:
        check(folder)
    except (ImgrecError, OSError):
        return False
    return True


def _sync_folder(folder: Path) -> None:
    for file in folder.rglob("*"):
        if file.is_file():
            descriptor = os.open(file, _FLUSHABLE)
            try:
                os.fsync(descriptor)
            finally:
                os.close(descriptor)
