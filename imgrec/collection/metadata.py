"""The metadata of a catalog: rows (image id, name, value, number) of what files say of themselves.

The names and units are those of `imgrec.pictures.metadata_names`. A picture has one value a name,
but many keywords. The measures of its pixels are rows of the same table: they are searched and
counted by name, and are never among what `of` returns. An id stands for one content, so its rows
are written when it is read and never change. The file may come from somebody else: what is read
here is a valid name, a text, and a finite number or none.
"""

import math
import re
import sqlite3
from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from imgrec.collection.rows import Ids
from imgrec.collection.selections import chunks, grouped_ids, marks_for, select_ids
from imgrec.pictures.metadata_names import MEASURES, MOST_MEASURE, NAMES, TAKEN, Datum
from imgrec.pictures.metadata_values import MOST_TEXT
from imgrec.system.file_names import TEXT, text

# SQLite does not enforce the types of columns.
_ROW = "CAST(image_id AS INTEGER), CAST(name AS TEXT), CAST(value AS TEXT), number"
_MONTH = re.compile(r"\d{4}(-(0[1-9]|1[0-2]))?", re.ASCII)
_OF_OK = "JOIN images ON images.id = image_id AND status = 'ok'"


class MetadataTable:
    """Reads the metadata of one catalog."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db

    def of(self, ids: Iterable[int]) -> dict[int, tuple[Datum, ...]]:
        """Return {id: its metadata}, in the order of `NAMES`, keywords sorted."""
        found: dict[int, list[Datum]] = {int(i): [] for i in ids}
        for chunk in chunks(list(found)):
            query = f"SELECT {_ROW} FROM metadata WHERE image_id IN ({marks_for(len(chunk))})"
            for image_id, name, value, number in self._db.execute(query, chunk):
                if name in NAMES and type(value) is str:
                    found[image_id].append(Datum(name, value, _finite(number)))
        return {
            i: tuple(sorted(data, key=lambda datum: (NAMES.index(datum.name), datum.value)))
            for i, data in found.items()
        }

    def counts(self, names: Sequence[str] = NAMES) -> dict[str, int]:
        """Return the number of ok pictures that have a value, by name, in the order of the names.

        Args:
            names: those of metadata, or `MEASURES`.
        """
        marks = ", ".join("?" * len(names))
        rows = dict(
            self._db.execute(
                "SELECT CAST(name AS TEXT), count(DISTINCT image_id) "
                f"FROM metadata {_OF_OK} WHERE name IN ({marks}) GROUP BY name",
                names,
            )
        )
        return {name: rows[name] for name in names if rows.get(name)}

    def count_described(self) -> int:
        """Return the number of ok pictures whose file says anything of itself."""
        marks = ", ".join("?" * len(NAMES))
        query = f"SELECT count(DISTINCT image_id) FROM metadata {_OF_OK} WHERE name IN ({marks})"
        return int(self._db.execute(query, NAMES).fetchone()[0])

    def tally(self, name: str) -> dict[str, int]:
        """Return the number of ok pictures by value of a name, the most frequent first."""
        rows = self._db.execute(
            f"SELECT CAST(value AS TEXT), count(*) FROM metadata {_OF_OK} WHERE name = ? "
            "GROUP BY value ORDER BY count(*) DESC, value",
            [name],
        )
        return {value: count for value, count in rows if type(value) is str}

    def groups(self, name: str, most: int, first: int = MOST_TEXT) -> dict[str, Ids]:
        """Return {value: ids of the pictures that have it} of a name, of pictures of any status.

        Args:
            name: of the values.
            most: number of values; the most frequent.
            first: characters of a value that count: 7 of a date are its month.
        """
        return grouped_ids(
            self._db,
            "SELECT substr(CAST(value AS TEXT), 1, ?) AS start, group_concat(image_id) "
            "FROM metadata WHERE name = ? GROUP BY start ORDER BY count(*) DESC, start LIMIT ?",
            first,
            name,
            most,
        )

    def months(self) -> dict[str, int]:
        """Return the number of ok pictures by the month they were taken in, ascending.

        Keys are as "2019-07", or "2019" of pictures that say no month.
        """
        rows = self._db.execute(
            f"SELECT substr(CAST(value AS TEXT), 1, 7) AS month, count(*) FROM metadata {_OF_OK} "
            "WHERE name = ? GROUP BY month ORDER BY month",
            [TAKEN],
        )
        return {month: count for month, count in rows if _MONTH.fullmatch(str(month))}

    def numbers(self, name: str) -> tuple[Ids, NDArray[np.float64]]:
        """Return the ids (m,), ascending, and the numbers (m,) of a name, of ok pictures."""
        rows = self._db.execute(
            f"SELECT CAST(image_id AS INTEGER), number FROM metadata {_OF_OK} WHERE name = ? "
            "AND number IS NOT NULL ORDER BY image_id",
            [name],
        )
        sound = [(i, found) for i, number in rows if (found := _finite(number)) is not None]
        table = np.array(sound, np.float64).reshape(-1, 2)
        return table[:, 0].astype(np.int64), table[:, 1]

    def measures(self) -> dict[str, tuple[Ids, NDArray[np.float64]]]:
        """Return {measure: ids (m,), ascending, and values (m,), 0 to 100} of the ok pictures.

        Measures that no picture has are left out.
        """
        found = {}
        for name in MEASURES:
            ids, values = self.numbers(name)
            sound = (values >= 0) & (values <= MOST_MEASURE)
            if sound.any():
                found[name] = ids[sound], values[sound]
        return found

    def ids_of_values(self, name: str, values: Sequence[str]) -> Ids:
        """Return the ascending ids of the pictures with one of these values, of any status."""
        query = f"SELECT image_id AS id FROM metadata WHERE name = {TEXT} AND value = {TEXT}"
        each = [select_ids(self._db, query, text(name), text(value)) for value in values]
        return np.unique(np.concatenate([*each, np.zeros(0, np.int64)]))

    def ids_between(self, name: str, least: str, below: str) -> Ids:
        """Return the ascending ids of the pictures whose value as text is in a range.

        Args:
            name: of the value.
            least: the range begins with it.
            below: the range ends before it.
        """
        query = (
            f"SELECT image_id AS id FROM metadata WHERE name = {TEXT} AND value >= {TEXT} "
            f"AND value < {TEXT}"
        )
        return select_ids(self._db, query, text(name), text(least), text(below))

    def ids_in_range(self, name: str, least: float, most: float) -> Ids:
        """Return the ascending ids of the pictures whose number is in a range, both ends too."""
        rows = self._db.execute(
            "SELECT CAST(image_id AS INTEGER) FROM metadata WHERE name = ? AND number >= ? "
            "AND number <= ? AND number IS NOT NULL",
            [name, least, most],
        )
        return np.unique(np.fromiter((row[0] for row in rows), np.int64))


def add_metadata(db: sqlite3.Connection, image_id: int, data: Iterable[Datum]) -> None:
    """Make these the only metadata of a picture, within the caller's transaction."""
    db.execute("DELETE FROM metadata WHERE image_id = ?", [image_id])
    db.executemany(
        f"INSERT OR IGNORE INTO metadata (image_id, name, value, number) VALUES (?, ?, {TEXT}, ?)",
        [(image_id, datum.name, text(datum.value), datum.number) for datum in data],
    )


def _finite(number: object) -> float | None:
    return float(number) if isinstance(number, int | float) and math.isfinite(number) else None
