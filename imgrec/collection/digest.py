"""A digest of all rows of a catalog.

The file of a catalog cannot serve: SQLite rewrites it without a change. The text that is hashed is
made by SQLite itself, in C, some thousand rows at a time.
"""

import hashlib
from collections.abc import Collection

from imgrec.collection.catalog import Catalog

# Ids that one statement covers, so that its result is some hundred kilobytes.
_STEP = 4096
# Columns of numbers. What `quote` leaves out of a text, all behind a NUL, is in its digits.
_NUMBERS = {"id", "root_id", "size", "mtime_ns", "width", "height", "image_id"}
_IMAGES = [
    *("id", "root_id", "path", "size", "mtime_ns", "token", "digest", "width", "height"),
    *("format", "status", "reason", "detail"),
]


def catalog_digest(catalog: Catalog, without: Collection[str] = ()) -> str:
    """Return the SHA-256 of all rows of a catalog.

    Args:
        catalog: open.
        without: kinds of labels that are left out.
    """
    found = hashlib.sha256(repr(sorted(catalog.roots().items())).encode("utf-8", "surrogateescape"))
    marks = ", ".join("?" * len(without))
    queries = (
        (_texts("images", _IMAGES), ()),
        (_texts("metadata", ["image_id", "name", "value"]), ()),
        (_texts("labels", ["image_id", "kind", "value"], f"kind NOT IN ({marks})"), without),
    )
    last = catalog.last_id()
    for query, values in queries:
        for first in range(0, last + 1, _STEP):
            span = first, first + _STEP - 1
            (text,) = catalog.db.execute(query, (*span, *values)).fetchone()
            # The length first, so that no text is the beginning of another one.
            found.update(b"%d:" % len(text or b""))
            found.update(text or b"")
    return found.hexdigest()


def _texts(table: str, columns: list[str], where: str = "true") -> str:
    """Return the SQL of one text of all rows of a range of ids, in a fixed order."""
    ordered = ", ".join(columns)
    row = " || ',' || ".join(map(_told, columns))
    return (
        f"SELECT CAST(group_concat({row}, ';') AS BLOB) FROM (SELECT {ordered} FROM {table} "
        f"WHERE {columns[0]} BETWEEN ? AND ? AND {where} ORDER BY {ordered})"
    )


def _told(column: str) -> str:
    """Return the SQL of a text that parts the values of a column, and NULL from all others."""
    if column in _NUMBERS:
        return f"quote({column})"
    digits = f"'x' || hex({column})"
    return f"CASE WHEN instr({column}, char(0)) > 0 THEN {digits} ELSE quote({column}) END"
