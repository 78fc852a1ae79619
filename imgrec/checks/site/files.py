"""The files of a network site: those that its manifest lists, those that are there."""

import json
import os
from collections.abc import Set
from dataclasses import dataclass
from pathlib import Path

from imgrec.checks.findings import Check, Place, file_problem, shortened, unreadable

FORMAT = 1  # of the sites that these checks know; as `imgrec.system.output_folder.SITE`
MARKER = "site.json"
START = "index.html"
_UNTOLD = "what belongs to the site cannot be told, and it cannot be written again in this place"


@dataclass(frozen=True)
class SiteManifest:
    """What `site.json` says.

    Attributes:
        files: relative to the site.
        pictures: how many there are, None where it does not say.
    """

    files: frozenset[str]
    pictures: int | None


def read_manifest(place: Place, site: Path) -> Check[SiteManifest | None]:
    """Return what a site says of itself, None where that cannot be known."""
    problem = file_problem(site / MARKER, MARKER)
    if problem:
        yield place.error(f"{problem}: this is no site of imgrec graph", _UNTOLD)
        return None
    try:
        described = json.loads((site / MARKER).read_bytes())
    except OSError as error:
        yield place.error(unreadable(MARKER, error), _UNTOLD)
        return None
    except (ValueError, RecursionError) as error:
        yield place.error(f"{MARKER} is no JSON ({str(error)[:80]})", _UNTOLD)
        return None
    if not isinstance(described, dict) or described.get("format") != FORMAT:
        found = described.get("format") if isinstance(described, dict) else None
        version = f"format {str(found)[:20]}, not {FORMAT}"
        yield place.error(f"{MARKER} is of another version ({version})", _UNTOLD)
        return None
    files, pictures = described.get("files"), described.get("pictures")
    if not isinstance(files, list) or not all(isinstance(name, str) for name in files):
        yield place.error(f"{MARKER} lists no files", _UNTOLD)
        return None
    if not isinstance(pictures, int) or isinstance(pictures, bool):
        yield place.warning(
            f"{MARKER} does not say how many pictures there are",
            "whether all of them are shown cannot be told",
        )
        pictures = None
    return SiteManifest(frozenset(files), pictures)


def list_files(site: Path) -> Check[set[str]]:
    """Return all files below a folder, relative to it; a link is a file."""
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
    """Report files that are listed and absent, or there and not listed."""
    absent = sorted(manifest.files - files)
    foreign = sorted(files - manifest.files - {MARKER})
    if absent:
        yield place.error(
            f"{shortened(absent)} of {MARKER} is absent", "a part of the site is missing"
        )
    if foreign:
        yield place.warning(
            f"{shortened(foreign)} is there and not of {MARKER}",
            "imgrec graph will not write the site again in this place",
        )
    if START not in files:
        yield place.error(f"{START} is absent", "there is nothing to open the site by")
