"""Labels in the catalog: what stages found out about pictures, as (picture, kind, value)."""

import sqlite3
from collections.abc import Iterable, Iterator, Mapping

from imgrec.system.file_names import TEXT, text


def add_labels(db: sqlite3.Connection, kind: str, values: Mapping[int, str]) -> None:
    """Insert labels within a transaction of the caller's."""
    db.executemany(
        f"INSERT OR IGNORE INTO labels (image_id, kind, value) VALUES (?, ?, {TEXT})",
        [(int(i), kind, text(value)) for i, value in values.items()],
    )


def labels_of_pictures(db: sqlite3.Connection, ids: Iterable[int]) -> dict[int, dict[str, str]]:
    """Return {id: {kind: value}}; several values of a kind are joined by a comma."""
    found: dict[int, dict[str, str]] = {int(i): {} for i in ids}
    for chunk in chunks(list(found)):
        marks = ", ".join("?" * len(chunk))
        query = (
            f"SELECT image_id, kind, value FROM labels WHERE image_id IN ({marks}) "
            "ORDER BY image_id, kind, value"
        )
        for image_id, kind, value in db.execute(query, chunk):
            of_image = found[image_id]
            of_image[kind] = f"{of_image[kind]}, {value}" if kind in of_image else value
    return found


def kinds_of_labels(db: sqlite3.Connection) -> list[str]:
    """Return the kinds of label that ok pictures have, in order."""
    # Jumps from kind to kind in the index: DISTINCT would read all of it.
    rows = db.execute(
        "WITH RECURSIVE kinds (kind) AS (SELECT min(kind) FROM labels UNION ALL "
        "SELECT (SELECT min(kind) FROM labels WHERE kind > kinds.kind) FROM kinds "
        "WHERE kind IS NOT NULL) SELECT kind FROM kinds WHERE EXISTS (SELECT 1 FROM labels "
        "JOIN images ON images.id = image_id WHERE labels.kind = kinds.kind AND status = 'ok')"
    )
    return [kind for (kind,) in rows]


def values_of_labels(db: sqlite3.Connection, kind: str) -> list[str]:
    """Return the values of a kind that ok pictures have, in order."""
    rows = db.execute(
        f"SELECT value FROM (SELECT DISTINCT kind, value FROM labels WHERE kind = {TEXT}) AS l "
        "WHERE EXISTS (SELECT 1 FROM labels JOIN images ON images.id = image_id "
        "WHERE kind = l.kind AND value = l.value AND status = 'ok') ORDER BY value",
        [text(kind)],
    )
    return [value for (value,) in rows]


def chunks(values: list[int], size: int = 900) -> Iterator[list[int]]:
    """Cut a list into pieces that SQLite takes as parameters of one query."""
    return (values[start : start + size] for start in range(0, len(values), size))
