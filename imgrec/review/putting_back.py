"""Put a file from the trash back to its place, never over another file.

A rename replaces what is at its target. A second name (a hard link) is refused where there is
something, and is made at once; so the file is linked to its place and then loses the name in the
trash. Where there are no hard links (FAT, another file system), the name is first taken by an empty
file of our own, which the file then replaces. Killed in between, the file still lies in the trash.
"""

import errno
import os
import shutil
import tempfile
from contextlib import suppress
from pathlib import Path

from imgrec.review.trash_places import forget_origin
from imgrec.system.atomic_files import temporary_prefix


def put_back(trashed: Path, place: Path) -> None:
    """Move a file from the trash to its place; make the folder if it is gone.

    Raises:
        FileExistsError: something else is at its place now.
        OSError: it cannot be written there; the file stays in the trash.
    """
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
    except FileExistsError as error:
        raise NotADirectoryError(errno.ENOTDIR, "its folder is a file now", str(place)) from error
    try:
        os.link(trashed, place, follow_symlinks=False)
    except FileExistsError:
        raise
    except OSError:
        _replace_own(trashed, place)
    else:
        trashed.unlink()
    forget_origin(trashed)


def _replace_own(trashed: Path, place: Path) -> None:
    """Take the name by an empty file, then replace that.

    Raises:
        FileExistsError: something else has the name.
        OSError: the file cannot be moved.
    """
    os.close(os.open(place, os.O_CREAT | os.O_EXCL | os.O_WRONLY))
    try:
        _rename_or_copy(trashed, place)
    except BaseException:
        if place.stat().st_size == 0 and trashed.exists():
            place.unlink()
        raise


def _rename_or_copy(trashed: Path, place: Path) -> None:
    with suppress(OSError):
        trashed.replace(place)
        return
    handle, name = tempfile.mkstemp(prefix=temporary_prefix(), dir=place.parent)
    os.close(handle)
    try:
        shutil.copy2(trashed, name)
        Path(name).replace(place)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    trashed.unlink()
