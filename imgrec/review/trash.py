"""Move the files that could go to the system's trash: the only place where imgrec moves a picture.

What was decided may be old by the time it is done, and a store may come from somebody else. So just
before each move the file is read again: it must still have the content that was compared, and the
file that is kept must be there with its content, be another file than this one (no hard link, no
link to it), and, where their bytes differ, be found to be the same picture again. Just after the
move the kept file must still be there: a folder that is mounted twice shows one file under two
paths, and then the move is undone at once. Whatever is not so is left, with the reason.

Every move is logged before and after (`trash_log`), and `undo` puts everything back.
"""

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from imgrec.collection import Entry
from imgrec.duplicates.comparing import compare_files
from imgrec.duplicates.comparison import Verdict
from imgrec.duplicates.groups import LINK
from imgrec.errors import ImgrecError, PictureError, cause_of
from imgrec.pictures.decoding import digest
from imgrec.review.putting_back import put_back
from imgrec.review.reviewed import Reviewed
from imgrec.review.trash_log import TrashLog
from imgrec.review.trash_places import find_in_trash, forget_failed
from imgrec.sources.opening import source_of
from imgrec.system.progress import progress

Send = Callable[[Path], None]


@dataclass(frozen=True)
class Trashed:
    """What a trash run did.

    Attributes:
        log: the log that undoes it.
        moved: number of files moved.
        moved_bytes: size of these, without links, which take no space of their own.
        left: (location, reason) of each file that was not moved.
    """

    log: Path
    moved: int
    moved_bytes: int
    left: tuple[tuple[str, str], ...]


def move_to_trash(
    files: Sequence[Reviewed], log: TrashLog, send: Send | None = None, *, quiet: bool = True
) -> Trashed:
    """Move files to the trash, each only where it is still safe, and log each move.

    Args:
        files: to move; links to a file too.
        log: new.
        send: moves a file to the trash; by default `send2trash`.
        quiet: show no progress bar.

    Raises:
        OSError: the log cannot be written, as on a full disk. Nothing more is moved.
        ImgrecError: a kept file vanished with a move and that could not be undone.
    """
    send = send or system_trash()
    moved = moved_bytes = 0
    left: list[tuple[str, str]] = []
    stage = progress("moving to the trash", files, unit="files", quiet=quiet)
    for number, member in enumerate(stage, 1):
        why = _move(member, number, log, send)
        if why is None:
            moved += 1
            moved_bytes += 0 if member.kind == LINK else member.entry.size
        else:
            left.append((member.entry.location, why))
    return Trashed(log.path, moved, moved_bytes, tuple(left))


def why_not(member: Reviewed) -> str | None:
    """Return why a file must not be moved now, None if nothing is lost with it."""
    file = source_of(member.entry.root).file(member.entry.path)
    kept = source_of(member.kept.root).file(member.kept.path)
    if file is None or kept is None:
        return "it is not on this machine"
    if file.is_symlink():
        return "it is a symbolic link: its file would stay"
    for who, entry in (("it", member.entry), ("the file to keep", member.kept)):
        changed = _changed(entry)
        if changed:
            return f"{who} {changed}"
    try:
        if file.samefile(kept):
            return "it is the file to keep, by another name"
        return None if _is_same(member) else "it is not the same picture as the file to keep"
    except (OSError, PictureError) as error:
        why = cause_of(error)
        return f"it cannot be compared with the file to keep ({why})"


def system_trash() -> Send:
    """Return the function that moves a file to the system's trash."""
    # send2trash takes it as it is when it is imported, and a relative one leads anywhere.
    if not Path(os.environ.get("XDG_DATA_HOME", "/")).is_absolute():
        del os.environ["XDG_DATA_HOME"]
    from send2trash import send2trash

    return lambda file: send2trash(os.fspath(file))


def _move(member: Reviewed, number: int, log: TrashLog, send: Send) -> str | None:
    """Move a file if that is safe now; return why not, or None."""
    entry = member.entry
    file, why = source_of(entry.root).file(entry.path), why_not(member)
    if why is None and file is not None:
        log.write(
            {"move": number, "path": str(file), "digest": entry.digest, "size": entry.size,
             "same_as": member.kept.location}
        )  # fmt: skip
        try:
            send(file)
        except OSError as error:
            forget_failed(file)
            why = f"the trash refuses it ({cause_of(error)})"
        else:
            why = _check_moved(member, number, log, file)
    if why is not None:
        log.write({"left": number, "path": entry.location, "why": why})
    return why


def _check_moved(member: Reviewed, number: int, log: TrashLog, file: Path) -> str | None:
    """Log where a moved file lies; put it back if the kept file went with it, and return that.

    Raises:
        ImgrecError: it could not be put back.
    """
    entry = member.entry
    lies = find_in_trash(file, entry.size, entry.digest or "")
    log.write({"moved": number, "to": None if lies is None else str(lies)})
    changed = _changed(member.kept)
    if changed is None:
        return None
    if lies is None:
        raise ImgrecError(
            f"{file} was moved to the trash and the file to keep, {member.kept.location}, "
            f"{changed}: put it back by the trash of your system"
        )
    try:
        put_back(lies, file)
    except OSError as error:
        raise ImgrecError(
            f"{file} lies in the trash as {lies}, the file to keep, {member.kept.location}, "
            f"{changed}, and it cannot be put back ({cause_of(error)}): do so by hand"
        ) from error
    return f"the file to keep {changed} with it (is its folder mounted twice?): put back"


def _is_same(member: Reviewed) -> bool:
    """Compare a file with the kept one again: a store of somebody else may say anything of both.

    Raises:
        PictureError: one of them cannot be read.
    """
    if member.entry.digest == member.kept.digest:
        return True
    kept, data = (source_of(e.root).read(e.path) for e in (member.kept, member.entry))
    return compare_files(kept, data).verdict is Verdict.SAME


def _changed(entry: Entry) -> str | None:
    """Return what happened to a file since it was indexed, None if its content is as it was."""
    try:
        data = source_of(entry.root).read(entry.path)
    except PictureError as error:
        return f"cannot be read ({error})"
    return None if digest(data) == entry.digest else "has changed since it was indexed"
