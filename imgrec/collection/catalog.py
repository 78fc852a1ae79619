"""The catalog: one row a picture, in SQLite.

Invariant: an id stands for one content. A file that changes gets a new row with a new id, one
that moves keeps its id, and an id that was given is never given again. So whatever is stored
under an id elsewhere (vectors, thumbnails, labels) stays true.

`catalog.labels` reads and writes what stages found out about pictures; `catalog.totals` counts.
"""

import sqlite3
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from imgrec.collection.connection import Connection
from imgrec.collection.dense_ids import dense_ids
from imgrec.collection.labels import Labels
from imgrec.collection.metadata import MetadataTable
from imgrec.collection.names import COMPOSED
from imgrec.collection.rows import Entry, Ids, Place, entry_of, place_of
from imgrec.collection.selections import chunks, marks_for, prefix_range, select_ids
from imgrec.collection.totals import Totals
from imgrec.collection.transaction import transaction
from imgrec.errors import StoreError
from imgrec.sources.source import Listed
from imgrec.system.file_names import TEXT, composed, text

_COLUMNS = (
    "images.id, roots.path, images.path, images.size, images.mtime_ns, digest, "
    "width, height, format, status, reason, images.token, detail"
)
_WIDTH = len(fields(Entry))
_FROM = "FROM images JOIN roots ON roots.id = images.root_id"


class Catalog:
    """The SQLite catalog of a store.

    `db` is only for modules of this folder. Where the catalog is open for reading, each thread has
    a connection of its own, in autocommit mode.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    @classmethod
    def create(cls, path: Path) -> "Catalog":
        """Open a catalog for writing; create or migrate it as needed.

        Raises:
            StoreError: it is damaged or locked, or has a newer schema.
        """
        return cls(Connection.create(path))

    @classmethod
    def open(cls, path: Path) -> "Catalog":
        """Open a catalog for reading, also on a read-only disk.

        Raises:
            StoreError: there is none, it is damaged, or has a newer schema.
        """
        return cls(Connection.open(path))

    @property
    def db(self) -> sqlite3.Connection:
        """The connection, of this thread where the catalog is open for reading."""
        return self._connection.own()

    @property
    def labels(self) -> Labels:
        """The labels of the pictures."""
        return Labels(self.db)

    @property
    def metadata(self) -> MetadataTable:
        """What the files of the pictures say of themselves."""
        return MetadataTable(self.db)

    @property
    def totals(self) -> Totals:
        """Counts and sums over the rows."""
        return Totals(self.db)

    def close(self) -> None:
        """Close the connection; the last one to close merges the write-ahead log into the file."""
        self._connection.close()

    def one_state(self) -> AbstractContextManager[object]:
        """Let this thread read one state while a block runs, whatever others commit meanwhile."""
        return self._connection.one_state()

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """Run a block as one atomic transaction; any exception rolls it back."""
        with transaction(self.db) as db:
            yield db

    def ids(self, *statuses: str) -> Ids:
        """Return the ascending ids of the pictures of these statuses."""
        marks = ", ".join("?" * len(statuses))
        if "ok" in statuses:
            counted = dense_ids(self.db, f"status NOT IN ({marks})", statuses)
            if counted is not None:
                return counted
        # Without ok, lets SQLite use the partial index of the few and sort, not scan all by id.
        few = "" if "ok" in statuses else "AND status != 'ok' "
        order = "+id" if few else "id"
        rows = self.db.execute(
            f"SELECT id FROM images WHERE status IN ({marks}) {few}ORDER BY {order}", statuses
        )
        return np.fromiter((row[0] for row in rows), np.int64)

    def ids_ending(self, suffixes: Sequence[str], *statuses: str) -> Ids:
        """Return the ascending ids of the pictures of these statuses with one of some suffixes.

        Upper and lower case of ASCII are the same.
        """
        # LIKE takes upper and lower case for the same.
        like = " OR ".join("path LIKE ?" for _ in suffixes)
        marks = ", ".join("?" * len(statuses))
        rows = self.db.execute(
            f"SELECT id FROM images WHERE status IN ({marks}) AND ({like}) ORDER BY id",
            [*statuses, *(f"%{suffix}" for suffix in suffixes)],
        )
        return np.fromiter((row[0] for row in rows), np.int64)

    def ids_not_ok(self) -> Ids:
        """Return the ascending ids of the pictures that are not ok; fast where nearly all are."""
        # `+id` makes SQLite use the partial index of the few and sort, not scan all by id.
        rows = self.db.execute("SELECT id FROM images WHERE status != 'ok' ORDER BY +id")
        return np.fromiter((row[0] for row in rows), np.int64)

    def ids_under(self, root: str, folder: str = "") -> Ids:
        """Return the ascending ids of the pictures of the collection in a folder of a root.

        Args:
            root: its absolute path.
            folder: relative to the root; "" for all of it.
        """
        query = (
            f"SELECT id FROM images WHERE root_id = (SELECT id FROM roots WHERE path = {TEXT}) "
            "AND status != 'missing' AND status != 'left-out'"
        )
        if not folder:
            return select_ids(self.db, query, text(root))
        column, name = "path", folder
        if not folder.isascii():
            # Names in NFC and NFD are one name.
            column, name = COMPOSED.format("path"), composed(folder)
        within = f"{query} AND {column} >= {TEXT} AND {column} < {TEXT}"
        return select_ids(self.db, within, text(root), *prefix_range(name, "/"))

    def paths_of(self, root: str) -> Iterator[tuple[int, str]]:
        """Yield id and path of the pictures of the collection in a root."""
        yield from self.db.execute(
            f"SELECT id, path FROM images WHERE root_id = (SELECT id FROM roots WHERE path = {TEXT}"
            ") AND status != 'missing' AND status != 'left-out'",
            [text(root)],
        )

    def ids_by_path(self, root: str) -> Ids:
        """Return the ids of the pictures of the collection in a root, by path."""
        rows = self.db.execute(
            f"SELECT id FROM images WHERE root_id = (SELECT id FROM roots WHERE path = {TEXT}"
            ") AND status != 'missing' AND status != 'left-out' ORDER BY path",
            [text(root)],
        )
        return np.fromiter((row[0] for row in rows), np.int64)

    def version(self) -> int:
        """Return a token that changes when another connection commits to the catalog."""
        return self._connection.version()

    def is_outdated(self) -> bool:
        """True if this connection is stale and the catalog must be opened again."""
        return self._connection.is_outdated()

    def last_id(self) -> int:
        """Return the largest id of a picture, 0 for none."""
        return int(self.db.execute("SELECT coalesce(max(id), 0) FROM images").fetchone()[0])

    def last_given_id(self) -> int:
        """Return the largest id ever given or reserved, 0 for none."""
        query = "SELECT seq FROM sqlite_sequence WHERE name = 'images'"
        return int((self.db.execute(query).fetchone() or [0])[0])

    def reserve_ids(self, last: int) -> None:
        """Never give an id up to `last` to a new picture; parts may hold rows of such ids."""
        with self.transaction() as db:
            db.execute(
                "INSERT INTO sqlite_sequence (name, seq) SELECT 'images', 0 "
                "WHERE NOT EXISTS (SELECT 1 FROM sqlite_sequence WHERE name = 'images')"
            )
            db.execute("UPDATE sqlite_sequence SET seq = max(seq, ?) WHERE name = 'images'", [last])

    def roots(self) -> dict[str, int]:
        """Return {absolute path: id} of the roots, in the order they were added."""
        return dict(self.db.execute("SELECT path, id FROM roots ORDER BY id"))

    def held_roots(self) -> list[str]:
        """Return the absolute paths of the roots that have pictures of the collection."""
        rows = self.db.execute(
            "SELECT path FROM roots WHERE EXISTS (SELECT 1 FROM images WHERE root_id = roots.id "
            "AND status != 'missing' AND status != 'left-out') ORDER BY id"
        )
        return [path for (path,) in rows]

    def left_out_roots(self) -> list[str]:
        """Return the absolute paths of the roots that have pictures which are left out."""
        # `!= 'ok'` lets SQLite take the partial index of the few.
        rows = self.db.execute(
            "SELECT path FROM roots WHERE id IN (SELECT root_id FROM images "
            "WHERE status = 'left-out' AND status != 'ok') ORDER BY id"
        )
        return [path for (path,) in rows]

    def entries(self, ids: Iterable[int]) -> list[Entry]:
        """Return the rows of these ids, in this order.

        Raises:
            StoreError: an id is not in the catalog.
        """
        wanted = [int(i) for i in ids]
        found: dict[int, Entry] = {}
        for chunk in chunks(wanted):
            rows = self._entries(f"images.id IN ({marks_for(len(chunk))})", *chunk)
            found.update((row.id, row) for row in rows)
        _check_found(wanted, found)
        return [found[i] for i in wanted]

    def places(self, ids: Sequence[int]) -> list[Place]:
        """Return where the pictures of these ids are, in this order.

        As `entries`, of fewer columns.

        Raises:
            StoreError: an id is not in the catalog.
        """
        found: dict[int, Place] = {}
        for chunk in chunks([*ids]):
            query = (
                f"SELECT images.id, roots.path, images.path, status = 'missing' {_FROM} "
                f"WHERE images.id IN ({marks_for(len(chunk))})"
            )
            found.update((row[0], place_of(row)) for row in self.db.execute(query, chunk))
        _check_found(ids, found)
        return [found[i] for i in ids]

    def entries_with(self, status: str) -> Iterator[Entry]:
        """Yield the rows of one status, by root and path."""
        query = f"SELECT {_COLUMNS} {_FROM} WHERE status = ? ORDER BY roots.path, images.path"
        return (entry_of(row) for row in self.db.execute(query, [status]))

    def entries_warned(self) -> Iterator[Entry]:
        """Yield the ok pictures that have a warning about their file, by root and path."""
        query = (
            f"SELECT {_COLUMNS} {_FROM} WHERE status = 'ok' AND detail IS NOT NULL "
            "ORDER BY roots.path, images.path"
        )
        return (entry_of(row) for row in self.db.execute(query))

    def entries_away(self, sizes: Collection[int], roots: Collection[str]) -> list[Entry]:
        """Return rows by id, of files of these sizes, that are missing, left out or of these roots.

        These are the rows whose picture may have moved elsewhere.
        """
        marks = ", ".join([TEXT] * len(roots))
        rows = self.db.execute(
            f"SELECT {_COLUMNS} {_FROM} WHERE status IN ('missing', 'left-out') "
            f"OR roots.path IN ({marks}) ORDER BY images.id",
            [text(root) for root in roots],
        )
        return [entry_of(row) for row in rows if row[3] in sizes]

    def count_present(self, root: str) -> int:
        """Return how many pictures of a root are not missing."""
        query = (
            f"SELECT count(*) FROM images WHERE root_id = (SELECT id FROM roots WHERE path = {TEXT}"
            ") AND status != 'missing'"
        )
        return int(self.db.execute(query, [text(root)]).fetchone()[0])

    def entries_beside(
        self, columns: str, joined: str, where: str, values: Sequence[object]
    ) -> Iterator[tuple[Entry, tuple[Any, ...]]]:
        """Yield rows by ascending id, each with columns of a table joined to it.

        Args:
            columns: SQL of the columns of the other table.
            joined: SQL of the join.
            where: SQL of the condition.
            values: the parameters of the SQL, in order.
        """
        query = f"SELECT {_COLUMNS}, {columns} {_FROM} {joined} WHERE {where} ORDER BY images.id"
        for row in self.db.execute(query, values):
            yield entry_of(row[:_WIDTH]), row[_WIDTH:]

    def find_listed(self, root: str, listed: Listed) -> Entry | None:
        """Return the ok picture at a place of a source; None if unknown or it has changed.

        It has changed when its size, mtime or token differs from its row; a row whose token is not
        known yet is taken for unchanged.
        """
        where = (
            f"roots.path = {TEXT} AND images.path = {TEXT} AND status = 'ok' "
            "AND size = ? AND mtime_ns = ? AND token IN (?, '')"
        )
        version = listed.size, listed.mtime_ns, listed.token
        found = self._entries(where, text(root), text(listed.path), *version)
        return found[0] if found else None

    def find_path(self, path: str) -> Entry | None:
        """Return the ok picture at this path relative to its root, the one of the smallest id.

        A name in another normal form of Unicode (NFC, NFD) is the same name.
        """
        return self._find_named(path, "status = 'ok'")

    def find_outside(self, path: str) -> Entry | None:
        """Return a picture at this path that is not ok, the one of the largest id."""
        return self._find_named(path, "status != 'ok'", "DESC")

    def _find_named(self, path: str, where: str, order: str = "ASC") -> Entry | None:
        limit = f"ORDER BY images.id {order} LIMIT 1"
        for column, name in self._spellings(path):
            query = f"SELECT {_COLUMNS} {_FROM} WHERE {column} = {TEXT} AND {where} {limit}"
            row = self.db.execute(query, [text(name)]).fetchone()
            if row is not None:
                return entry_of(row)
        return None

    def _spellings(self, path: str) -> Iterator[tuple[str, str]]:
        """Yield SQL of a form of the paths, and the path in this form; as typed comes first."""
        yield "images.path", path
        # Each row is normalized, so only for names that have several forms.
        if not path.isascii():
            yield COMPOSED.format("images.path"), composed(path)

    def find_digest(self, digest: str) -> Entry | None:
        """Return the ok picture with this content digest, the one of the smallest id."""
        return next(iter(self._entries("digest = ? AND status = 'ok'", digest)), None)

    def entries_of(self, digest: str) -> list[Entry]:
        """Return all ok pictures with this content digest, by id."""
        return self._entries("digest = ? AND status = 'ok'", digest)

    def copies(self) -> dict[int, list[int]]:
        """Return {first id: ascending ids} of the ok pictures of each content that has several."""
        rows = self.db.execute(
            "SELECT digest, id FROM images WHERE status = 'ok' AND digest IN (SELECT digest FROM "
            "images WHERE status = 'ok' GROUP BY digest HAVING count(*) > 1) ORDER BY id"
        )
        by_digest: dict[str, list[int]] = {}
        for digest, image_id in rows:
            by_digest.setdefault(digest, []).append(image_id)
        return {ids[0]: ids for ids in by_digest.values()}

    def file_table(self) -> NDArray[np.int64]:
        """Return a table (n, 5) of the ok pictures by ascending id.

        Its columns are id, width, height (0 where unknown), bytes and mtime in nanoseconds.
        """
        numbers = "width", "height", "size", "mtime_ns"
        columns = ", ".join(f"CAST(coalesce({name}, 0) AS INTEGER)" for name in numbers)
        rows = self.db.execute(f"SELECT id, {columns} FROM images WHERE status = 'ok' ORDER BY id")
        return np.array(rows.fetchall(), np.int64).reshape(-1, 5)

    def _entries(self, where: str, *values: object) -> list[Entry]:
        query = f"SELECT {_COLUMNS} {_FROM} WHERE {where} ORDER BY images.id"
        return [entry_of(row) for row in self.db.execute(query, values)]

    def top_folders(self, most: int) -> list[str]:
        """Return up to `most` names of top-level folders that hold ok pictures, sorted."""
        # As bytes: SQLite versions differ in how they count characters that are not UTF-8.
        first = "substr(CAST(path AS BLOB), 1, instr(CAST(path AS BLOB), x'2f') - 1)"
        rows = self.db.execute(
            f"SELECT DISTINCT CAST({first} AS TEXT) AS name FROM images "
            "WHERE status = 'ok' AND instr(path, '/') ORDER BY name LIMIT ?",
            [most],
        )
        return [name for (name,) in rows]


def _check_found(wanted: Sequence[int], found: Collection[int]) -> None:
    """Check that the rows of all ids were found.

    Raises:
        StoreError: one is not in the catalog.
    """
    absent = [i for i in wanted if i not in found]
    if absent:
        raise StoreError(f"the catalog has no picture {absent[0]} (of {len(absent)} asked)")
