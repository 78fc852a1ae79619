"""Ids of pictures by label and by folder: one text from SQLite, one array from that."""

import sqlite3

import numpy as np

from imgrec.collection.rows import Ids
from imgrec.system.file_names import TEXT, text


def ids_labeled(db: sqlite3.Connection, kind: str, value: str, tree: bool) -> Ids:
    """Return the ascending ids of the pictures with a label, whatever their status.

    Args:
        db: the catalog.
        kind: of the label.
        value: of the label.
        tree: values are paths such as `3.1`; take those below this one too.
    """
    query = f"SELECT image_id AS id FROM labels WHERE kind = {TEXT} AND value"
    exactly, below = f"{query} = {TEXT}", f"{query} >= {TEXT} AND value < {TEXT}"
    if not tree:
        return _joined_ids(db, exactly, text(kind), text(value))
    values = (text(kind), text(value), text(kind), *_range_below(value, "."))
    return _joined_ids(db, f"{exactly} UNION ALL {below}", *values)


def ids_under(db: sqlite3.Connection, root: str, folder: str) -> Ids:
    """Return the ascending ids that are not missing in a folder of a root, or all of it."""
    query = (
        f"SELECT id FROM images WHERE root_id = (SELECT id FROM roots WHERE path = {TEXT}) "
        "AND status != 'missing'"
    )
    if not folder:
        return _joined_ids(db, query, text(root))
    within = f"{query} AND path >= {TEXT} AND path < {TEXT}"
    return _joined_ids(db, within, text(root), *_range_below(folder, "/"))


def _joined_ids(db: sqlite3.Connection, query: str, *values: bytes) -> Ids:
    # One text, as a row each takes three times as long; `np.unique` hashes, which is slower.
    (joined,) = db.execute(f"SELECT group_concat(id) FROM ({query})", values).fetchone()
    ids = np.sort(np.fromstring(joined, np.int64, sep=",")) if joined else np.empty(0, np.int64)
    return ids[np.diff(ids, prepend=0) > 0]


def _range_below(name: str, separator: str) -> tuple[bytes, bytes]:
    """Return the bounds of what begins with a name and a separator; the upper one is outside."""
    return text(name + separator), text(name + chr(ord(separator) + 1))
