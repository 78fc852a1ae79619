"""The labels of a catalog: rows (image id, kind, value).

A label is what a stage found out about a picture. A picture may have several values of one
kind. `imgrec.collection.kinds` names the kinds that imgrec itself writes.
"""

import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence

import numpy as np

from imgrec.collection.rows import Ids
from imgrec.collection.selections import chunks, grouped_ids, marks_for, prefix_range, select_ids
from imgrec.collection.transaction import transaction
from imgrec.errors import WrongValueError
from imgrec.system.file_names import TEXT, composed, text

# Stands between several values of a kind.
JOINT = ", "
# SQLite does not enforce the types of columns, and a file may come from somebody else.
_KIND, _VALUE = "CAST(kind AS TEXT)", "CAST(value AS TEXT)"


class Labels:
    """Reads and writes the labels of one catalog."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db

    def of(self, ids: Iterable[int]) -> dict[int, dict[str, str]]:
        """Return {id: {kind: value}}; several values of a kind are joined by a comma."""
        found: dict[int, dict[str, str]] = {int(i): {} for i in ids}
        several: dict[tuple[int, str], list[str]] = {}
        for image_id, kind, value in self._rows(list(found)):
            kinds = found[image_id]
            if kind in kinds:
                # A file that somebody else wrote may give a picture any number of values.
                several.setdefault((image_id, kind), [kinds[kind]]).append(value)
            else:
                kinds[kind] = value
        for (image_id, kind), values in several.items():
            found[image_id][kind] = JOINT.join(values)
        return found

    def lists(self, ids: Iterable[int]) -> dict[int, dict[str, list[str]]]:
        """Return {id: {kind: values}}, kinds and values in ascending order."""
        found: dict[int, dict[str, list[str]]] = {int(i): {} for i in ids}
        for image_id, kind, value in self._rows(list(found)):
            found[image_id].setdefault(kind, []).append(value)
        return found

    def _rows(self, ids: list[int]) -> Iterator[tuple[int, str, str]]:
        """Yield (id, kind, value) of pictures; those of one picture in ascending order."""
        for chunk in chunks(ids):
            query = (
                f"SELECT image_id, {_KIND}, {_VALUE} FROM labels "
                f"WHERE image_id IN ({marks_for(len(chunk))}) ORDER BY image_id, kind, value"
            )
            yield from self._db.execute(query, chunk)

    def rows(self, kind: str) -> list[tuple[int, str]]:
        """Return all labels (image id, value) of a kind, of pictures of any status."""
        query = f"SELECT CAST(image_id AS INTEGER), {_VALUE} FROM labels WHERE kind = {TEXT}"
        return self._db.execute(query, [text(kind)]).fetchall()

    def groups(self, kind: str, most: int) -> dict[str, Ids]:
        """Return {value: ids of the pictures that have it} of a kind, of pictures of any status.

        Args:
            kind: of the labels.
            most: number of values; the most frequent.
        """
        return grouped_ids(
            self._db,
            f"SELECT {_VALUE}, group_concat(image_id) FROM labels WHERE kind = {TEXT} "
            "GROUP BY value ORDER BY count(*) DESC, value LIMIT ?",
            text(kind),
            most,
        )

    def of_kind(self, kind: str) -> dict[int, str]:
        """Return {id: value} of a kind, by ascending id, of pictures of any status.

        Where a picture has several values the last in order is returned.
        """
        return dict(sorted(self.rows(kind)))

    def ids(self, kind: str, value: str, tree: bool = False) -> Ids:
        """Return the ascending ids of the pictures with a label, whatever their status.

        Args:
            kind: of the label.
            value: of the label; another normal form of Unicode (NFC, NFD) is the same value.
            tree: values are paths such as `3.1`; include those below this one.
        """
        found = [self._ids(kind, spelled, tree) for spelled in self._spellings(kind, value)]
        return found[0] if len(found) == 1 else np.unique(np.concatenate(found))

    def _spellings(self, kind: str, value: str) -> list[str]:
        """Return the values of a kind that look like one; itself where none does."""
        if value.isascii():
            return [value]
        query = f"SELECT DISTINCT {_VALUE} FROM labels WHERE kind = {TEXT}"
        known = (spelled for (spelled,) in self._db.execute(query, [text(kind)]))
        return [name for name in known if composed(name) == composed(value)] or [value]

    def _ids(self, kind: str, value: str, tree: bool) -> Ids:
        query = f"SELECT image_id AS id FROM labels WHERE kind = {TEXT} AND value"
        exactly, below = f"{query} = {TEXT}", f"{query} >= {TEXT} AND value < {TEXT}"
        if not tree:
            return select_ids(self._db, exactly, text(kind), text(value))
        values = (text(kind), text(value), text(kind), *prefix_range(value, "."))
        return select_ids(self._db, f"{exactly} UNION ALL {below}", *values)

    def ids_lacking(self, *kinds: str) -> Ids:
        """Return the ascending ids of the ok pictures that have no label of some of these kinds."""
        lacks = f"NOT EXISTS (SELECT 1 FROM labels WHERE image_id = images.id AND kind = {TEXT})"
        where = " OR ".join([lacks] * len(kinds))
        rows = self._db.execute(
            f"SELECT id FROM images WHERE status = 'ok' AND ({where}) ORDER BY id",
            [text(kind) for kind in kinds],
        )
        return np.fromiter((row[0] for row in rows), np.int64)

    def kinds(self) -> list[str]:
        """Return the kinds of label that ok pictures have, sorted."""
        # Jumps from kind to kind in the index, where DISTINCT would read every row.
        rows = self._db.execute(
            "WITH RECURSIVE kinds (kind) AS (SELECT min(kind) FROM labels UNION ALL "
            "SELECT (SELECT min(kind) FROM labels WHERE kind > kinds.kind) FROM kinds "
            "WHERE kind IS NOT NULL) SELECT kind FROM kinds WHERE EXISTS (SELECT 1 FROM labels "
            "JOIN images ON images.id = image_id WHERE labels.kind = kinds.kind AND status = 'ok')"
        )
        return [kind for (kind,) in rows if type(kind) is str]

    def values(self, kind: str) -> list[str]:
        """Return the values of a kind that ok pictures have, sorted."""
        rows = self._db.execute(
            f"SELECT value FROM (SELECT DISTINCT kind, value FROM labels WHERE kind = {TEXT}) AS l "
            "WHERE EXISTS (SELECT 1 FROM labels JOIN images ON images.id = image_id "
            "WHERE kind = l.kind AND value = l.value AND status = 'ok') ORDER BY value",
            [text(kind)],
        )
        return [value for (value,) in rows if type(value) is str]

    def counts(self, kind: str) -> dict[str, int]:
        """Return the number of ok pictures that have each value of a kind, sorted by value."""
        rows = self._db.execute(
            f"SELECT {_VALUE}, count(*) FROM labels JOIN images ON images.id = image_id "
            f"WHERE kind = {TEXT} AND status = 'ok' GROUP BY value ORDER BY value",
            [text(kind)],
        )
        return dict(rows)

    def add(self, kind: str, values: Mapping[int, str]) -> None:
        """Add labels {id: value} of a kind to those there, in one transaction."""
        with transaction(self._db) as db:
            add_labels(db, kind, values)

    def replace(self, kind: str, values: Mapping[int, str]) -> None:
        """Make {id: value} the only labels of a kind, in one transaction."""
        with transaction(self._db) as db:
            db.execute(f"DELETE FROM labels WHERE kind = {TEXT}", [text(kind)])
            add_labels(db, kind, values)

    def assign(self, kind: str, value: str, add: Ids, remove: Ids) -> None:
        """Give a label to some pictures and take it from others, in one transaction.

        Args:
            kind: of the label.
            value: of the label; where a picture has it in another normal form, it has it.
            add: ids, which become those of the label but for those in `remove`.
            remove: ids; one that lacks the label stays as it is.

        Raises:
            WrongValueError: an id of `add` is not that of an ok picture; nothing is changed.
        """
        with transaction(self._db) as db:
            there = self.ids(kind, value)
            new = np.setdiff1d(np.setdiff1d(add, remove), there)
            self._check_ok(new)
            spelled = [text(each) for each in self._spellings(kind, value)]
            db.executemany(
                f"DELETE FROM labels WHERE image_id = ? AND kind = {TEXT} AND value = {TEXT}",
                (
                    (image_id, text(kind), each)
                    for image_id in np.intersect1d(there, remove).tolist()
                    for each in spelled
                ),
            )
            add_labels(db, kind, dict.fromkeys(new.tolist(), value))

    def _check_ok(self, ids: Ids) -> None:
        for chunk in chunks(ids.tolist()):
            marks = ", ".join("?" * len(chunk))
            query = f"SELECT id FROM images WHERE id IN ({marks}) AND status = 'ok'"
            ok = {image_id for (image_id,) in self._db.execute(query, chunk)}
            if absent := [i for i in chunk if i not in ok]:
                raise WrongValueError(f"no picture of the collection has the id {absent[0]}")

    def rename(self, kind: str, value: str, new: str | None) -> int:
        """Change a value of a kind for all pictures, in one transaction; None deletes the label.

        Returns:
            The number of pictures that had it, of any status.
        """
        with transaction(self._db) as db:
            ids = self.ids(kind, value).tolist()
            for each in self._spellings(kind, value):
                query = f"DELETE FROM labels WHERE kind = {TEXT} AND value = {TEXT}"
                db.execute(query, [text(kind), text(each)])
            if new is not None:
                add_labels(db, kind, dict.fromkeys(ids, new))
        return len(ids)

    def change(self, kind: str, gone: Sequence[tuple[int, str]], new: Mapping[int, str]) -> None:
        """Delete some labels (image id, value) of a kind and add others, in one transaction."""
        with transaction(self._db) as db:
            db.executemany(
                f"DELETE FROM labels WHERE image_id = ? AND kind = {TEXT} AND value = {TEXT}",
                [(image_id, text(kind), text(value)) for image_id, value in gone],
            )
            add_labels(db, kind, new)


def add_labels(db: sqlite3.Connection, kind: str, values: Mapping[int, str]) -> None:
    """Insert labels {id: value} of a kind, within the caller's transaction; known ones stay."""
    db.executemany(
        f"INSERT OR IGNORE INTO labels (image_id, kind, value) VALUES (?, ?, {TEXT})",
        [(int(i), kind, text(value)) for i, value in values.items()],
    )
