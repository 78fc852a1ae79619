"""What the projector keeps in a store, so that it need not be made again: pages.

    projector/<feature>/
        pages.npz              ids (n,), pages (n,), the size of a page

Nothing here is needed: what is absent, damaged or cannot be written is made anew.
"""

import io
from contextlib import suppress
from pathlib import Path
from zipfile import BadZipFile

import numpy as np

from imgrec.collection import Ids
from imgrec.store.features import positions
from imgrec.store.store import Store
from imgrec.system.atomic_files import write_bytes
from projector.pages import Pages

_PAGES = "pages.npz"


class Kept:
    """The folder of one feature, there or not."""

    def __init__(self, store: Store, feature: str) -> None:
        self._folder = store.path / "projector" / feature

    def pages(self, ids: Ids, size: int) -> Pages:
        """Return the page (n,) each picture had, -1 for none; all -1 for pages of another size."""
        found = np.full(len(ids), -1, np.int32)
        with suppress(OSError, ValueError, LookupError, EOFError, BadZipFile):
            with np.load(self._folder / _PAGES, allow_pickle=False) as arrays:
                kept_ids, pages, kept_size = (arrays[n] for n in ("ids", "pages", "size"))
            if int(kept_size) == size and len(kept_ids) == len(pages):
                places = positions(kept_ids, ids)
                found[places >= 0] = pages[places[places >= 0]]
        return found

    def keep_pages(self, ids: Ids, pages: Pages, size: int) -> None:
        """Write the page (n,) of each picture."""
        buffer = io.BytesIO()
        np.savez(buffer, ids=ids, pages=pages, size=np.int64(size))
        self._write(self._folder / _PAGES, buffer.getvalue())

    def _write(self, path: Path, data: bytes) -> None:
        with suppress(OSError):  # a store that is read-only or full
            path.parent.mkdir(parents=True, exist_ok=True)
            write_bytes(path, data)
