"""The rows of the catalog as Python objects."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

Ids = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Entry:
    """A picture as the catalog knows it.

    Attributes:
        id: stands for one content; never given to another.
        root: the absolute folder the picture was found in.
        path: relative to `root`, with forward slashes.
        size: of the file, in bytes.
        mtime_ns: when the file was last modified, in nanoseconds since 1970.
        digest: of the file's content (`imgrec.pictures.decoding.digest`), None until read.
        width: of the upright picture in pixels, None until read.
        height: likewise.
        format: as Pillow names it, None until read.
        status: `new` (not read yet), `ok`, `failed` or `missing` (no file any more).
        reason: the code of the failure, one of `imgrec.pictures.decoding.REASONS`, else None.
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

    @property
    def file(self) -> Path:
        """The absolute path of the picture file."""
        return Path(self.root, self.path)


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
