"""Pictures that wait for a decoder that is not installed: HEIC files without pillow-heif.

They are not read, so that they fail not one by one: a new one stays `new`, and one that was read
where the decoder was installed keeps what is stored of it. The first run that has the decoder reads
them. They are told by suffix, because opening each of them in every run would cost more.
"""

import numpy as np

from imgrec.collection import Ids
from imgrec.pictures.formats import HEIF_SUFFIXES, readable_formats
from imgrec.store.store import Store
from imgrec.system.extras import install_line
from imgrec.system.text import counted


def waiting_pictures(store: Store) -> Ids:
    """Return the ids (m,) of the pictures that no installed decoder reads, ascending."""
    if "HEIF" in readable_formats():
        return np.zeros(0, np.int64)
    return store.catalog.ids_ending(sorted(HEIF_SUFFIXES), "new", "ok")


def waiting_line(store: Store, waiting: Ids) -> list[str]:
    """Return a line that says what new pictures wait for; none where none does."""
    count = int(np.isin(store.catalog.ids("new"), waiting).sum())
    line = f"{counted(count, 'HEIC file')} not read yet: {install_line('heic')} to read such files"
    return [line] if count else []
