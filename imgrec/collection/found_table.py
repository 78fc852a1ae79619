"""The listed files that are not unchanged, in a temporary table that SQLite joins with the catalog.

Most files are known in the version that is listed (`imgrec.collection.unchanged`), and go no
further. The others, and the rows that have no unchanged file, are compared exactly, in SQL. So the
memory of a rescan grows with the number of changes, and by the id of each file that is unchanged.
"""

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, contextmanager, suppress

from imgrec.collection import Catalog, Entry
from imgrec.collection.matching import FoundFile
from imgrec.collection.tokens import DIFFERENCE
from imgrec.collection.unchanged import chunks, has_many, rows_apart, unchanged
from imgrec.sources.columns import Columns
from imgrec.sources.links import RealPlaces
from imgrec.sources.source import Listing, PictureSource
from imgrec.system.file_names import TEXT


@contextmanager
def found_table(db: sqlite3.Connection) -> Iterator[None]:
    """Provide two empty temporary tables to a block and drop them afterwards.

    `found` takes the listed files that are not unchanged, `apart` the ids of the rows that may
    differ from what is listed.
    """
    db.execute(
        "CREATE TEMP TABLE found (root_id INTEGER, path TEXT, size INTEGER, mtime_ns INTEGER, "
        "token TEXT, PRIMARY KEY (root_id, path)) WITHOUT ROWID"
    )
    db.execute("CREATE TEMP TABLE apart (id INTEGER PRIMARY KEY)")
    try:
        yield
    finally:
        # Temporary tables end with the connection in any case.
        with suppress(sqlite3.Error):
            db.execute("DROP TABLE found")
            db.execute("DROP TABLE apart")
            db.execute("DROP TABLE IF EXISTS arrived")
            db.execute("DROP TABLE IF EXISTS differing")


def collect(
    db: sqlite3.Connection,
    source: PictureSource,
    number: int,
    found: Listing,
    links: RealPlaces | None,
    *,
    shared: bool = False,
) -> str | None:
    """Put what differs in the pictures of a source into the tables; None, or why it is offline.

    A source that is offline, or is replaced by another while it is listed, adds no row.

    Args:
        db: in which `found_table` is open.
        source: to be listed.
        number: of the source's root in the catalog.
        found: its rules say what is taken; updated with what is listed and skipped.
        links: where links may lead; None: they are not followed.
        shared: let a second process list too, where the source has many pictures and can be shared.
    """
    before = source.identity()
    why = source.why_offline()
    if why:
        return why
    db.execute("BEGIN")
    try:
        shared = shared and has_many(db, number)
        with closing(chunks(source, found, links, shared=shared)) as listed:
            _compare(db, number, listed)
        why = source.why_offline()
        if not why and "." in found.unreadable:
            why = f"{source.location()} cannot be listed"
        if not why and not found.seen:
            why = f"{source.location()} holds no files"
        if not why and source.identity() != before:
            why = f"{source.location()} went away while it was looked through"
    except BaseException:
        db.execute("ROLLBACK")
        raise
    db.execute("ROLLBACK" if why else "COMMIT")
    return why


def _compare(db: sqlite3.Connection, number: int, listed: Iterable[Columns]) -> None:
    insert = f"INSERT OR IGNORE INTO found VALUES ({number}, {TEXT}, ?, ?, {TEXT})"
    same: list[int] = []
    count = 0
    for chunk in listed:
        ids, others = unchanged(db, number, chunk)
        same += ids
        count += len(others)
        db.executemany(insert, others)
    apart = rows_apart(db, number, same, count)
    db.executemany("INSERT INTO apart VALUES (?)", ([image_id] for image_id in apart.tolist()))


def mark_differing(db: sqlite3.Connection, numbers: Sequence[int]) -> None:
    """Put the rows whose file is gone, or has another version, into the table `differing`.

    Rows that are left out belong there if a file is listed at their place, whatever its version:
    they belong to the collection again.

    Args:
        db: in which `found_table` is open.
        numbers: ids of the roots that were listed.
    """
    marks = ", ".join("?" * len(numbers))
    db.execute("DROP TABLE IF EXISTS temp.differing")
    db.execute(
        "CREATE TEMP TABLE differing (id INTEGER PRIMARY KEY, root_id INTEGER, what TEXT, "
        "left_out INTEGER, size INTEGER, mtime_ns INTEGER, token TEXT)"
    )
    db.execute(
        f"INSERT INTO temp.differing SELECT images.id, images.root_id, {DIFFERENCE}, "
        "status = 'left-out', found.size, found.mtime_ns, found.token "
        "FROM temp.apart CROSS JOIN images ON images.id = apart.id "
        "LEFT JOIN temp.found ON found.root_id = images.root_id AND found.path = images.path "
        f"WHERE images.root_id IN ({marks}) AND status != 'missing' AND CASE "
        "WHEN status = 'left-out' THEN found.size IS NOT NULL "
        "ELSE found.size IS NULL OR found.size != images.size "
        "OR found.mtime_ns != images.mtime_ns OR found.token != images.token END",
        numbers,
    )


def differing_rows(catalog: Catalog) -> list[tuple[Entry, FoundFile | None]]:
    """Return the rows of the table `differing`, by ascending id.

    Returns:
        (row, file at its place) pairs; the file is None where nothing is listed there.
    """
    rows = catalog.entries_beside(
        "d.size, d.mtime_ns, d.token", "JOIN temp.differing AS d ON d.id = images.id", "true", ()
    )
    return [
        (row, None if size is None else FoundFile(row.root, row.path, size, mtime_ns, token))
        for row, (size, mtime_ns, token) in rows
    ]


def arrived_files(catalog: Catalog) -> Iterator[FoundFile]:
    """Yield the listed files at places where the catalog has no row, by root and path.

    They are copied to a second temporary table first, so that the caller may write to the catalog
    while it iterates.
    """
    names = {number: root for root, number in catalog.roots().items()}
    catalog.db.execute(
        "CREATE TEMP TABLE arrived AS SELECT found.root_id, found.path, found.size, "
        "found.mtime_ns, found.token FROM temp.found "
        "JOIN roots ON roots.id = found.root_id WHERE NOT EXISTS "
        "(SELECT 1 FROM images WHERE images.root_id = found.root_id "
        "AND images.path = found.path AND status != 'missing') ORDER BY roots.path, found.path"
    )
    rows = catalog.db.execute("SELECT * FROM temp.arrived ORDER BY rowid")
    return (FoundFile(names[number], *file) for number, *file in rows)
