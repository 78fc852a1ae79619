"""The page of each picture in the projector, kept so that a later run can keep pictures in place.

    projector/<feature>/
        kept.json              encoder and page size
        ids.npy, pages.npy     (n,) int64 catalog ids, (n,) int32 the page of each

A cache: pages that are absent, stale or damaged are computed again.
"""

from contextlib import suppress
from typing import Any

import numpy as np

from imgrec.collection import Ids
from imgrec.encoders.spec import EncoderSpec
from imgrec.store.features import positions
from imgrec.store.kept import load, save
from imgrec.store.store import Store
from projector.pages import Pages

VERSION = 1  # raised whenever pages mean something else


class KeptPages:
    """The pages kept of one feature."""

    def __init__(self, store: Store, spec: EncoderSpec) -> None:
        self._folder = store.paths.projector(spec.name)
        self._encoder = spec.identity()

    def load(self, ids: Ids, size: int) -> Pages:
        """Return the page (n,) kept of each picture (n,), -1 where there is none.

        Args:
            ids: of the pictures.
            size: of a page; pages of another size are not returned.
        """
        found = np.full(len(ids), -1, np.int32)
        kept = load(self._folder, self._stamp(size), ("ids", "pages"))
        if kept:
            places = positions(kept.arrays["ids"], ids)
            found[places >= 0] = kept.arrays["pages"][places[places >= 0]]
        return found

    def save(self, ids: Ids, pages: Pages, size: int) -> None:
        """Write the page (n,) of each picture (n,); does nothing where the store cannot be written.

        Args:
            ids: of the pictures, ascending.
            pages: of each.
            size: of a page.
        """
        with suppress(OSError):
            save(self._folder, self._stamp(size), {"ids": ids, "pages": pages})

    def _stamp(self, size: int) -> dict[str, Any]:
        return {"version": VERSION, "encoder": self._encoder, "size": size}
