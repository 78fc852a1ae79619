"""Compare the files of a network site with its manifest, `site.json`.

`imgrec graph` replaces a site only if all files in the folder are listed in the manifest, so an
unlisted file (a user's own) keeps the site from being written again.
"""

import os
from collections.abc import Set
from dataclasses import dataclass
from pathlib import Path

from imgrec.checks.findings import Check, Place, file_problem, shortened, unreadable
from imgrec.system.json_files import read_json

# The format these checks know; equals that of `imgrec.system.output_folder.SITE`.
FORMAT = 1
MARKER = "site.json"
START = "index.html"
# It lists every file of the site.
_MOST_BYTES = 1 << 26
_UNTOLD = "its files are unknown, and imgrec graph will not write to this folder"


@dataclass(frozen=True)
class SiteManifest:
    """The content of `site.json`.

    Attributes:
        files: paths relative to the site.
        pictures: number of pictures; None if the manifest has none.
        network: False if the site is a map without network pages.
    """

    files: frozenset[str]
    pictures: int | None
    network: bool = True


def read_manifest(place: Place, site: Path) -> Check[SiteManifest | None]:
    """Return the manifest of a site; None, with a finding, if it cannot be read."""
    problem = file_problem(site / MARKER, MARKER)
    if problem:
        yield place.error(f"{problem}: this folder was not written by imgrec graph", _UNTOLD)
        return None
    try:
        described = read_json(site / MARKER, most_bytes=_MOST_BYTES)
    except OSError as error:
        yield place.error(unreadable(MARKER, error), _UNTOLD)
        return None
    except ValueError as error:
        yield place.error(f"{MARKER} is not valid JSON ({str(error)[:80]})", _UNTOLD)
        return None
    if not isinstance(described, dict) or described.get("format") != FORMAT:
        found = described.get("format") if isinstance(described, dict) else None
        version = f"format {str(found)[:20]}, not {FORMAT}"
        yield place.error(f"{MARKER} is of another version ({version})", _UNTOLD)
        return None
    files, pictures = described.get("files"), described.get("pictures")
    if not isinstance(files, list) or not all(isinstance(name, str) for name in files):
        yield place.error(f"{MARKER} has no list of files", _UNTOLD)
        return None
    if not isinstance(pictures, int) or isinstance(pictures, bool):
        yield place.warning(
            f"{MARKER} has no number of pictures",
            "missing pictures may go unnoticed",
        )
        pictures = None
    return SiteManifest(frozenset(files), pictures, described.get("network") is not False)


def list_files(site: Path) -> Check[set[str]]:
    """Return the relative paths of all files below a folder; symbolic links count as files."""
    found: set[str] = set()
    unlisted: list[OSError] = []
    for folder, folders, names in os.walk(site, onerror=unlisted.append):
        here = os.path.relpath(folder, site)
        links = [name for name in folders if Path(folder, name).is_symlink()]
        found.update(
            os.path.normpath(os.path.join(here, name)).replace(os.sep, "/")
            for name in (*names, *links)
        )
    for error in unlisted:
        place = Place(os.path.relpath(str(error.filename), site))
        yield place.error(unreadable("the folder", error), "its files cannot be opened")
    return found


def check_listed(place: Place, manifest: SiteManifest, files: Set[str]) -> Check[None]:
    """Report files that are listed but absent, and files that exist but are not listed."""
    absent = sorted(manifest.files - files)
    foreign = sorted(files - manifest.files - {MARKER})
    if absent:
        yield place.error(
            f"{MARKER} lists {shortened(absent)}, which is absent", "a part of the site is missing"
        )
    if foreign:
        yield place.warning(
            f"{MARKER} does not list {shortened(foreign)}",
            "imgrec graph will not write the site again in this folder; move it away",
        )
    if START not in files:
        yield place.error(f"{START} is absent", "the site has no first page to open")
