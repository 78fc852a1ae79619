"""Which files of a store are mirrored to object storage, and how their paths are grouped.

What belongs to one machine (the lock, where the store is served, where its site lies) and what is
set aside or temporary is not mirrored. Paths of a manifest come from elsewhere: invariant: a path
that passes `is_mirrored` names a place within the store on every file system. It is relative, its
parts are of letters that `imgrec.system.folder_names` keeps or encodes, and none is a device name.

Files that only make sense together are one *unit*, a folder that is brought and replaced whole: a
part (it has a `part.json`), or kept arrays (`kept.json`). All others are loose. The entries are
divided into *sheets*: one for each run of 1,024 parts of an output, and one for everything else.
"""

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TypeVar

from imgrec.store.kept import SIDECAR
from imgrec.store.parts import MANIFEST
from imgrec.store.paths import CATALOG, CLASSES, FEATURES, PREVIEWS, THUMBS, StorePaths

CATALOG_PATH = CATALOG
STORE_PATH = "store.json"
LOOSE = (STORE_PATH, CATALOG, "roots.json", "colors.json")
# Outputs of indexing: what is derived from them can be made again.
OUTPUTS = (FEATURES, THUMBS, PREVIEWS, CLASSES)
_AT = StorePaths(Path())
DERIVED = tuple(
    folder.name
    for folder in (
        *(_AT.all_relations, _AT.all_indexes, _AT.all_knn, _AT.all_layouts),
        *(_AT.communities, _AT.all_projector, _AT.duplicates, _AT.verdicts),
    )
)
FOLDERS = (*OUTPUTS, *DERIVED)
SIDECARS = (MANIFEST, SIDECAR)
PARTS_A_SHEET = 1024
OTHERS = "others"

_MOST_DEEP = 8
_NAME = re.compile(r"[A-Za-z0-9_%+=,-][A-Za-z0-9._%+=,-]{0,199}", re.ASCII)
_DEVICE = re.compile(r"(con|prn|aux|nul|com[0-9]|lpt[0-9])(\.|$)", re.IGNORECASE)
_PART = re.compile(r"(?P<output>.+)/part-(?P<number>[0-9]{6,18})/[^/]+", re.ASCII)
Value = TypeVar("Value")


def is_mirrored(path: str) -> bool:
    """Return True if a file of a store with this path is mirrored; it is safe to write then."""
    names = path.split("/")
    if len(names) == 1:
        return path in LOOSE
    return names[0] in FOLDERS and len(names) <= _MOST_DEEP and all(map(_is_safe, names))


def is_derived(path: str) -> bool:
    """Return True if a file can be made again from the outputs of indexing."""
    return path.split("/", 1)[0] in DERIVED


def sheet_of(path: str) -> str:
    """Return the name of the sheet that has the entry of a path."""
    part = _PART.fullmatch(path)
    if part is None or path.split("/", 1)[0] not in OUTPUTS:
        return OTHERS
    return f"{part['output']}/{int(part['number']) // PARTS_A_SHEET:06d}"


def may_hold(sheet: str, prefix: str) -> bool:
    """Return True if a sheet may have paths with a prefix."""
    output = sheet.rpartition("/")[0] + "/"
    return sheet == OTHERS or output.startswith(prefix) or prefix.startswith(output)


def folder_of(path: str) -> str:
    """Return the folder of a file, "" for the store's own."""
    return path.rpartition("/")[0]


def units(paths: Iterable[str]) -> set[str]:
    """Return the folders that are brought and replaced whole, of the paths of a store."""
    return {folder_of(path) for path in paths if path.rpartition("/")[2] in SIDECARS}


def by_unit(entries: Mapping[str, Value]) -> dict[str, dict[str, Value]]:
    """Return entries by unit: those of a part or of kept arrays together, each other one alone.

    Returns:
        {unit or path of a loose file: {path: entry}}, in order.
    """
    whole = units(entries)
    grouped: dict[str, dict[str, Value]] = {}
    for path in sorted(entries):
        folder = folder_of(path)
        grouped.setdefault(folder if folder in whole else path, {})[path] = entries[path]
    return grouped


def _is_safe(name: str) -> bool:
    plain = _NAME.fullmatch(name) is not None and not name.endswith(".")
    return plain and _DEVICE.match(name) is None
