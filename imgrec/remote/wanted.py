"""Which files of a store a pull brings."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from imgrec.remote.manifest import Entry
from imgrec.remote.places import OUTPUTS, folder_of, is_derived, units
from imgrec.store.lean_parts import is_large
from imgrec.store.parts import MANIFEST
from imgrec.store.paths import FEATURES

_OF_SHALLOW_PARTS = (MANIFEST, "ids.npy")
# A relation is opened by its mean, which is small.
_OF_SHALLOW = "relations"
_VECTORS = "vectors.npy"


@dataclass(frozen=True)
class Wanted:
    """What is asked for; see `imgrec.remote.pull.pull`."""

    outputs: Collection[str] | None = None
    vectors: bool = True
    shallow: bool = False
    contents: bool = True


def wanted_entries(entries: Mapping[str, Entry], asked: Wanted) -> dict[str, Entry]:
    """Return those of all files of a store that are asked for."""
    parts = {unit for unit in units(entries) if unit.split("/", 1)[0] in OUTPUTS}
    sketched = sketched_features(entries)
    return {
        path: entry
        for path, entry in entries.items()
        if _is_wanted(path, folder_of(path) in parts, asked, sketched)
    }


def sketched_features(entries: Mapping[str, Entry]) -> set[str]:
    """Return the folders `features/NAME` of the features that have a sketch.

    All others have few vectors (`imgrec.derived.kept.SKETCH_VALUES`), and a search compares all.
    """
    found = (path.split("/") for path in entries if path.endswith("/sketch/kept.json"))
    return {f"{FEATURES}/{names[1]}" for names in found if names[0] == "indexes"}


def _is_wanted(path: str, in_part: bool, asked: Wanted, sketched: Collection[str]) -> bool:
    top, name = path.split("/", 1)[0], path.rpartition("/")[2]
    if not in_part:
        return not (asked.shallow and is_derived(path) and top != _OF_SHALLOW)
    output = folder_of(folder_of(path))
    if asked.outputs is not None and output not in asked.outputs:
        return False
    if asked.shallow:
        return name in _OF_SHALLOW_PARTS
    if not asked.contents:
        return not is_large(path)
    return asked.vectors or name != _VECTORS or output not in sketched
