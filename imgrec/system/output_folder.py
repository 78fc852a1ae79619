"""Output folders: a command replaces only a folder that it wrote itself.

Each output folder holds a marker file (JSON) that lists all files the command wrote. Invariant: a
folder is replaced only if its marker is ours, of this format, and everything in the folder is
listed, is a regular file and has a name that this command gives; a user's own file in it stops the
command before anything is written. The names are checked beside the list because the marker may
have been written by somebody else, to have another's files deleted.
"""

import json
import os
import re
import stat
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from imgrec.errors import ImgrecError
from imgrec.system.json_files import json_or_none
from imgrec.version import __version__


@dataclass(frozen=True)
class OutputFolder:
    """A kind of output folder.

    Attributes:
        what: its name in messages.
        marker: name of the marker file.
        names: regular expression of the relative paths of the files that its command writes.
        format: version of the marker's format.
    """

    what: str
    marker: str
    names: str
    format: int = 1

    def check_place(self, out: Path) -> None:
        """Check that `out` may be written: absent, empty, or an output folder of this kind.

        Raises:
            ImgrecError: it is a file, or holds anything this command did not write.
        """
        if not out.exists():
            return
        if not out.is_dir():
            raise ImgrecError(f"{out} is a file: name a folder for the {self.what}")
        names = sorted(path.name for path in out.iterdir())
        if not names:
            return
        described = self._read(out)
        if described is None:
            raise ImgrecError(
                f"{out} is not empty and holds no {self.what} of ours ({names[0]}): "
                "name another folder"
            )
        files = described.get("files")
        if described.get("format") != self.format or not isinstance(files, list):
            raise ImgrecError(
                f"{out} holds a {self.what} of another version, which does not list its files: "
                "delete it, or name another folder"
            )
        foreign = min(self._foreign(out, map(str, files)), default=None)
        if foreign is not None:
            raise ImgrecError(
                f"{out} holds {foreign.removesuffix('@')}, which is not part of the {self.what} "
                "and would be lost: move it away, or name another folder"
            )

    def described(self, folder: Path, more: Mapping[str, object]) -> str:
        """Return the marker's JSON text: all files in a folder, and `more`."""
        described = {
            "format": self.format,
            "written_by": f"imgrec {__version__}",
            **more,
            "files": sorted(file for file in _listed(folder) if not file.endswith("/")),
        }
        return json.dumps(described, indent=2) + "\n"

    def _read(self, out: Path) -> dict[str, Any] | None:
        """Return the marker's content, or None if `out` has no marker written by imgrec."""
        marker = {"written_by": str}
        described: dict[str, Any] | None = json_or_none(
            out / self.marker, marker, most_bytes=MARKER_BYTES
        )
        ours = described is not None and described["written_by"].startswith("imgrec ")
        return described if ours else None

    def _foreign(self, out: Path, files: Iterable[str]) -> set[str]:
        """Return what the folder holds, at any depth, beyond `files` and their parent folders."""
        pattern = re.compile(self.names)
        ours = {self.marker, *filter(pattern.fullmatch, files)}
        folders = {f"{folder}/" for file in ours for folder in PurePosixPath(file).parents}
        return _listed(out) - ours - folders


# A site of a million pictures lists some 100,000 pages and sheets, 60 bytes each, and of half a
# million previews 35 bytes each. Brackets of JSON take up to 30 times their size in memory.
MARKER_BYTES = 1 << 25

SITE = OutputFolder(
    "site",
    "site.json",
    r"index\.html|assets/[a-z.-]+\.(js|css)|search/[a-z0-9-]+\.js"
    r"|pages/community-[0-9.]+\.html|contact/(index|community-[0-9.]+)\.html"
    r"|sheets/(index|community-[0-9.]+)\.jpg|previews/[0-9]+/[0-9]+\.webp"
    r"|map/(index\.html|map\.json|density\.png|[a-z0-9-]+\.js|[0-9]/[0-9]+_[0-9]+\.js)",
)
REPORT = OutputFolder(
    "report", "report.json", r"index\.html|figures/[a-z0-9-]+\.(svg|png)|tables/[a-z0-9-]+\.csv"
)
REVIEW = OutputFolder(
    "review of duplicates",
    "review.json",
    r"index\.html|assets/[a-z]+\.(js|css)|data/(facts|thumbs)-[0-9]+\.js|pictures/[0-9]+\.(jpg|webp)",
)
LOGDIR = OutputFolder(
    "logdir",
    "projector.json",
    r"[^/]+/(bookmarks\.json|dots_bookmarks\.json|dots_metadata\.tsv"
    r"|events\.out\.tfevents\.imgrec|metadata\.tsv|projector_config\.pbtxt|sprite\.webp"
    r"|tensor\.bytes)",
)
PARQUET = OutputFolder("Parquet export", "_imgrec.json", r"part-[0-9]+\.parquet")
LANCE = OutputFolder(
    "Lance export",
    "_imgrec.json",
    r"data/[0-9a-f-]+\.lance|_transactions/[0-9a-f-]+\.txn"
    r"|_versions/([0-9]+\.manifest|latest_version_hint\.json)",
)


def _listed(folder: Path) -> set[str]:
    """Return all relative paths below a folder.

    Folders end in a slash, and whatever is neither a folder nor a regular file in an at sign, as
    `ls -F` marks links: no list of files has such a name.
    """
    found: set[str] = set()
    for place, folders, names in os.walk(folder, onerror=_raise):
        here = Path(place).relative_to(folder)
        for name in (*folders, *names):
            mode = Path(place, name).lstat().st_mode
            mark = "" if stat.S_ISREG(mode) else "/" if stat.S_ISDIR(mode) else "@"
            found.add((here / name).as_posix() + mark)
    return found


def _raise(error: OSError) -> None:
    raise error
