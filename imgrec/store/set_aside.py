"""Damaged parts, moved out of the way so that the next run makes just these again.

Nothing is deleted: a damaged part goes to `damaged/` in the store. Its pictures then lack rows,
and a run computes what lacks. The doctor, which reads whole files, only reports what it finds
(`damaged.json`) and changes nothing else; the next run checks that again.
"""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from imgrec.errors import StoreError
from imgrec.store.classes import read_description
from imgrec.store.damage import PICTURE_FILES, Output, digest_problem, outputs_of, part_problem
from imgrec.store.descriptions import description_problem as spec_problem
from imgrec.store.enclosure import is_named
from imgrec.store.lean_parts import has_lean_parts, is_lean
from imgrec.store.ownership import set_aside
from imgrec.store.parts import read_manifest
from imgrec.store.paths import (
    CLASSES,
    CLASSES_DESCRIPTION,
    FEATURE_DESCRIPTION,
    FEATURES,
    StorePaths,
)
from imgrec.system.atomic_files import write_text
from imgrec.system.folder_names import name_of_folder
from imgrec.system.json_files import json_or_none

_MOST_REPORTED_BYTES = 1 << 24
_DESCRIPTIONS = {FEATURES: FEATURE_DESCRIPTION, CLASSES: CLASSES_DESCRIPTION}


def report_damaged(store: Path, parts: Iterable[str]) -> None:
    """Write the list of damaged files and parts that the next run is to look at.

    Args:
        store: its folder.
        parts: paths relative to it; none deletes the list.

    Raises:
        OSError: the store cannot be written.
    """
    found = sorted(parts)
    if found:
        write_text(StorePaths(store).reported_damage, json.dumps({"parts": found}, indent=2) + "\n")
    else:
        StorePaths(store).reported_damage.unlink(missing_ok=True)


def reported_damaged(store: Path) -> set[str]:
    """Return the paths of that list, relative to the store; none if it is absent or damaged."""
    file, most = StorePaths(store).reported_damage, _MOST_REPORTED_BYTES
    found = json_or_none(file, {"parts": [str]}, most_bytes=most)
    return set(found["parts"]) if found else set()


def set_aside_damaged(store: Path) -> list[str]:
    """Move damaged parts to `damaged/`; return a line of text about each.

    The caller holds the write lock. Sizes and headers of all parts are checked; the parts of
    `reported_damaged` are read whole and compared with their checksums.

    Raises:
        OSError: the store cannot be written.
    """
    reported, may_be_lean = reported_damaged(store), has_lean_parts(store)
    lines = []
    for output in outputs_of(store):
        for part in output.parts():
            if may_be_lean and is_lean(output, part):
                continue
            name = part.relative_to(store).as_posix()
            problem = part_problem(output, part)
            if not problem and name in reported:
                problem = digest_problem(part)
            if problem:
                aside = set_aside(store, part)
                lines.append(
                    f"{part} was damaged ({problem}): it lies in {aside} now, and {_then(output)}"
                )
    StorePaths(store).reported_damage.unlink(missing_ok=True)
    return lines


def description_problem(output: Output) -> str | None:
    """Return what is wrong with the description file of an output, None if nothing is."""
    if output.kind in PICTURE_FILES:
        return None
    if output.kind == CLASSES:
        try:
            return None if read_description(output.folder) else "it is not there"
        except StoreError:
            return "it is damaged"
    if not is_named(output.folder):
        return "its folder stands for no name that imgrec gives: move it out of the store"
    there, written = json_or_none(output.folder / FEATURE_DESCRIPTION), _as_written(output)
    if written is not None:
        return None if there == written else "it is not what its parts were made by"
    return None if _is_description(there, output) else "it is damaged or not there"


def mend_descriptions(store: Path) -> list[str]:
    """Rewrite damaged description files of features; return a line of text about each.

    Every part repeats the description. Where none has a valid copy, nothing tells how the
    vectors were made, so the feature is set aside; so are classes without their categories. Where
    no part was made yet, the description is deleted: the next run writes it.

    Raises:
        OSError: the store cannot be written.
    """
    lines = []
    for output in outputs_of(store):
        if output.kind == FEATURES and not is_named(output.folder):
            continue
        if not description_problem(output):
            continue
        written, place = _as_written(output), output.folder / _DESCRIPTIONS[output.kind]
        if not output.parts():
            if place.is_file():
                place.unlink()
                told = f"{place} was damaged, before any part was made: it is written anew"
                lines.append(told)
        elif output.kind == CLASSES:
            aside = set_aside(store, output.folder)
            lines.append(f"{output.folder} was damaged: it lies in {aside} now, and is made again")
        elif written is not None:
            write_text(place, json.dumps(written, indent=2) + "\n")
            lines.append(f"{place} was damaged: it is written anew, from what its parts say")
        else:
            aside = set_aside(store, output.folder)
            lines.append(
                f"{place} was damaged, and nothing else says how the vectors were made: the "
                f"feature lies in {aside} now; name its --encoder to have it made again"
            )
    return lines


def _then(output: Output) -> str:
    """Return what becomes of the rows of a damaged part."""
    if not output.foreign:
        return "its pictures are done again"
    name = name_of_folder(output.folder.name)
    return f"cannot be made again from pictures: give its vectors by --vectors {name}=FILE"


def _as_written(output: Output) -> dict[str, Any] | None:
    """Return the copy of the description in the newest part that has a valid one."""
    for part in reversed(output.parts()):
        found = (read_manifest(part) or {}).get("feature")
        if _is_description(found, output):
            return found
    return None


def _is_description(found: Any, output: Output) -> bool:
    return spec_problem(found, output.folder) is None
