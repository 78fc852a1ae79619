"""What is in the folder of a site: told in `site.json`, so that nothing else is ever replaced."""

import json
import os
from collections.abc import Iterable
from pathlib import Path, PurePosixPath
from typing import Any

from imgrec import __version__
from imgrec.errors import ImgrecError

FORMAT = 1
MARKER = "site.json"


def check_place(out: Path) -> None:
    """Raise ImgrecError where a site would replace what is not one of ours."""
    if not out.exists():
        return
    if not out.is_dir():
        raise ImgrecError(f"{out} is a file: name a folder for the site")
    names = sorted(path.name for path in out.iterdir())
    if not names:
        return
    described = _read_manifest(out)
    if described is None:
        raise ImgrecError(
            f"{out} is not empty and holds no site of ours ({names[0]}): name another folder"
        )
    files = described.get("files")
    if described.get("format") != FORMAT or not isinstance(files, list):
        raise ImgrecError(
            f"{out} holds a site of another version, which does not tell its files: "
            "delete it, or name another folder"
        )
    foreign = min(_foreign(out, map(str, files)), default=None)
    if foreign is not None:
        raise ImgrecError(
            f"{out} holds {foreign}, which is not of the site and would be lost: "
            "move it away, or name another folder"
        )


def manifest(files: Iterable[str], pictures: int) -> str:
    """Return the text of `site.json`: the files of a site, and how many pictures it shows."""
    described = {
        "format": FORMAT,
        "written_by": f"imgrec {__version__}",
        "pictures": pictures,
        "files": sorted(file for file in files if not file.endswith("/")),
    }
    return json.dumps(described, indent=2) + "\n"


def _read_manifest(out: Path) -> dict[str, Any] | None:
    """What the marker of a site tells, None where `out` holds no site of ours."""
    try:
        described = json.loads((out / MARKER).read_text("utf-8"))
        ours = str(described["written_by"]).startswith("imgrec ")
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return described if ours else None


def _foreign(out: Path, files: Iterable[str]) -> set[str]:
    """What lies in a site, at any depth, and is none of its files or their folders."""
    ours = {MARKER, *files}
    folders = {f"{folder}/" for file in ours for folder in PurePosixPath(file).parents}
    return listed(out) - ours - folders


def listed(folder: Path) -> set[str]:
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
