"""Many ids in and out of SQLite: arrays from queries, ranges of text, pieces of lists."""

import sqlite3
from collections.abc import Iterator

import numpy as np

from imgrec.collection.rows import Ids
from imgrec.system.file_names import text


def select_ids(db: sqlite3.Connection, query: str, *values: bytes) -> Ids:
    """Return the ascending distinct ids (m,) that a query selects as its column `id`."""
    # One joined text: a row for each id takes three times as long. Sorted and compared, because
    # `np.unique` hashes, which is slower.
    (joined,) = db.execute(f"SELECT group_concat(id) FROM ({query})", values).fetchone()
    ids = np.sort(np.fromstring(joined, np.int64, sep=",")) if joined else np.empty(0, np.int64)
    return ids[np.diff(ids, prepend=0) > 0]


def grouped_ids(db: sqlite3.Connection, query: str, *values: object) -> dict[str, Ids]:
    """Return {value: ascending distinct ids} of a query's columns `value` and joined ids.

    Values that are no texts are left out, as a file from somebody else may have.
    """
    return {
        value: np.unique(np.fromstring(joined, np.int64, sep=","))
        for value, joined in db.execute(query, values)
        if type(value) is str and joined
    }


def prefix_range(name: str, separator: str) -> tuple[bytes, bytes]:
    """Return the bounds of the texts that begin with `name + separator`, the upper one exclusive.

    A range of an indexed column, where LIKE would scan it.
    """
    return text(name + separator), text(name + chr(ord(separator) + 1))


def marks_for(count: int) -> str:
    """Return the placeholders of so many parameters, separated by commas."""
    return ("?, " * count)[:-2]


def chunks(values: list[int], size: int = 900) -> Iterator[list[int]]:
    """Cut a list into pieces that fit the parameters of one query: SQLite's limit was 999."""
    return (values[start : start + size] for start in range(0, len(values), size))
