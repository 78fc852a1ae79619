"""Counts and sums over the rows of a catalog."""

import sqlite3
from dataclasses import dataclass

STATUSES = ("new", "ok", "failed", "missing", "left-out")
# Lets SQLite use the partial index of these rows.
_NOT_OK = "FROM images WHERE status != 'ok'"


@dataclass(frozen=True)
class RootTotal:
    """The number of pictures of one root.

    Attributes:
        path: of the root, absolute.
        pictures: of the collection: neither missing nor left out.
        missing: whose files are not there.
        left_out: whose files do not belong to the collection now.
    """

    path: str
    pictures: int
    missing: int
    left_out: int


class Totals:
    """Counts the pictures of one catalog."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db

    def counts(self) -> dict[str, int]:
        """Return the number of pictures of each status, 0 included."""
        # All rows are counted by the pages of an index, and those that are not ok, most often few,
        # have one of their own. To group all rows takes twenty times as long.
        few = dict(self._db.execute(f"SELECT status, count(*) {_NOT_OK} GROUP BY status"))
        (every,) = self._db.execute("SELECT count(*) FROM images").fetchone()
        found = {**few, "ok": every - sum(few.values())}
        return {status: found.get(status, 0) for status in STATUSES}

    def failures(self) -> dict[str, int]:
        """Return the number of failed pictures by reason code, the most frequent first."""
        rows = self._db.execute(
            f"SELECT CAST(reason AS TEXT), count(*) {_NOT_OK} AND status = 'failed' "
            "GROUP BY reason ORDER BY count(*) DESC, reason"
        )
        return dict(rows)

    def warnings(self) -> int:
        """Return the number of ok pictures that have a warning about their file."""
        query = "SELECT count(*) FROM images WHERE status = 'ok' AND detail IS NOT NULL"
        return int(self._db.execute(query).fetchone()[0])

    def formats(self) -> dict[str, int]:
        """Return the number of ok pictures by file format, the most frequent first."""
        rows = self._db.execute(
            "SELECT CAST(coalesce(format, 'unknown') AS TEXT), count(*) FROM images "
            "WHERE status = 'ok' GROUP BY format ORDER BY count(*) DESC, format"
        )
        return dict(rows)

    def labels(self) -> dict[str, int]:
        """Return the number of ok pictures that have a label, by its kind, sorted."""
        # By the primary key, and without a look at each picture: a third of the time of a join.
        rows = self._db.execute(
            "SELECT CAST(kind AS TEXT), count(*) FROM (SELECT DISTINCT image_id, kind FROM labels "
            f"WHERE image_id NOT IN (SELECT id {_NOT_OK})) GROUP BY kind ORDER BY kind"
        )
        return dict(rows)

    def sizes(self) -> tuple[int, int]:
        """Return the total bytes and the total pixels of the ok pictures."""
        query = "SELECT total(size), total(width * height) FROM images WHERE status = 'ok'"
        size, pixels = self._db.execute(query).fetchone()
        return int(size), int(pixels)

    def roots(self) -> list[RootTotal]:
        """Return the totals of each root that ever had pictures, in the order they were added."""
        rows = self._db.execute(
            "SELECT roots.path, count(*), total(status = 'missing'), total(status = 'left-out') "
            "FROM images JOIN roots ON roots.id = root_id GROUP BY root_id ORDER BY root_id"
        )
        return [
            RootTotal(path, every - int(missing + left_out), int(missing), int(left_out))
            for path, every, missing, left_out in rows
        ]
