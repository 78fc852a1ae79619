"""Keep the page of each picture in the store, so that pictures stay on their pages later on.

    projector/<feature>/
        kept.json              stamp (encoder and page size) and checksums
        ids.npy, pages.npy     (n,) int64 catalog ids, (n,) int32 the page of each

A cache: pages that are absent, stale or damaged are computed again.
"""

from contextlib import suppress
from typing import Any

import numpy as np

from imgrec.collection import Ids
from imgrec.encoders.spec import EncoderSpec
from imgrec.store.arrays import are_ids, match
from imgrec.store.features import positions
from imgrec.store.kept import load, save
from imgrec.store.store import Store
from projector.pages import Pages

# Part of the stamp. Increase it when the meaning of the pages changes.
VERSION = 1
_FORMS = {"ids": "int64 n", "pages": "int32 n"}


class KeptPages:
    """The kept pages of one feature."""

    def __init__(self, store: Store, spec: EncoderSpec) -> None:
        self._folder = store.paths.projector(spec.name)
        self._encoder = spec.identity()

    def load(self, ids: Ids, size: int) -> Pages:
        """Return the kept page (n,) of each picture, -1 for none.

        Args:
            ids: of the pictures (n,).
            size: page size; pages kept with another page size are stale.
        """
        found = np.full(len(ids), -1, np.int32)
        kept = load(self._folder, self._stamp(size), ("ids", "pages"))
        if kept and match(kept.arrays, _FORMS) and are_ids(kept.arrays["ids"]):
            places = positions(kept.arrays["ids"], ids)
            found[places >= 0] = kept.arrays["pages"][places[places >= 0]]
        return found

    def save(self, ids: Ids, pages: Pages, size: int) -> None:
        """Write the page of each picture; do nothing if the store cannot be written.

        Args:
            ids: of the pictures, ascending (n,).
            pages: page of each picture (n,).
            size: page size.
        """
        with suppress(OSError):
            save(self._folder, self._stamp(size), {"ids": ids, "pages": pages})

    def _stamp(self, size: int) -> dict[str, Any]:
        return {"version": VERSION, "encoder": self._encoder, "size": size}
