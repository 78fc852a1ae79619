"""Rows of a catalog, and listed files, written out by hand."""

from typing import Any

from imgrec.collection import Entry
from imgrec.collection.matching import FoundFile


def row_of(
    image_id: int, path: str, letter: str | None = "a", status: str = "ok", **more: Any
) -> Entry:
    """Return a row of a picture; `letter` stands for its content."""
    values = {"root": "/r", "size": 10, "mtime_ns": 5, "token": "", "reason": None, **more}
    return Entry(
        image_id,
        values["root"],
        path,
        values["size"],
        values["mtime_ns"],
        letter,
        None,
        None,
        None,
        status,
        values["reason"],
        values["token"],
    )


def file_of(path: str, size: int = 10, mtime_ns: int = 5, root: str = "/r") -> FoundFile:
    """Return a file as a listing finds it."""
    return FoundFile(root, path, size, mtime_ns)
