"""`cluster/` in a store: what a run on a cluster has planned and done, until it is in the store.

Written by `imgrec.cluster.local_drive`. Once a run is done, on a cluster or not, nothing of it is
needed any more.
"""

import shutil
from contextlib import suppress
from pathlib import Path

from imgrec.store.paths import StorePaths

_WRITTEN = ("plans", "jobs", "made", "blobs")


def delete_exchange(store: Path) -> list[str]:
    """Delete what runs on a cluster left in a store; return a line for the user if some stays."""
    folder = StorePaths(store).cluster
    if not folder.exists():
        return []
    for name in _WRITTEN:
        shutil.rmtree(folder / name, ignore_errors=True)
    with suppress(OSError):
        folder.rmdir()
    if not folder.exists():
        return []
    return [f"{folder} could not be deleted, and is needed no more: delete it"]
