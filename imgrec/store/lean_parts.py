"""Lean parts: ids and descriptions are here, vectors and small pictures lie in object storage.

So are the parts of a store that was pulled without vectors, and of the working copy of a driver
that keeps none. `pulled.json` says that a store may have such parts; in any other they are damaged.
"""

from contextlib import suppress
from pathlib import Path

from imgrec.errors import StoreError
from imgrec.store.arrays import load_ids
from imgrec.store.damage import PICTURE_FILES, Output
from imgrec.store.elsewhere import VECTORS_FILE
from imgrec.store.parts import read_manifest
from imgrec.store.paths import FEATURES
from imgrec.store.pulled import NOTHING, read_pulled

# The large file of a part, by the kind of its output.
LARGE = {FEATURES: VECTORS_FILE, **PICTURE_FILES}


def is_large(path: str) -> bool:
    """Return True if a path within a store is that of the large file of a part."""
    return LARGE.get(path.partition("/")[0]) == path.rpartition("/")[2]


def has_lean_parts(store: Path) -> bool:
    """Return True if a store was pulled without the large files of its parts."""
    # A damaged file says nothing, and whoever opens a feature is told.
    with suppress(StoreError):
        pulled = read_pulled(store)
        return pulled is not None and pulled.lacks != NOTHING
    return False


def is_lean(output: Output, part: Path) -> bool:
    """Return True if a part lacks its large file and is whole otherwise."""
    large = LARGE.get(output.kind)
    if large is None or (part / large).exists() or read_manifest(part) is None:
        return False
    with suppress(StoreError):
        load_ids(part)
        return True
    return False
