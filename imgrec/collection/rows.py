"""The rows of the catalog as Python objects."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from imgrec.collection.places import is_picture_path
from imgrec.errors import StoreError
from imgrec.pictures.metadata_names import Datum
from imgrec.sources.opening import source_of
from imgrec.system.file_names import printable

# Length limit of `Entry.detail`, in characters.
MAX_DETAIL = 500
# The largest id: a pair of ids is packed in 64 bits (`imgrec.duplicates.pairs`).
MOST_ID = (1 << 31) - 1

Ids = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Entry:
    """A picture as the catalog knows it.

    Attributes:
        id: stands for one content; never given to another.
        root: the description of its source: the absolute path of a folder.
        path: within the source, with forward slashes.
        size: of the file, in bytes.
        mtime_ns: when the file was last modified, in nanoseconds since 1970.
        digest: of the file's content (`imgrec.pictures.decoding.digest`), None until read.
        width: of the upright picture in pixels, None until read.
        height: likewise.
        format: as Pillow names it, None until read.
        status: `new` (not read yet), `ok`, `failed`, `missing` (the file is not there) or
            `left-out` (it was there, and does not belong to the collection now).
        reason: the code of the failure, one of `imgrec.pictures.decoding.REASONS`, else None.
        token: part of the version of the file, as size and mtime (`imgrec.sources.source.Listed`).
        detail: the message of the failure; of an `ok` picture, a warning about its file; of a
            `new` one, why it could not be read yet; else None.
    """

    id: int
    root: str
    path: str
    size: int
    mtime_ns: int
    digest: str | None
    width: int | None
    height: int | None
    format: str | None
    status: str
    reason: str | None
    token: str = ""
    detail: str | None = None

    @property
    def location(self) -> str:
        """Where the picture is, as a user can name it: the absolute path of its file."""
        return source_of(self.root).location(self.path)


class Place(NamedTuple):
    """Where a picture of the catalog is; the attributes are those of `Entry`."""

    id: int
    root: str
    path: str

    @property
    def location(self) -> str:
        """Where the picture is, as a user can name it: the absolute path of its file."""
        return source_of(self.root).location(self.path)


@dataclass(frozen=True, slots=True)
class Outcome:
    """The result of reading one file: the columns it sets in the picture's row.

    Attributes are those of `Entry`, and `metadata`: what the file says of itself, and the measures
    of its pixels. The status `new`
    means that nothing was learned about the file, as when memory ran out: its row stays as it is (a
    `new` one gets the detail), and the next run tries again.
    """

    id: int
    status: str
    digest: str | None = None
    width: int | None = None
    height: int | None = None
    format: str | None = None
    reason: str | None = None
    detail: str | None = None
    metadata: tuple[Datum, ...] = ()


def detail_of(message: str) -> str | None:
    """Return a message as the catalog keeps it: one line of at most 500 characters; None if empty.

    Messages of decoders quote bytes of the file, so control characters and what is no Unicode are
    replaced.
    """
    sound = message[: 10 * MAX_DETAIL].encode("utf-8", "replace").decode()
    line = " ".join(printable(sound).split())
    return (line if len(line) <= MAX_DETAIL else f"{line[: MAX_DETAIL - 1]}…") or None


def entry_of(row: Sequence[object]) -> Entry:
    """Return a row of the catalog, the columns in the order of `Entry`, as an object.

    Raises:
        StoreError: a value has another type than imgrec writes, or the path leads out of its root.
    """
    kinds = tuple(map(type, row))
    # SQLite does not enforce the types of columns, and a file may come from somebody else.
    if kinds not in _known_kinds:
        if not all(kind in allowed for kind, allowed in zip(kinds, _KINDS, strict=False)):
            raise StoreError(_unsound(row, "has values of wrong types"))
        _known_kinds.add(kinds)
    entry = Entry(*row)  # type: ignore[arg-type]
    if not is_picture_path(entry.path) and (entry.path or entry.status != "missing"):
        raise StoreError(_unsound(row, "lies outside of its root"))
    return entry


def place_of(row: Sequence[object]) -> Place:
    """Return the columns id, root and path of a row, and whether it is missing, as an object.

    Raises:
        StoreError: as `entry_of`.
    """
    image_id, root, path, missing = row
    if type(image_id) is not int or type(root) is not str or type(path) is not str:
        raise StoreError(_unsound(row, "has values of wrong types"))
    if not is_picture_path(path) and (path or not missing):
        raise StoreError(_unsound(row, "lies outside of its root"))
    return Place(image_id, root, path)


def _unsound(row: Sequence[object], what: str) -> str:
    return (
        f"picture {row[0]} of the catalog ({str(row[2])[:60]!r}) {what}: delete the catalog and "
        "run imgrec index again, which makes it anew with the same ids"
    )


_NUMBER: set[type] = {int}
_NUMBER_OR_NONE: set[type] = {int, type(None)}
_TEXT: set[type] = {str}
_TEXT_OR_NONE: set[type] = {str, type(None)}
_KINDS: tuple[set[type], ...] = (
    _NUMBER, _TEXT, _TEXT, _NUMBER, _NUMBER, _TEXT_OR_NONE, _NUMBER_OR_NONE, _NUMBER_OR_NONE,
    _TEXT_OR_NONE, _TEXT, _TEXT_OR_NONE, _TEXT, _TEXT_OR_NONE,
)  # fmt: skip
# Combinations of types that were found to be allowed: there are few.
_known_kinds: set[tuple[type, ...]] = set()
