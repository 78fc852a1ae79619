"""The catalogue: which pictures there are, where they are and what is known of them."""

import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from imgrec import migrations
from imgrec.errors import StoreError
from imgrec.names import TEXT, text

Ids = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Entry:
    """A row of the catalogue.

    Attributes:
        id: stands for one content; never given again.
        root: the absolute folder the picture was found under.
        path: relative to `root`, with forward slashes.
        digest: of the content (`imgrec.images.digest`), None until it was read.
        width: of the upright picture in pixels, None until it was read; so too `height`.
        status: `new`, `ok`, `failed` or `missing`.
        reason: why it failed, one of `imgrec.images.REASONS`, else None.
    """

    id: int
    root: str
    path: str
    size: int
    mtime_ns: int
    digest: str | None
    width: int | None
    height: int | None
    format: str | None
    status: str
    reason: str | None

    @property
    def file(self) -> Path:
        """The absolute path of the picture file."""
        return Path(self.root, self.path)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What reading a file told: the columns that replace those of status `new`."""

    id: int
    status: str
    digest: str | None = None
    width: int | None = None
    height: int | None = None
    format: str | None = None
    reason: str | None = None


_COLUMNS = (
    "images.id, roots.path, images.path, size, mtime_ns, digest, "
    "width, height, format, status, reason"
)
_FROM = "FROM images JOIN roots ON roots.id = images.root_id"


class Catalog:
    """The SQLite file of a store."""

    def __init__(self, db: sqlite3.Connection, path: Path, *, immutable: bool = False) -> None:
        # Names on disk are bytes: what is not UTF-8 travels as surrogates, as in `os.fsdecode`.
        db.text_factory = lambda data: data.decode("utf-8", "surrogateescape")
        self.db = db
        self._path = path
        self._immutable = immutable
        self._opened = self._file_state()

    @classmethod
    def create(cls, path: Path) -> "Catalog":
        """Open a catalogue for writing; make or migrate it where needed."""
        db = sqlite3.connect(path, isolation_level=None, timeout=30.0)
        with _translated(path):
            db.execute("PRAGMA journal_mode = WAL")
            db.execute("PRAGMA synchronous = FULL")  # an id once given must not be given again
            migrations.migrate(db)
        return cls(db, path)

    @classmethod
    def open(cls, path: Path) -> "Catalog":
        """Open a catalogue for reading, also on a read-only disk.

        Raises:
            StoreError: there is none, it is damaged, or a newer imgrec made it.
        """
        if not path.is_file():
            raise StoreError(f"no catalogue at {path}: run python -m imgrec.index first")
        address, immutable = path.resolve().as_uri(), False
        with _translated(path):
            try:
                db = _connect(address + "?mode=ro")
            except sqlite3.OperationalError as error:
                log = path.with_name(path.name + "-wal")
                if log.is_file() and log.stat().st_size:
                    raise StoreError(
                        f"{path} has changes that are not folded in yet and cannot be read on a "
                        f"read-only disk ({error}): open the store once where it can be written"
                    ) from error
                db = _connect(address + "?mode=ro&immutable=1")  # no -shm file can be made here
                immutable = True
            migrations.check(db)
        return cls(db, path, immutable=immutable)

    def close(self) -> None:
        """Close the file; the last to close it also folds the write-ahead log into it."""
        self.db.close()

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """Run a block that is committed whole or not at all."""
        self.db.execute("BEGIN IMMEDIATE")
        try:
            yield self.db
        except BaseException:
            self.db.execute("ROLLBACK")
            raise
        self.db.execute("COMMIT")

    def ids(self, *statuses: str) -> Ids:
        """Return the ascending ids of the pictures of these statuses."""
        marks = ", ".join("?" * len(statuses))
        rows = self.db.execute(
            f"SELECT id FROM images WHERE status IN ({marks}) ORDER BY id", statuses
        )
        return np.fromiter((row[0] for row in rows), np.int64)

    def ids_not_ok(self) -> Ids:
        """Return the ascending ids that must not be shown; fast where nearly all are ok."""
        # The plus keeps SQLite from walking all pictures by id instead of the few of the index.
        rows = self.db.execute("SELECT id FROM images WHERE status != 'ok' ORDER BY +id")
        return np.fromiter((row[0] for row in rows), np.int64)

    def ids_labelled(self, kind: str, value: str, tree: bool = False) -> Ids:
        """Return the ascending ids of the pictures with a label, whatever their status.

        Args:
            kind: of the label.
            value: of the label.
            tree: values are paths such as `3.1`; take those below this one too.
        """
        query = f"SELECT image_id AS id FROM labels WHERE kind = {TEXT} AND value"
        exactly, below = f"{query} = {TEXT}", f"{query} >= {TEXT} AND value < {TEXT}"
        if not tree:
            return self._joined_ids(exactly, text(kind), text(value))
        values = (text(kind), text(value), text(kind), *_range_below(value, "."))
        return self._joined_ids(f"{exactly} UNION ALL {below}", *values)

    def ids_under(self, root: str, folder: str = "") -> Ids:
        """Return the ascending ids that are not missing in a folder of a root, or all of it."""
        query = (
            f"SELECT id FROM images WHERE root_id = (SELECT id FROM roots WHERE path = {TEXT}) "
            "AND status != 'missing'"
        )
        if not folder:
            return self._joined_ids(query, text(root))
        within = f"{query} AND path >= {TEXT} AND path < {TEXT}"
        return self._joined_ids(within, text(root), *_range_below(folder, "/"))

    def _joined_ids(self, query: str, *values: bytes) -> Ids:
        # One text, as a row each takes three times as long; `np.unique` hashes, which is slower.
        (joined,) = self.db.execute(f"SELECT group_concat(id) FROM ({query})", values).fetchone()
        ids = np.sort(np.fromstring(joined, np.int64, sep=",")) if joined else np.empty(0, np.int64)
        return ids[np.diff(ids, prepend=0) > 0]

    def version(self) -> int:
        """Return a number that changes when another connection has changed the catalogue."""
        return int(self.db.execute("PRAGMA data_version").fetchone()[0])

    def is_outdated(self) -> bool:
        """Whether it must be opened again: another file has taken its place.

        Where no lock file can be written SQLite takes the file for one that never changes, so
        there any change of it counts.
        """
        return self._file_state() != self._opened

    def _file_state(self) -> tuple[int, ...]:
        log = self._path.with_name(self._path.name + "-wal")
        states = [path.stat() for path in (self._path, log) if path.exists()]
        if not self._immutable:
            return (states[0].st_ino,) if states else ()
        return tuple(value for s in states for value in (s.st_ino, s.st_mtime_ns, s.st_size))

    def last_id(self) -> int:
        """Return the largest id given so far, 0 for none."""
        return int(self.db.execute("SELECT coalesce(max(id), 0) FROM images").fetchone()[0])

    def reserve_ids(self, last: int) -> None:
        """Never give an id up to `last`, whatever this catalogue knows: rows of them exist."""
        with self.transaction() as db:
            db.execute(
                "INSERT INTO sqlite_sequence (name, seq) SELECT 'images', 0 "
                "WHERE NOT EXISTS (SELECT 1 FROM sqlite_sequence WHERE name = 'images')"
            )
            db.execute("UPDATE sqlite_sequence SET seq = max(seq, ?) WHERE name = 'images'", [last])

    def counts(self) -> dict[str, int]:
        """Return the number of pictures of each status, 0 included."""
        found = dict(self.db.execute("SELECT status, count(*) FROM images GROUP BY status"))
        return {status: found.get(status, 0) for status in ("new", "ok", "failed", "missing")}

    def failures(self) -> dict[str, int]:
        """Return the number of failed pictures by reason code, the most frequent first."""
        return dict(
            self.db.execute(
                "SELECT reason, count(*) FROM images WHERE status = 'failed' "
                "GROUP BY reason ORDER BY count(*) DESC, reason"
            )
        )

    def roots(self) -> dict[str, int]:
        """Return the absolute folders and their ids, in the order they were added."""
        return dict(self.db.execute("SELECT path, id FROM roots ORDER BY id"))

    def held_roots(self) -> list[str]:
        """Return the absolute folders that have pictures which are not missing."""
        rows = self.db.execute(
            "SELECT path FROM roots WHERE EXISTS (SELECT 1 FROM images WHERE root_id = roots.id "
            "AND status != 'missing') ORDER BY id"
        )
        return [path for (path,) in rows]

    def entries(self, ids: Iterable[int]) -> list[Entry]:
        """Return the rows of these ids, in this order.

        Raises:
            StoreError: an id is not in the catalogue.
        """
        wanted = [int(i) for i in ids]
        found: dict[int, Entry] = {}
        for chunk in _chunks(wanted):
            marks = ", ".join("?" * len(chunk))
            rows = self._entries(f"images.id IN ({marks})", *chunk)
            found.update((row.id, row) for row in rows)
        absent = [i for i in wanted if i not in found]
        if absent:
            raise StoreError(f"the catalogue has no picture {absent[0]} (of {len(absent)} asked)")
        return [found[i] for i in wanted]

    def entries_under(self, root: str) -> list[Entry]:
        """Return the rows of a root that are not missing, by ascending id."""
        return self._entries(f"roots.path = {TEXT} AND status != 'missing'", text(root))

    def entries_with(self, status: str) -> list[Entry]:
        """Return the rows of one status, by ascending id."""
        return self._entries("status = ?", status)

    def find_file(self, file: Path) -> Entry | None:
        """Return the ok picture at an absolute path, if its size and mtime are still the same."""
        try:
            state = file.stat()
        except OSError:
            return None
        where = (
            f"roots.path = {TEXT} AND images.path = {TEXT} "
            "AND status = 'ok' AND size = ? AND mtime_ns = ?"
        )
        for root in self.roots():
            if file.is_relative_to(root):
                place = (text(root), text(file.relative_to(root).as_posix()))
                found = self._entries(where, *place, state.st_size, state.st_mtime_ns)
                if found:
                    return found[0]
        return None

    def find_path(self, path: str) -> Entry | None:
        """Return the first ok picture at this path relative to its root."""
        return next(
            iter(self._entries(f"images.path = {TEXT} AND status = 'ok'", text(path))), None
        )

    def find_digest(self, digest: str) -> Entry | None:
        """Return the first ok picture with this content."""
        return next(iter(self._entries("digest = ? AND status = 'ok'", digest)), None)

    def _entries(self, where: str, *values: object) -> list[Entry]:
        query = f"SELECT {_COLUMNS} {_FROM} WHERE {where} ORDER BY images.id"
        return [Entry(*row) for row in self.db.execute(query, values)]

    def record(
        self, outcomes: Sequence[Outcome], labels: Mapping[str, Mapping[int, str]] | None = None
    ) -> None:
        """Write what reading told of some pictures, in one transaction.

        Args:
            outcomes: one for each picture.
            labels: {kind: {id: value}} of some of them, added to those there.
        """
        with self.transaction() as db:
            db.executemany(
                "UPDATE images SET status = ?, digest = ?, width = ?, height = ?, format = ?, "
                "reason = ? WHERE id = ?",
                [
                    (o.status, o.digest, o.width, o.height, o.format, o.reason, o.id)
                    for o in outcomes
                ],
            )
            for kind, values in (labels or {}).items():
                add_labels(db, kind, values)

    def forget_times(self, ids: Sequence[int]) -> None:
        """Make the next scan look at these pictures again, whatever their mtime says."""
        with self.transaction() as db:
            db.executemany("UPDATE images SET mtime_ns = -1 WHERE id = ?", [(i,) for i in ids])

    def retry_failed(self, reason: str | None = None) -> None:
        """Make failed pictures `new` again: those of one reason, or all."""
        where = "status = 'failed' AND reason = coalesce(?, reason)"
        with self.transaction() as db:
            db.execute(
                f"UPDATE images SET status = 'new', reason = NULL, digest = NULL WHERE {where}",
                [reason],
            )

    def labels(self, ids: Iterable[int]) -> dict[int, dict[str, str]]:
        """Return {id: {kind: value}}; several values of a kind are joined by a comma."""
        found: dict[int, dict[str, str]] = {int(i): {} for i in ids}
        for chunk in _chunks(list(found)):
            marks = ", ".join("?" * len(chunk))
            query = (
                f"SELECT image_id, kind, value FROM labels WHERE image_id IN ({marks}) "
                "ORDER BY image_id, kind, value"
            )
            for image_id, kind, value in self.db.execute(query, chunk):
                of_image = found[image_id]
                of_image[kind] = f"{of_image[kind]}, {value}" if kind in of_image else value
        return found

    def label_kinds(self) -> list[str]:
        """Return the kinds of label that ok pictures have, in order."""
        # Jumps from kind to kind in the index: DISTINCT would read all of it.
        rows = self.db.execute(
            "WITH RECURSIVE kinds (kind) AS (SELECT min(kind) FROM labels UNION ALL "
            "SELECT (SELECT min(kind) FROM labels WHERE kind > kinds.kind) FROM kinds "
            "WHERE kind IS NOT NULL) SELECT kind FROM kinds WHERE EXISTS (SELECT 1 FROM labels "
            "JOIN images ON images.id = image_id WHERE labels.kind = kinds.kind AND status = 'ok')"
        )
        return [kind for (kind,) in rows]

    def label_values(self, kind: str) -> list[str]:
        """Return the values of a kind that ok pictures have, in order."""
        rows = self.db.execute(
            f"SELECT value FROM (SELECT DISTINCT kind, value FROM labels WHERE kind = {TEXT}) AS l "
            "WHERE EXISTS (SELECT 1 FROM labels JOIN images ON images.id = image_id "
            "WHERE kind = l.kind AND value = l.value AND status = 'ok') ORDER BY value",
            [text(kind)],
        )
        return [value for (value,) in rows]

    def top_folders(self, most: int) -> list[str]:
        """Return the first names of the folders that ok pictures lie in below their roots."""
        # As bytes: the letters of a name that is not UTF-8 are not counted alike everywhere.
        first = "substr(CAST(path AS BLOB), 1, instr(CAST(path AS BLOB), x'2f') - 1)"
        rows = self.db.execute(
            f"SELECT DISTINCT CAST({first} AS TEXT) AS name FROM images "
            "WHERE status = 'ok' AND instr(path, '/') ORDER BY name LIMIT ?",
            [most],
        )
        return [name for (name,) in rows]

    def add_labels(self, kind: str, values: Mapping[int, str]) -> None:
        """Add labels of a kind to those there, in one transaction."""
        with self.transaction() as db:
            add_labels(db, kind, values)

    def replace_labels(self, kind: str, values: Mapping[int, str]) -> None:
        """Make these the only labels of a kind, in one transaction."""
        with self.transaction() as db:
            db.execute("DELETE FROM labels WHERE kind = ?", [kind])
            add_labels(db, kind, values)


def add_labels(db: sqlite3.Connection, kind: str, values: Mapping[int, str]) -> None:
    """Insert labels within a transaction of the caller's."""
    db.executemany(
        f"INSERT OR IGNORE INTO labels (image_id, kind, value) VALUES (?, ?, {TEXT})",
        [(int(i), kind, text(value)) for i, value in values.items()],
    )


def _range_below(name: str, separator: str) -> tuple[bytes, bytes]:
    """Return the bounds of what begins with a name and a separator; the upper one is outside."""
    return text(name + separator), text(name + chr(ord(separator) + 1))


def _connect(address: str) -> sqlite3.Connection:
    db = sqlite3.connect(address, uri=True, isolation_level=None, check_same_thread=False)
    try:
        db.execute("SELECT count(*) FROM roots").fetchone()
    except sqlite3.Error:
        db.close()
        raise
    return db


def _chunks(values: list[int], size: int = 900) -> Iterator[list[int]]:
    return (values[start : start + size] for start in range(0, len(values), size))


@contextmanager
def _translated(path: Path) -> Iterator[None]:
    try:
        yield
    except sqlite3.OperationalError as error:
        raise StoreError(f"the catalogue {path} cannot be opened ({error})") from error
    except sqlite3.DatabaseError as error:
        raise StoreError(
            f"the catalogue {path} is damaged ({error}): restore it, or delete the store folder"
        ) from error
