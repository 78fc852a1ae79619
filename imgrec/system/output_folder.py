"""What is in a folder that we wrote, told in a file there: nothing else is ever replaced."""

import json
import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from imgrec.errors import ImgrecError
from imgrec.version import __version__


@dataclass(frozen=True)
class OutputFolder:
    """A kind of folder that a command writes.

    Attributes:
        what: it is called in messages.
        marker: the file that tells the others.
        format: of that file.
    """

    what: str
    marker: str
    format: int = 1

    def check_place(self, out: Path) -> None:
        """Raise ImgrecError where writing at `out` would replace what is not one of ours."""
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
                f"{out} holds a {self.what} of another version, which does not tell its files: "
                "delete it, or name another folder"
            )
        foreign = min(self._foreign(out, map(str, files)), default=None)
        if foreign is not None:
            raise ImgrecError(
                f"{out} holds {foreign}, which is not of the {self.what} and would be lost: "
                "move it away, or name another folder"
            )

    def described(self, folder: Path, pictures: int) -> str:
        """Return the text of the marker: the files of a folder, and how many pictures it shows."""
        described = {
            "format": self.format,
            "written_by": f"imgrec {__version__}",
            "pictures": pictures,
            "files": sorted(file for file in _listed(folder) if not file.endswith("/")),
        }
        return json.dumps(described, indent=2) + "\n"

    def _read(self, out: Path) -> dict[str, Any] | None:
        """What the marker tells, None where `out` holds nothing of ours."""
        try:
            described = json.loads((out / self.marker).read_text("utf-8"))
            ours = str(described["written_by"]).startswith("imgrec ")
        except (OSError, ValueError, KeyError, TypeError):
            return None
        return described if ours else None

    def _foreign(self, out: Path, files: Iterable[str]) -> set[str]:
        """What lies in a folder, at any depth, and is none of its files or their folders."""
        ours = {self.marker, *files}
        folders = {f"{folder}/" for file in ours for folder in PurePosixPath(file).parents}
        return _listed(out) - ours - folders


SITE = OutputFolder("site", "site.json")
REPORT = OutputFolder("report", "report.json")


def _listed(folder: Path) -> set[str]:
    """All below a folder, relative to it, folders with a slash at the end; links are files."""
    found: set[str] = set()
    for place, folders, names in os.walk(folder, onerror=_raise):
        here = Path(place).relative_to(folder)
        for name in (*folders, *names):
            is_folder = name in folders and not Path(place, name).is_symlink()
            found.add((here / name).as_posix() + "/" * is_folder)
    return found


def _raise(error: OSError) -> None:
    raise error
