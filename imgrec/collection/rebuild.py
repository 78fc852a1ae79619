"""A catalog made again from what other files of the store say about its pictures.

Every vector and thumbnail belongs to an image id, so the invariant is: a picture comes back
under the id its rows have, and an id that has rows anywhere is never given to another picture.
"""

import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from imgrec.collection.catalog import Catalog
from imgrec.collection.changes import folder_label
from imgrec.collection.kinds import FOLDER
from imgrec.collection.labels import add_labels
from imgrec.collection.matching import FoundFile
from imgrec.collection.metadata import add_metadata
from imgrec.collection.rows import Ids
from imgrec.collection.schema import NOWHERE
from imgrec.pictures.metadata_names import Datum
from imgrec.system.file_names import TEXT, text

# id, number of the root, path, size, mtime_ns, digest, width, height, format, metadata
KnownPicture = tuple[int, int, str, int, int, str, int, int, str, tuple[Datum, ...]]


@dataclass(frozen=True)
class KnownRoot:
    """A root as the store remembers it outside the catalog.

    Attributes:
        number: its id in the catalog.
        path: absolute.
        held: it had pictures of the collection.
        left_out: it had none, but such as are left out of it.
    """

    number: int
    path: str
    held: bool
    left_out: bool = False


@dataclass(frozen=True)
class Rebuilt:
    """What a catalog was rebuilt with.

    Attributes:
        pictures: whose files are known.
        unknown: of which only the id is known.
    """

    pictures: int
    unknown: int


def rebuild(
    path: Path,
    roots: Sequence[KnownRoot],
    pictures: Iterable[KnownPicture],
    stored: Iterable[Ids],
) -> Rebuilt:
    """Write a new catalog in one transaction.

    Args:
        path: of the catalog; nothing is there yet.
        roots: known roots.
        pictures: known pictures; where an id occurs twice the later one counts, and where its
            root is not among the known ones it is passed over.
        stored: arrays of all ids that have rows in some part.
    """
    catalog = Catalog.create(path)
    try:
        with catalog.transaction() as db:
            db.executemany(
                f"INSERT INTO roots (id, path) VALUES (?, {TEXT})",
                ((root.number, text(root.path)) for root in roots),
            )
            _add_pictures(db, pictures, {root.number for root in roots})
            _add_unknown(db, stored)
            for root in roots:
                if root.held or root.left_out:
                    _revive(db, root)
            return Rebuilt(_count(db, "size >= 0"), _count(db, "size < 0"))
    finally:
        catalog.close()


def _add_pictures(
    db: sqlite3.Connection, pictures: Iterable[KnownPicture], numbers: set[int]
) -> None:
    """Add pictures with the status `missing`, and their metadata."""
    insert = (
        "INSERT OR REPLACE INTO images (id, root_id, path, size, mtime_ns, digest, width, "
        f"height, format, status) VALUES (?, ?, {TEXT}, ?, ?, ?, ?, ?, ?, 'missing')"
    )
    for image_id, root, path, *rest, metadata in pictures:
        if root in numbers:
            db.execute(insert, (image_id, root, text(path), *rest))
            add_metadata(db, image_id, metadata)


def _add_unknown(db: sqlite3.Connection, stored: Iterable[Ids]) -> None:
    """Add the other ids that have rows as missing pictures, so that nobody shows their rows."""
    db.execute(f"INSERT INTO roots (path) VALUES ({TEXT})", [text(NOWHERE)])
    (nowhere,) = db.execute("SELECT max(id) FROM roots").fetchone()
    for ids in stored:
        db.executemany(
            "INSERT OR IGNORE INTO images (id, root_id, path, size, mtime_ns, status) "
            "VALUES (?, ?, '', -1, -1, 'missing')",
            ((image_id, nowhere) for image_id in ids.tolist()),
        )
    if not _count(db, "size < 0"):
        db.execute("DELETE FROM roots WHERE id = ?", [nowhere])


def _revive(db: sqlite3.Connection, root: KnownRoot) -> None:
    """Make the newest picture at each place of a root ok, or left out as all of the root was.

    The rescan that follows makes those missing whose files are gone and leaves those out that its
    rules exclude; pictures of a root that is offline stay ok.
    """
    newest = "SELECT max(id) FROM images WHERE root_id = ? AND digest IS NOT NULL GROUP BY path"
    status = "ok" if root.held else "left-out"
    db.execute(f"UPDATE images SET status = '{status}' WHERE id IN ({newest})", [root.number])
    ok = "SELECT id, path FROM images WHERE root_id = ? AND status != 'missing'"
    folders = {
        image_id: folder_label(FoundFile(root.path, path, 0, 0))
        for image_id, path in db.execute(ok, [root.number])
    }
    add_labels(db, FOLDER, folders)


def _count(db: sqlite3.Connection, where: str) -> int:
    return int(db.execute(f"SELECT count(*) FROM images WHERE {where}").fetchone()[0])
