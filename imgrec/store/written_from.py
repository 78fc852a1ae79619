"""Which store a site or a logdir was written from, so that nothing links to that of another store.

The folder's marker holds a token: a digest of the path from the folder to the store. Both can move
together, a copy of the store elsewhere is another store, and a folder that is published names no
path of the machine it was made on.
"""

import hashlib
import os
from pathlib import Path

from imgrec.system.json_files import json_or_none
from imgrec.system.output_folder import MARKER_BYTES, OutputFolder

# The key of the token in a marker.
STORE = "store"
_TOKEN_BYTES = 16


def store_token(store_path: Path, out: Path) -> str:
    """Return the token of a store for the marker of an output folder, 32 hexadecimal digits.

    Args:
        store_path: of the store.
        out: the folder where it will be, not the temporary one that it is written in.
    """
    try:
        way = Path(os.path.relpath(store_path.resolve(), out.resolve())).as_posix()
    # On Windows, no relative path leads to another drive.
    except ValueError:
        way = store_path.resolve().as_posix()
    return hashlib.blake2b(os.fsencode(way), digest_size=_TOKEN_BYTES).hexdigest()


def is_written_from(store_path: Path, kind: OutputFolder, out: Path) -> bool:
    """Return True if a folder is an output of this kind that was written from this store."""
    marker = json_or_none(out / kind.marker, {STORE: str}, most_bytes=MARKER_BYTES)
    return marker is not None and marker[STORE] == store_token(store_path, out)
