"""Read and write the manifest of a logdir, and reuse unchanged files of the previous one.

The manifest lists every run with the content keys and sizes of its files. Somebody else may have
written it, and the files: one is reused only if this user's record of the logdir
(`imgrec.system.known_outputs`) has it with the same key, a digest of its inputs, and the checksum
of its bytes.
"""

import os
import shutil
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from imgrec.store.written_from import STORE
from imgrec.system.json_files import read_json
from imgrec.system.known_outputs import Made as KnownFile
from imgrec.system.known_outputs import checksum_of_file
from imgrec.system.output_folder import LOGDIR


@dataclass(frozen=True)
class Made:
    """A file of a run, as listed in the manifest.

    Attributes:
        key: content key, a digest of everything that determines the content.
        size_bytes: of the file.
    """

    key: str
    size_bytes: int


@dataclass(frozen=True)
class Listed:
    """A run, as listed in the manifest.

    Attributes:
        folder: its name.
        title: name before an edition number was appended.
        files: by name.
    """

    folder: str
    title: str
    files: Mapping[str, Made]


@dataclass(frozen=True)
class LogdirManifest:
    """The runs of a logdir by key, and its edition, which increases with every change."""

    edition: int
    runs: Mapping[str, Listed]


_FILE = {"key": str, "size_bytes": int}
_RUN = {"folder": str, "title": str, "files": {str: _FILE}}
_SHAPE = {"format": lambda value: value == LOGDIR.format, "edition": int, "runs": {str: _RUN}}
# It lists every file of the logdir.
_MOST_BYTES = 1 << 26

NOTHING = LogdirManifest(0, {})


def read_manifest(logdir: Path) -> LogdirManifest:
    """Return the manifest of a logdir, `NOTHING` if absent, unreadable or of another format."""
    try:
        described = read_json(logdir / LOGDIR.marker, _SHAPE, most_bytes=_MOST_BYTES)
        runs = {key: _listed(run) for key, run in described["runs"].items()}
    except (OSError, ValueError):
        return NOTHING
    return LogdirManifest(described["edition"], runs)


def write_manifest(logdir: Path, manifest: LogdirManifest, token: str) -> None:
    """Write the manifest of a new logdir; call this last, after all other files are written.

    Args:
        logdir: temporary folder of the logdir.
        manifest: of its runs.
        token: of the store, by `store_token`.
    """
    described = LOGDIR.described(logdir, {STORE: token, **asdict(manifest)})
    (logdir / LOGDIR.marker).write_text(described, "utf-8")


def file_of(listed: Listed, name: str) -> str:
    """Return the path of a file of a run, relative to the logdir, as the user's record has it."""
    return f"{listed.folder}/{name}"


def still_right(
    old: Path, listed: Listed | None, name: str, made_from: str, known: Mapping[str, KnownFile]
) -> Path | None:
    """Return the path of a file of the previous logdir that seems up to date, None for none.

    Its bytes are still to be compared with the checksum, which takes longer.

    Args:
        old: the previous logdir.
        listed: the run in its manifest, None for none.
        name: of the file.
        made_from: content key that the file must have.
        known: files of the previous logdir in this user's record.
    """
    made = listed.files.get(name) if listed else None
    if listed is None or made is None or made.key != made_from:
        return None
    remembered = known.get(file_of(listed, name))
    if remembered is None or remembered.key != made_from:
        return None
    path = old / listed.folder / name
    try:
        whole = not path.is_symlink() and path.stat().st_size == made.size_bytes
    except OSError:
        return None
    return path if whole else None


def taken_over(source: Path, new: Path, checksum: str) -> bool:
    """Hard-link or copy a file into the new logdir; return False if there is no such file.

    Args:
        source: the file, which may be gone, unreadable or exchanged.
        new: its new path.
        checksum: that its bytes must have.
    """
    try:
        try:
            os.link(source, new)
        except OSError:
            shutil.copyfile(source, new)
        if checksum_of_file(new) == checksum:
            return True
        new.unlink()
    except (OSError, ValueError):
        return False
    return False


def _listed(described: Mapping[str, Any]) -> Listed:
    folder = described["folder"]
    if Path(folder).name != folder or folder in ("", "..") or "\0" in folder:
        raise ValueError(f"{folder!r} is not a folder name")
    files = {
        name: Made(made["key"], made["size_bytes"]) for name, made in described["files"].items()
    }
    return Listed(folder, described["title"], files)
