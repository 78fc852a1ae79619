"""The groups as data of the page: JSON in script files that the browser loads from the disk.

A page opened from the disk may not read files, but may run scripts; each data file is one call with
a JSON argument. Invariants: every text in it is plain, and the page shows it by `textContent` only.
A path is given exactly as it is, for the lists that the page makes: one that is not UTF-8 as the
hexadecimal digits of its bytes.
"""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

from imgrec.collection import Entry
from imgrec.duplicates.comparison import Difference
from imgrec.duplicates.keep_rules import pixels
from imgrec.pictures.metadata_names import statements
from imgrec.review.overlays import REFRAMED, Place
from imgrec.review.reviewed import Reviewed, ReviewedGroup
from imgrec.sources.opening import source_of
from imgrec.sources.place_kinds import place_kind
from imgrec.system.file_links import link_to
from imgrec.system.file_names import printable
from imgrec.system.script_data import json_text


@dataclass(frozen=True)
class Scene:
    """What the files of a page are shown by.

    Attributes:
        page: absolute path of the page's folder, to link to files from.
        linked: roots that are there now; only files below these are linked to.
        pictures: file name of the preview of each content that has one.
        places: where cropped and bordered pictures lie over the one they are compared with.
    """

    page: Path
    linked: frozenset[str] = frozenset()
    pictures: Mapping[str, str] = field(default_factory=dict)
    places: Mapping[int, Place] = field(default_factory=dict)


def group_data(group: ReviewedGroup, scene: Scene) -> list[dict[str, Any]]:
    """Return the files of a group as JSON objects, in order."""
    places = {member.entry.id: number for number, member in enumerate(group)}
    said = [statements(member.metadata) for member in group]
    rows = []
    for member, content, says in zip(group, content_numbers(group), said, strict=True):
        row = _facts(member, scene)
        row["same"] = places[member.kept.id]
        row["content"] = content
        if says:
            # Numbers only: what files say stays out of the page.
            row["described"] = len(says)
            row["more"] = [n for n, others in enumerate(said) if not says <= others]
        if (digest := member.entry.digest) and digest in scene.pictures:
            row["picture"] = scene.pictures[digest]
        rows.append(row)
    return rows


def content_numbers(group: ReviewedGroup) -> list[int]:
    """Return for each file of a group the number of its content, in the order of appearance."""
    digests = [member.entry.digest for member in group]
    numbers = {digest: number for number, digest in enumerate(dict.fromkeys(digests))}
    return [numbers[digest] for digest in digests]


def call(function: str, *arguments: object) -> str:
    """Return a script that calls a function with JSON arguments."""
    return f"{function}({','.join(map(json_text, arguments))});\n"


def _facts(member: Reviewed, scene: Scene) -> dict[str, Any]:
    entry = member.entry
    file = source_of(entry.root).file(entry.path)
    facts: dict[str, Any] = {
        "name": printable(PurePosixPath(entry.path).name),
        "folder": _folder(entry),
        "kind": member.kind,
        "keep": member.keep,
        "differs": member.differs,
        "score": round(member.comparison.score, 3),
        "width": entry.width or 0,
        "height": entry.height or 0,
        "pixels": pixels(entry),
        "format": printable(entry.format or ""),
        "bytes": entry.size,
        "time": entry.mtime_ns // 10**6,
        **_path(entry.location if file is None else str(file)),
    }
    if file is not None and entry.root in scene.linked:
        facts["href"] = link_to(file, scene.page)
    if member.taken:
        facts["taken"] = printable(member.taken)
    if place_kind(entry.path) is not None:
        facts["aside"] = True
    return facts | _overlay(member, scene)


def _overlay(member: Reviewed, scene: Scene) -> dict[str, Any]:
    """Return how a picture lies over the one it is compared with, and which part differs."""
    comparison = member.comparison
    over: dict[str, Any] = {"turn": comparison.turn} if comparison.turn else {}
    if comparison.box is not None:
        over["box"] = [round(side, 4) for side in comparison.box]
    place = scene.places.get(member.entry.id)
    if place is not None:
        over["place"] = [round(side, 4) for side in place]
    elif comparison.differences & (REFRAMED | Difference.UNREAD):
        over["reframed"] = True
    return over


def _path(location: str) -> dict[str, str]:
    """Return an absolute path, exactly: as text, or as the digits of bytes that are no UTF-8."""
    try:
        location.encode("utf-8")
    except UnicodeEncodeError:
        return {"raw": os.fsencode(location).hex()}
    return {"path": location}


def _folder(entry: Entry) -> str:
    """Return the folder of a file, for a person: its root, then the folders below."""
    parent = PurePosixPath(entry.path).parent
    return printable(source_of(entry.root).location("" if str(parent) == "." else str(parent)))


def pages_of(groups: Sequence[Any], size: int) -> list[Sequence[Any]]:
    """Return the groups in pages of a size."""
    return [groups[start : start + size] for start in range(0, len(groups), size)]
