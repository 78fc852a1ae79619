"""Files and folders that appear whole or not at all."""

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
_OURS = re.compile(rf"{re.escape(TEMPORARY_PREFIX)}{re.escape(_HOST)}-(\d+)-")


def write_bytes(path: Path, data: bytes) -> None:
    """Write a file under a temporary name beside its own and rename it.

    Raises:
        OSError: the folder is absent, read-only or full; the old file stays as it was.
    """
    with new_file(path) as file:
        file.write(data)


@contextmanager
def new_file(path: Path) -> Iterator[BinaryIO]:
    """Yield a temporary file that takes the place of `path` when the block ends well.

    Raises:
        OSError: the folder is absent, read-only or full; the old file stays as it was.
    """
    try:
        handle, name = tempfile.mkstemp(prefix=_prefix(), dir=path.parent)
    except OSError as error:
        error.filename = str(path)  # the name the caller knows
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
    """Write a UTF-8 file as `write_bytes` does; what UTF-8 cannot hold becomes `?`."""
    write_bytes(path, text.encode("utf-8", "replace"))


@contextmanager
def new_folder(path: Path) -> Iterator[Path]:
    """Yield a temporary folder that takes the place of `path` when the block ends well.

    An old folder at `path` is moved aside first and deleted last, so that `path` is the
    old one or the new one, whole, but for the moment between two renames. What a process of
    this machine that was killed left there under such a name is deleted.

    Raises:
        OSError: the parent is read-only or full; the old folder stays as it was.
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
    """Delete what a killed run left under a temporary name directly in `folder`."""
    for path in folder.glob(TEMPORARY_PREFIX + "*"):
        _remove(path)


def _name(error: BaseException, path: Path) -> None:
    """Say what was being written where the system does not, as of a full disk."""
    if isinstance(error, OSError) and error.errno and error.filename is None:
        error.filename = str(path)


def _prefix() -> str:
    return f"{TEMPORARY_PREFIX}{_HOST}-{os.getpid()}-"


def _remove_orphans(folder: Path) -> None:
    if os.name != "posix":  # elsewhere there is no asking whether a process lives
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
        pass  # somebody else's
    return True


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        with suppress(OSError):  # somebody else's
            path.unlink(missing_ok=True)


def _replace_folder(new: Path, path: Path) -> None:
    if not path.exists():
        new.rename(path)
        return
    # Never deleted as a killed run's: it is the old folder that lies there.
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
            descriptor = os.open(file, os.O_RDONLY)
            try:
                os.fsync(descriptor)
            finally:
                os.close(descriptor)


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
