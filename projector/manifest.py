"""The list of what this package wrote into a logdir: what is ours there, and what still holds."""

import json
import os
import shutil
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from imgrec.system.output_folder import LOGDIR


@dataclass(frozen=True)
class Made:
    """A file of a run.

    Attributes:
        key: a digest of all it was made from.
        size_bytes: of the file.
    """

    key: str
    size_bytes: int


@dataclass(frozen=True)
class Listed:
    """A run: the folder it lies in, what it was to be called, and its files by name."""

    folder: str
    title: str
    files: Mapping[str, Made]


@dataclass(frozen=True)
class LogdirManifest:
    """The runs of a logdir by their keys, and how many times it has been written."""

    edition: int
    runs: Mapping[str, Listed]


NOTHING = LogdirManifest(0, {})


def read_manifest(logdir: Path) -> LogdirManifest:
    """Return what a logdir holds; nothing where there is none, or one that cannot be read."""
    try:
        described = json.loads((logdir / LOGDIR.marker).read_text("utf-8"))
        if described["format"] != LOGDIR.format:
            return NOTHING
        runs = {key: _listed(run) for key, run in described["runs"].items()}
        return LogdirManifest(int(described["edition"]), runs)
    except (OSError, ValueError, LookupError, TypeError, AttributeError):
        return NOTHING


def write_manifest(logdir: Path, manifest: LogdirManifest) -> None:
    """Write the manifest of a new logdir, in which all other files lie already."""
    (logdir / LOGDIR.marker).write_text(LOGDIR.described(logdir, asdict(manifest)), "utf-8")


def still_right(old: Path, listed: Listed | None, name: str, made_from: str) -> Path | None:
    """Return the file of an old logdir that was made from the same, None where there is none.

    Args:
        old: the old logdir.
        listed: the run in it, if there was one.
        name: of the file.
        made_from: the key that it should have.
    """
    made = listed.files.get(name) if listed else None
    if listed is None or made is None or made.key != made_from:
        return None
    path = old / listed.folder / name
    try:
        whole = not path.is_symlink() and path.stat().st_size == made.size_bytes
    except OSError:
        return None
    return path if whole else None


def taken_over(source: Path, new: Path) -> bool:
    """Give a new logdir a file of an old one, linked where the disk can; say whether it has it."""
    try:
        try:
            os.link(source, new)
        except OSError:
            shutil.copyfile(source, new)
    except OSError:
        return False
    return True


def _listed(described: Mapping[str, Any]) -> Listed:
    folder = described["folder"]
    if not isinstance(folder, str) or Path(folder).name != folder:
        raise ValueError(f"{folder!r} is no folder in the logdir")
    files = {name: Made(**made) for name, made in described["files"].items()}
    return Listed(folder, described["title"], files)
