"""The rows of the catalog as Python objects."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from imgrec.sources.opening import source_of

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
        status: `new` (not read yet), `ok`, `failed` or `missing` (no file any more).
        reason: the code of the failure, one of `imgrec.pictures.decoding.REASONS`, else None.
        token: part of the version of the file, as size and mtime (`imgrec.sources.source.Listed`).
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

    @property
    def location(self) -> str:
        """Where the picture is, as a user can name it: the absolute path of its file."""
        return source_of(self.root).location(self.path)


@dataclass(frozen=True, slots=True)
class Outcome:
    """The result of reading one file: the columns it sets in the picture's row.

    Attributes are those of `Entry`.
    """

    id: int
    status: str
    digest: str | None = None
    width: int | None = None
    height: int | None = None
    format: str | None = None
    reason: str | None = None
