"""The log of a trash run: JSON lines, written before and after each move, by which it is undone.

A line is written whole and flushed to the disk before what it announces is done. So after a crash
at any moment the log names every file that was moved, and at most one that was about to be. A line
that a crash cut short is the last one and is ignored. Names are escaped to ASCII, so that a line
break or a byte that is no UTF-8 in a name neither ends a line nor is lost.

    {"imgrec-trash": 1, "version": "0.1.0", "time": "2026-11-29T02:45:00Z", "store": "/…"}
    {"move": 1, "path": "/…/b.jpg", "digest": "…", "size": 123, "same_as": "/…/a.jpg"}
    {"moved": 1, "to": "/…/.local/share/Trash/files/b.jpg"}
    {"left": 2, "why": "it has changed since it was indexed"}
"""

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO

from platformdirs import user_data_path

from imgrec.errors import ImgrecError, cause_of
from imgrec.system.json_files import a_number, decoded, problem
from imgrec.system.regular_files import open_regular
from imgrec.version import __version__

FORMAT = 1
_MOST_LINE = 1 << 17
_HEAD = {"imgrec-trash": a_number(FORMAT, FORMAT)}
_MOVE = {
    "move": int,
    "path": lambda value: type(value) is str and Path(value).is_absolute() and "\0" not in value,
    "digest": str,
    "size": a_number(0, 1 << 62),
    "same_as": str,
}


@dataclass(frozen=True)
class Logged:
    """A move that was begun.

    Attributes:
        path: absolute, where the file was.
        digest: of its content.
        size: in bytes.
    """

    path: Path
    digest: str
    size: int


class TrashLog:
    """A log that is being written; a context manager.

    Attributes:
        path: of the file.
    """

    def __init__(self, path: Path, store: Path) -> None:
        """Create the file, which must not exist.

        Raises:
            OSError: it exists, or its folder cannot be made or written.
        """
        path.parent.mkdir(parents=True, exist_ok=True)
        self.path = path
        self._file: BinaryIO = path.open("xb", buffering=0)
        time = datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
        self.write({"imgrec-trash": FORMAT, "version": __version__, "time": time,
            "store": str(store)})  # fmt: skip

    def __enter__(self) -> "TrashLog":
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def write(self, line: dict[str, Any]) -> None:
        """Append a line and flush it to the disk.

        Raises:
            OSError: the disk is full.
        """
        try:
            self._file.write(json.dumps(line).encode("ascii") + b"\n")
            os.fsync(self._file.fileno())
        except OSError as error:
            # An open file does not say its name.
            raise OSError(error.errno, error.strerror, str(self.path)) from error


def new_log_path() -> Path:
    """Return a path for a log that does not exist yet, in the user's data folder."""
    time = datetime.now().strftime("%Y-%m-%d-%H%M%S")
    folder = user_data_path("imgrec", appauthor=False) / "trash"
    names = (f"{time}.jsonl" if not number else f"{time}-{number}.jsonl" for number in range(10**6))
    return next(folder / name for name in names if not (folder / name).exists())


def moves_in(log: Path) -> list[Logged]:
    """Return the moves that a log says were begun.

    Raises:
        ImgrecError: it is no such log, or a line of it is damaged.
    """
    try:
        with open_regular(log) as file:
            lines = list(_lines(file))
    except (OSError, ValueError) as error:
        raise ImgrecError(
            f"{log} cannot be read ({cause_of(error)}): name the log of a --trash"
        ) from error
    if not lines or problem(lines[0], _HEAD):
        raise ImgrecError(f"{log} is no log of imgrec duplicates --trash: name one")
    found = []
    for number, line in enumerate(lines, 1):
        if isinstance(line, dict) and "move" in line:
            if wrong := problem(line, _MOVE):
                raise ImgrecError(f"{log}, line {number} is damaged ({wrong}): nothing was undone")
            found.append(Logged(Path(line["path"]), line["digest"], line["size"]))
    return found


def _lines(file: Any) -> Iterator[Any]:
    """Yield the values of the lines, without one that is cut short.

    Raises:
        ValueError: a line is no JSON or too long.
    """
    while line := file.readline(_MOST_LINE):
        if line.endswith(b"\n"):
            yield decoded(line)
        elif len(line) == _MOST_LINE:
            raise ValueError("a line is too long")
