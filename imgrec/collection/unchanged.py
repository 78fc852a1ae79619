"""Which of the listed files the catalog knows in this very version, told a chunk at a time.

Nearly all files of a rescan are unchanged, and what it does for each of them is what it costs. So a
chunk of listed files is compared with the rows at their places column by column, by operations that
loop in C: the rows between the first and the last path of the chunk are read, and where paths,
sizes, times and tokens of both are equal, all of the chunk is unchanged. Otherwise its files are
looked up among these rows.

Invariant: a file that is called unchanged has a row of the collection at its path, with its size,
time and token. One that is not may be so all the same, if too many other rows lie between those of
its chunk: all others are compared exactly (`imgrec.collection.found_table`), so how files are cut
into chunks, and the order in which they come, decide the cost and no answer.
"""

import sqlite3
from collections.abc import Generator, Iterable, Iterator, Sequence
from itertools import islice

import numpy as np

from imgrec.collection.rows import Ids
from imgrec.sources.columns import Columns
from imgrec.sources.links import RealPlaces
from imgrec.sources.source import FolderedSource, Listed, Listing, PictureSource
from imgrec.system.file_names import TEXT

# Files that are compared by one query, and rows that it may return beyond their number: of files
# that are gone, and of folders whose paths lie between.
_CHUNK, _BEYOND = 500, 100
# Pictures that take about a quarter of a second to walk, twice what it takes to start a process.
MANY = 50_000
_OF_COLLECTION = "root_id = ? AND status != 'missing' AND status != 'left-out'"
# Names may be no UTF-8, and bytes need no decoding.
_ROWS = (
    "SELECT CAST(path AS BLOB), size, mtime_ns, CAST(token AS BLOB), id FROM images "
    f"WHERE {_OF_COLLECTION} AND path >= {TEXT} AND path <= {TEXT} ORDER BY path LIMIT ?"
)

# Path, size, time and token of a listed file.
Row = tuple[bytes, int, int, bytes]


def chunks(
    source: PictureSource,
    found: Listing,
    links: RealPlaces | None = None,
    *,
    shared: bool = False,
) -> Generator[Columns]:
    """Yield the pictures of a source in chunks.

    Args:
        source: to be listed.
        found: as of `PictureSource.pictures`.
        links: as of `PictureSource.pictures`.
        shared: as of `FolderedSource.folders`.
    """
    if isinstance(source, FolderedSource):
        listed: Iterable[Columns] = source.folders(found, links, shared=shared)
    else:
        listed = _pieces(source.pictures(found, links))
    waiting: list[Columns] = []
    count = 0
    for columns in listed:
        for start in range(0, len(columns.paths), _CHUNK):
            waiting.append(columns.part(start, start + _CHUNK))
            count += len(waiting[-1].paths)
            if count >= _CHUNK:
                yield Columns.joined(waiting)
                waiting, count = [], 0
    if waiting:
        yield Columns.joined(waiting)


def unchanged(db: sqlite3.Connection, number: int, chunk: Columns) -> tuple[list[int], list[Row]]:
    """Return the ids of the rows whose files a chunk holds unchanged, and its other files.

    Args:
        db: of the catalog.
        number: of the root.
        chunk: of files of that root.
    """
    least, most = min(chunk.paths), max(chunk.paths)
    limit = 2 * len(chunk.paths) + _BEYOND
    rows = db.execute(_ROWS, (number, least, most, limit)).fetchall()
    if not rows:
        return [], list(zip(*chunk, strict=True))
    *columns, ids = map(list, zip(*rows, strict=True))
    if tuple(columns) == chunk:
        return ids, []
    known = {row[:4]: row[4] for row in rows}
    files = list(zip(*chunk, strict=True))
    same = [known[file] for file in files if file in known]
    return same, [file for file in files if file not in known]


def has_many(db: sqlite3.Connection, number: int) -> bool:
    """Return True if a root has so many pictures that it pays to start a process for its walk."""
    query = "SELECT 1 FROM images WHERE root_id = ? AND status != 'missing' LIMIT 1 OFFSET ?"
    return db.execute(query, [number, MANY]).fetchone() is not None


def rows_apart(db: sqlite3.Connection, number: int, same: Sequence[int], others: int) -> Ids:
    """Return the ids of the rows of a root that may differ from what is listed.

    Args:
        db: of the catalog.
        number: of the root.
        same: ids of the rows whose files are unchanged.
        others: number of files that were listed beside these.
    """
    known = np.sort(np.array(same, np.int64))
    distinct = len(known) - np.count_nonzero(known[1:] == known[:-1])
    count = f"SELECT count(*) FROM images NOT INDEXED WHERE {_OF_COLLECTION}"
    if not others and db.execute(count, [number]).fetchone()[0] == distinct:
        return known[:0]
    # Those that are left out among them.
    rows = db.execute("SELECT id FROM images WHERE root_id = ? AND status != 'missing'", [number])
    every = np.fromiter((row[0] for row in rows), np.int64)
    return every[np.isin(every, known, invert=True)]


def _pieces(listed: Iterator[Listed]) -> Iterator[Columns]:
    while files := list(islice(listed, _CHUNK)):
        yield Columns.of("", files)
