"""What this user's outputs were made of: remembered outside of them, in the user's cache folder.

A marker in an output folder says who wrote it, and somebody else may have written the marker. So
what a site, a report or a logdir was made of is remembered where only the user writes:

    <cache folder of imgrec>/outputs/<SHA-256 of the path>     JSON, see `Record`

An output is current if the fingerprint of its inputs is the remembered one and each file in it is
the one that was written, by size, times and inode; the time of change of an inode cannot be set.
These are taken before the new folder gets its name (`Stamps`), since another process may replace it
by its own right after that: renaming a folder changes nothing of the files in it. A single file is
taken over only if its bytes have the remembered checksum. Invariant: nothing in an output folder is
believed. An empty cache folder costs only that all is written again.
"""

import hashlib
import json
import os
import stat
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path

from imgrec.system.atomic_files import write_text
from imgrec.system.json_files import json_or_none
from imgrec.system.made_of import fingerprint
from imgrec.system.regular_files import open_regular, read_regular

# The least recently written are forgotten.
_MOST_OUTPUTS = 64
# A site of a million pictures has some 200,000 pages and sheets, 200 bytes each.
_MOST_BYTES = 1 << 26
_MOST_FILE_BYTES = 1 << 28


@dataclass(frozen=True)
class Made:
    """What one file of an output was made of.

    Attributes:
        key: fingerprint of its inputs.
        checksum: SHA-256 of its bytes.
    """

    key: str
    checksum: str


@dataclass(frozen=True)
class Record:
    """What an output was made of.

    Attributes:
        inputs: fingerprint of the inputs of all of it, "" if something has changed meanwhile.
        stamps: fingerprint of the files' names, sizes, times and inodes.
        made: the files that can be taken over, by path relative to the output.
    """

    inputs: str = ""
    stamps: str = ""
    made: Mapping[str, Made] = field(default_factory=dict)


class Stamps:
    """Names, sizes, times and inodes of the files of an output that is being written."""

    def __init__(self) -> None:
        self._of: dict[str, tuple[int, ...]] = {}
        self._linked: list[str] = []

    def take(self, folder: Path) -> None:
        """Take the stamps of a whole new output that has not its name yet.

        Raises:
            OSError: the folder cannot be listed.
        """
        for name, state in _files_in(folder):
            self._of[name] = _stamp(state)
            if not stat.S_ISDIR(state.st_mode) and state.st_nlink > 1:
                self._linked.append(name)

    def settled(self, out: Path, made: Mapping[str, Made]) -> str:
        """Return the fingerprint that the output has if it is untouched since.

        A file that is a hard link to one of the old output has changed its inode when that was
        deleted. It gets another stamp if it is the same but for that time, and in its bytes.

        Args:
            out: the output, at its place.
            made: checksums of the linked files.

        Raises:
            OSError: a linked file is gone or cannot be read.
        """
        now = dict(self._of)
        for name in self._linked:
            stamp = _stamp((out / name).lstat())
            same = stamp[:-1] == self._of[name][:-1] and name in made
            if same and checksum_of_file(out / name) == made[name].checksum:
                now[name] = stamp
        return _digest(now)


NOTHING = Record()
_SHAPE = {"inputs": str, "stamps": str, "made": {str: {"key": str, "checksum": str}}}


def is_current(out: Path, inputs: Callable[[], str]) -> bool:
    """Return True if an output that this user wrote is as it was, and so are its inputs.

    Args:
        out: folder of the output.
        inputs: returns the fingerprint of all that the output would be made of now; called only
            if the output is as it was.
    """
    found = record_of(out)
    if not found.inputs:
        return False
    try:
        stamps = _digest({name: _stamp(state) for name, state in _files_in(out)})
        return found.stamps == stamps and found.inputs == inputs()
    except OSError:
        return False


def record_of(out: Path) -> Record:
    """Return what an output was made of; `NOTHING` if this user wrote none there."""
    found = json_or_none(_file(out), _SHAPE, most_bytes=_MOST_BYTES)
    if found is None:
        return NOTHING
    made = {name: Made(one["key"], one["checksum"]) for name, one in found["made"].items()}
    return Record(found["inputs"], found["stamps"], made)


def remember(
    out: Path, inputs: str, stamps: Stamps, made: Mapping[str, Made] | None = None
) -> None:
    """Remember an output that was just written; do nothing where the cache cannot be written.

    Args:
        out: its folder, at its place.
        inputs: fingerprint of all that it was made of; "" if that is not known for sure.
        stamps: of its files, taken before it had its name.
        made: the files that may be taken over by the next one.
    """
    with suppress(OSError, ValueError):
        record = Record(inputs, stamps.settled(out, made or {}), made or {})
        _write(_file(out), json.dumps(asdict(record)))


def taken_over(old: Path, known: Made | None, key: str) -> bytes | None:
    """Return the bytes of a file of an old output if they were made of the same, else None.

    Args:
        old: the file, which may be anything by now.
        known: what it was made of, from this user's record; None if that is unknown.
        key: fingerprint of what the new file is made of.
    """
    if known is None or known.key != key:
        return None
    try:
        data = read_regular(old, _MOST_FILE_BYTES)
    except (OSError, ValueError):
        return None
    return data if checksum_of(data) == known.checksum else None


def checksum_of(data: bytes) -> str:
    """Return the checksum of a file as `Made` has it."""
    return hashlib.sha256(data).hexdigest()


def checksum_of_file(file: Path) -> str:
    """Return the checksum of a file that may be too large to be read at once.

    Raises:
        OSError: the file is absent, a link, or cannot be read.
        ValueError: it is no regular file.
    """
    with open_regular(file) as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()


def _files_in(out: Path) -> Iterator[tuple[str, os.stat_result]]:
    """Yield name and state of all that a folder holds.

    Raises:
        OSError: it cannot be listed.
    """
    folders = [out]
    while folders:
        for entry in os.scandir(folders.pop()):
            yield Path(entry.path).relative_to(out).as_posix(), entry.stat(follow_symlinks=False)
            if entry.is_dir(follow_symlinks=False):
                folders.append(Path(entry.path))


def _stamp(state: os.stat_result) -> tuple[int, ...]:
    """Return what tells whether a file was changed; the time of change of its inode is the last."""
    # Folders get another time when the one above is renamed, on some file systems.
    if stat.S_ISDIR(state.st_mode):
        return state.st_mode, state.st_ino
    return state.st_mode, state.st_ino, state.st_size, state.st_mtime_ns, state.st_ctime_ns


def _digest(stamps: Mapping[str, tuple[int, ...]]) -> str:
    return fingerprint(sorted(stamps.items()))


def _write(file: Path, text: str) -> None:
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    write_text(file, text)
    known = sorted(file.parent.iterdir(), key=lambda path: path.stat().st_mtime_ns)
    for forgotten in known[:-_MOST_OUTPUTS]:
        forgotten.unlink(missing_ok=True)


def _file(out: Path) -> Path:
    """Return the file of the record of an output."""
    # Imported here, as where the compiled code is cached: few runs need it.
    import platformdirs

    name = hashlib.sha256(os.fsencode(out.resolve())).hexdigest()
    return platformdirs.user_cache_path("imgrec") / "outputs" / name
