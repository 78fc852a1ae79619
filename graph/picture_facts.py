"""What a page tells of its pictures when one is chosen."""

import os
import urllib.parse
from collections import Counter
from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import Any

from imgrec.collection import Entry
from imgrec.collection.kinds import COMMUNITY, DUPLICATES
from imgrec.sources.opening import source_of
from imgrec.system.file_names import printable

NEAR = 12  # neighbors shown
_LEAST_SHARE = 0.05


def name_of(entry: Entry) -> str:
    """Return a picture's file name, fit for a page."""
    return printable(PurePosixPath(entry.path).name)


def folder_of(entry: Entry) -> str:
    """Return the folder of a picture below its root, fit for a page; "" for the root itself."""
    folder = str(PurePosixPath(entry.path).parent)
    return "" if folder == "." else printable(folder)


def describe(
    entry: Entry, labels: Mapping[str, str], folder: Path, linked: bool = True
) -> dict[str, Any]:
    """Return what the panel shows of a picture, for JSON.

    Args:
        entry: its row.
        labels: its labels, by kind.
        folder: absolute, of the page that links to the file.
        linked: whether it does; `href` is None where it does not.
    """
    file = source_of(entry.root).file(entry.path) if linked else None
    return {
        "folder": folder_of(entry),
        "facts": " · ".join(_facts(entry)),
        "href": link_to(file, folder) if file else None,
        "labels": [
            [printable(kind), printable(value)]
            for kind, value in sorted(labels.items())
            if kind not in (COMMUNITY, DUPLICATES)  # the page shows them otherwise
        ],
    }


def clipped(name: str, most: int = 60) -> str:
    """Return a name that is not too long for a page that shows it many times."""
    return name if len(name) <= most else f"{name[: most - 1]}…"


def link_to(file: Path, folder: Path) -> str:
    """Return a quoted address of a file relative to a folder; absolute on another drive."""
    try:
        relative = os.path.relpath(file, folder)
    except ValueError:
        return file.as_uri()
    return urllib.parse.quote(os.fsencode(relative.replace(os.sep, "/")))


def main_folders(counts: Counter[str], most: int = 2) -> str:
    """Return the most frequent folder names with their shares: "dress 71 %, skirt 12 %"."""
    ranked = sorted(counts.items(), key=lambda item: (-item[1], item[0]))[:most]
    total = counts.total()
    return ", ".join(
        f"{printable(name)} {round(100 * count / total)}\N{NO-BREAK SPACE}%"
        for name, count in ranked
        if count >= _LEAST_SHARE * total
    )


def _facts(entry: Entry) -> list[str]:
    facts = [f"{entry.width} × {entry.height}"] if entry.width and entry.height else []
    return [*facts, *([entry.format] if entry.format else []), _size(entry.size)]


def _size(size: float) -> str:
    for unit in ("bytes", "KB", "MB"):
        if size < 1000:
            return f"{size:.0f} {unit}" if size >= 10 or unit == "bytes" else f"{size:.1f} {unit}"
        size /= 1000
    return f"{size:.1f} GB"
