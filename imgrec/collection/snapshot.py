"""A snapshot of a catalog: one file with all committed changes, for a copy of the store.

The catalog is in WAL mode, so its file alone may lack what was committed last. SQLite's own backup
copies a consistent state page by page, also while another process writes.

Source: sqlite.org/backup.html.
"""

import sqlite3
from pathlib import Path

from imgrec.collection.opening import open_for_reading, translated


def write_snapshot(catalog: Path, to: Path) -> None:
    """Write the present state of a catalog as a file of its own.

    Args:
        catalog: its path.
        to: path of the new file, which must not exist.

    Raises:
        StoreError: the catalog is absent or damaged.
        OSError: the file cannot be written.
    """
    source, _ = open_for_reading(catalog)
    try:
        with translated(catalog):
            copy = sqlite3.connect(to)
            try:
                source.backup(copy)
            finally:
                copy.close()
    finally:
        source.close()
