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
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

import numpy as np

from imgrec.collection.rows import Ids
from imgrec.sources.links import RealPlaces
from imgrec.sources.source import FolderedSource, Listed, Listing, PictureSource
from imgrec.system.file_names import TEXT, texts

# Files that are compared by one query, and rows that it may return beyond their number: of files
# that are gone, and of folders whose paths lie between.
_CHUNK, _BEYOND = 500, 100
_OF_COLLECTION = "root_id = ? AND status != 'missing' AND status != 'left-out'"
# Names may be no UTF-8, and bytes need no decoding.
_ROWS = (
    "SELECT CAST(path AS BLOB), size, mtime_ns, CAST(token AS BLOB), id FROM images "
    f"WHERE {_OF_COLLECTION} AND path >= {TEXT} AND path <= {TEXT} ORDER BY path LIMIT ?"
)

# Path, size, time and token of a listed file.
Row = tuple[bytes, int, int, bytes]


@dataclass(frozen=True)
class Chunk:
    """Listed files, as columns.

    Attributes:
        paths: within the source.
        sizes: in bytes.
        times: of the last modification, in nanoseconds since 1970.
        tokens: of their versions.
    """

    paths: list[bytes]
    sizes: list[int]
    times: list[int]
    tokens: list[bytes]

    def rows(self) -> Iterator[Row]:
        """Yield the files one by one."""
        return zip(self.paths, self.sizes, self.times, self.tokens, strict=True)


def chunks(
    source: PictureSource, found: Listing, links: RealPlaces | None = None
) -> Iterator[Chunk]:
    """Yield the pictures of a source in chunks; the arguments are those of its `pictures`."""
    if isinstance(source, FolderedSource):
        folders: Iterable[tuple[str, Sequence[Listed]]] = source.folders(found, links)
    else:
        folders = _pieces(source.pictures(found, links))
    columns: list[list[Any]] = [[], [], [], []]
    for prefix, files in folders:
        for start in range(0, len(files), _CHUNK):
            names, *versions = zip(*files[start : start + _CHUNK], strict=True)
            paths = [prefix + name for name in names] if prefix else names
            for column, values in zip(columns, (paths, *versions), strict=True):
                column += values
            if len(columns[0]) >= _CHUNK:
                yield _chunk(columns)
                columns = [[], [], [], []]
    if columns[0]:
        yield _chunk(columns)


def unchanged(db: sqlite3.Connection, number: int, chunk: Chunk) -> tuple[list[int], list[Row]]:
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
        return [], list(chunk.rows())
    paths, sizes, times, tokens, ids = map(list, zip(*rows, strict=True))
    if (paths, sizes, times, tokens) == (chunk.paths, chunk.sizes, chunk.times, chunk.tokens):
        return ids, []
    known = {row[:4]: row[4] for row in rows}
    files = list(chunk.rows())
    same = [known[file] for file in files if file in known]
    return same, [file for file in files if file not in known]


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


def _pieces(listed: Iterator[Listed]) -> Iterator[tuple[str, Sequence[Listed]]]:
    while files := list(islice(listed, _CHUNK)):
        yield "", files


def _chunk(columns: Sequence[list[Any]]) -> Chunk:
    paths, sizes, times, tokens = columns
    return Chunk(texts(paths), sizes, times, texts(tokens))
