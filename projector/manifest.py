"""The list of what this package wrote into a logdir: what is ours there, and what still holds."""

import json
import os
import shutil
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from imgrec.system.atomic_files import write_text
from projector.errors import ProjectorError
from projector.files.formats import CONFIG_NAME, HEADER

MANIFEST = "projector.json"
FORMAT = 1
_FIRST_FILES = frozenset({CONFIG_NAME, "tensor.bytes", "metadata.tsv", "sprite.webp", "sprite.jpg"})


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
        described = json.loads((logdir / MANIFEST).read_text("utf-8"))
        if described["format"] != FORMAT:
            return NOTHING
        runs = {key: _listed(run) for key, run in described["runs"].items()}
        return LogdirManifest(int(described["edition"]), runs)
    except (OSError, ValueError, LookupError, TypeError, AttributeError):
        return NOTHING


def write_manifest(logdir: Path, manifest: LogdirManifest) -> None:
    """Write the list of a logdir."""
    described = {"made_by": HEADER.strip("# \n"), "format": FORMAT, **asdict(manifest)}
    write_text(logdir / MANIFEST, json.dumps(described, indent=1, ensure_ascii=False) + "\n")


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


def check_replaceable(out: Path) -> None:
    """Raise ProjectorError unless a folder is absent, empty or a logdir made here and no more."""
    foreign = _foreign(out)
    if foreign is not None:
        raise ProjectorError(
            f"{out} holds something else than the files of this command, {foreign}: "
            "move it away or name another place"
        )


def _foreign(out: Path) -> str | None:
    """Return the name of something at `out` that no logdir made here has, if there is any."""
    if not out.is_dir():
        return out.name if out.exists() or out.is_symlink() else None
    entries = sorted(out.iterdir())
    if _is_first_version(out):
        return next(
            (e.name for e in entries if e.name not in _FIRST_FILES or not e.is_file()), None
        )
    manifest = read_manifest(out)
    folders = {run.folder: run.files for run in manifest.runs.values()}
    for entry in entries:
        if entry.name == MANIFEST and manifest.edition:
            continue
        if entry.name not in folders or not entry.is_dir() or entry.is_symlink():
            return entry.name
        for file in sorted(entry.iterdir()):
            if file.name not in folders[entry.name] or not file.is_file():
                return f"{entry.name}/{file.name}"
    return None


def _is_first_version(out: Path) -> bool:
    """Whether an earlier imgrec made a logdir, with the files of its one run right in it."""
    config = out / CONFIG_NAME
    return config.is_file() and config.read_bytes().startswith(HEADER.encode())


def _listed(described: Mapping[str, Any]) -> Listed:
    folder = described["folder"]
    if not isinstance(folder, str) or Path(folder).name != folder:
        raise ValueError(f"{folder!r} is no folder in the logdir")
    files = {name: Made(**made) for name, made in described["files"].items()}
    return Listed(folder, described["title"], files)
