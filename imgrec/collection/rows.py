"""A row of the catalog, and what reading a file changes in it."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

Ids = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Entry:
    """A row of the catalog.

    Attributes:
        id: stands for one content; never given again.
        root: the absolute folder the picture was found under.
        path: relative to `root`, with forward slashes.
        digest: of the content (`imgrec.pictures.decoding.digest`), None until it was read.
        width: of the upright picture in pixels, None until it was read; so too `height`.
        status: `new`, `ok`, `failed` or `missing`.
        reason: why it failed, one of `imgrec.pictures.decoding.REASONS`, else None.
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
    """What reading a file told: the columns that replace those of status `new`."""

    id: int
    status: str
    digest: str | None = None
    width: int | None = None
    height: int | None = None
    format: str | None = None
    reason: str | None = None
