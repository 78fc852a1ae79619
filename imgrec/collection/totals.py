"""What the catalog's rows add up to."""

import sqlite3
from dataclasses import dataclass

_STATUSES = ("new", "ok", "failed", "missing")


@dataclass(frozen=True)
class RootTotal:
    """The pictures of one root: those it holds, and those that are missing."""

    path: str
    pictures: int
    missing: int


def count_statuses(db: sqlite3.Connection) -> dict[str, int]:
    """Return the number of pictures of each status, 0 included."""
    found = dict(db.execute("SELECT status, count(*) FROM images GROUP BY status"))
    return {status: found.get(status, 0) for status in _STATUSES}


def count_reasons(db: sqlite3.Connection) -> dict[str, int]:
    """Return the number of failed pictures by reason code, the most frequent first."""
    rows = db.execute(
        "SELECT reason, count(*) FROM images WHERE status = 'failed' "
        "GROUP BY reason ORDER BY count(*) DESC, reason"
    )
    return dict(rows)


def count_formats(db: sqlite3.Connection) -> dict[str, int]:
    """Return the number of ok pictures by file format, the most frequent first."""
    rows = db.execute(
        "SELECT coalesce(format, 'unknown'), count(*) FROM images WHERE status = 'ok' "
        "GROUP BY format ORDER BY count(*) DESC, format"
    )
    return dict(rows)


def count_labels(db: sqlite3.Connection) -> dict[str, int]:
    """Return the number of ok pictures that have a label, by its kind, in order."""
    rows = db.execute(
        "SELECT kind, count(DISTINCT image_id) FROM labels JOIN images ON images.id = image_id "
        "WHERE status = 'ok' GROUP BY kind ORDER BY kind"
    )
    return dict(rows)


def sum_sizes(db: sqlite3.Connection) -> tuple[int, int]:
    """Return the bytes and the pixels of all ok pictures."""
    query = "SELECT total(size), total(width * height) FROM images WHERE status = 'ok'"
    size, pixels = db.execute(query).fetchone()
    return int(size), int(pixels)


def count_by_root(db: sqlite3.Connection) -> list[RootTotal]:
    """Return the totals of the roots that pictures were ever found under, in their order."""
    rows = db.execute(
        "SELECT roots.path, total(status != 'missing'), total(status = 'missing') "
        "FROM images JOIN roots ON roots.id = root_id GROUP BY root_id ORDER BY root_id"
    )
    return [RootTotal(path, int(pictures), int(missing)) for path, pictures, missing in rows]
