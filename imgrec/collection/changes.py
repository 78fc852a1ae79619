"""The changes between a catalog and what its sources list: computed, then written.

An id stands for one content. A file whose content is known keeps the id and thus its vectors,
wherever it is moved to; a file with new content gets a new id, and the old row becomes `missing`.
A file that is there and does not belong to the collection any more makes its row `left-out`.
Contents are compared by digest, which is read only where the version of a file (size, mtime,
token) leaves the answer open.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from imgrec.collection import Catalog, Entry, add_labels
from imgrec.collection.digests import Digests
from imgrec.collection.kinds import FOLDER
from imgrec.collection.matching import (
    Contents,
    DigestOf,
    Elsewhere,
    FoundFile,
    Pair,
    is_version,
    match,
)
from imgrec.collection.roots import add_roots
from imgrec.collection.rows import MOST_ID
from imgrec.errors import StoreError
from imgrec.sources.opening import source_of
from imgrec.system.file_names import TEXT, text


@dataclass
class Changes:
    """What a rescan will write to the catalog.

    Attributes:
        new: files that get a new id.
        revived: (row, file) pairs: the row keeps its id and takes the place of the file.
        gone: rows that become `missing`.
        left_out: rows that become `left-out`.
        changed: number of rows in `gone` whose place holds other content now.
        moved: number of pairs in `revived` whose place is not the one of before.
        returned: number of pairs in `revived` at their place whose row was missing or left out.
    """

    new: list[FoundFile] = field(default_factory=list)
    revived: list[Pair] = field(default_factory=list)
    gone: list[Entry] = field(default_factory=list)
    left_out: list[Entry] = field(default_factory=list)
    changed: int = 0
    moved: int = 0
    returned: int = 0


def compare(
    arrived: Sequence[FoundFile],
    left: Sequence[Entry],
    differing: Iterable[Pair],
    elsewhere: Elsewhere,
    digest_of: DigestOf,
) -> Changes:
    """Return the changes of a rescan; writes nothing.

    Args:
        arrived: files at places where the catalog has no row.
        left: rows whose file is gone from its place.
        differing: (row, file at its place) pairs of different versions, or of a row that was
            left out.
        elsewhere: the rows of other places whose picture may have moved here.
        digest_of: returns the content digest of a file, None if it cannot be read. Called only
            where the version leaves the answer open, once a file; of remote sources in threads.
    """
    contents, differing = Digests(digest_of), list(differing)
    contents.read(file for row, file in differing if _by_version(row, file) is None)
    arrived, left, touched, again = list(arrived), list(left), [], set()
    for row, file in differing:
        same = _is_same(row, file, contents)
        if same:
            touched.append((row, file))
        # A file that cannot be read now stays as it is.
        elif same is not None:
            left.append(row)
            arrived.append(file)
            again.add(row.id)
    matched, new = match(arrived, left, elsewhere, contents)
    back = {row.id for row, _ in matched}
    gone = [row for row in left if row.id not in back]
    moved = {row.id for row, file in matched if (row.root, row.path) != (file.root, file.path)}
    revived = [*touched, *matched]
    return Changes(
        new=new,
        revived=revived,
        gone=gone,
        changed=sum(row.id in again for row in gone),
        moved=len(moved),
        returned=sum(_was_away(row) and row.id not in moved for row, _ in revived),
    )


def _was_away(row: Entry) -> bool:
    return row.status in ("missing", "left-out")


def _is_same(row: Entry, file: FoundFile, contents: Contents) -> bool | None:
    """Return whether a file holds the picture of its row; None if it cannot be read."""
    told = _by_version(row, file)
    if told is not None:
        return told
    digest = contents(file)
    return None if digest is None else digest == row.digest


def _by_version(row: Entry, file: FoundFile) -> bool | None:
    """Return whether a file holds the picture of its row; None if only its content tells."""
    if row.status == "left-out" and is_version(row, file):
        return True
    return None if row.digest and file.size == row.size else False


def apply(catalog: Catalog, changes: Changes) -> None:
    """Write the changes of a rescan to the catalog, in one transaction.

    Raises:
        StoreError: too few ids are left for the new pictures; nothing is changed.
    """
    with catalog.transaction() as db:
        leaving = [*changes.gone, *(row for row, _ in changes.revived)]
        db.executemany(
            "UPDATE images SET status = 'missing' WHERE id = ?", ([row.id] for row in leaving)
        )
        db.executemany(
            "UPDATE images SET status = 'left-out' WHERE id = ?",
            ([row.id] for row in changes.left_out),
        )
        numbers = add_roots(catalog, {file.root for file in _placed(changes)})
        db.executemany(
            f"UPDATE images SET root_id = ?, path = {TEXT}, size = ?, mtime_ns = ?, "
            "token = ?, status = ? WHERE id = ?",
            ([*_place(numbers, file), _status(row), row.id] for row, file in changes.revived),
        )
        db.executemany(
            "DELETE FROM labels WHERE image_id = ? AND kind = ?",
            ([row.id, FOLDER] for row, _ in changes.revived),
        )
        first = catalog.last_given_id() + 1
        if changes.new and first + len(changes.new) - 1 > MOST_ID:
            raise StoreError(
                f"the store has given the ids up to {first - 1:,} of {MOST_ID:,}, too few are left "
                f"for {len(changes.new):,} new pictures: index them into another store"
            )
        db.executemany(
            "INSERT INTO images (root_id, path, size, mtime_ns, token, status, id) "
            f"VALUES (?, {TEXT}, ?, ?, ?, 'new', ?)",
            ([*_place(numbers, file), first + n] for n, file in enumerate(changes.new)),
        )
        folders = {row.id: folder_label(file) for row, file in changes.revived}
        folders |= {first + n: folder_label(file) for n, file in enumerate(changes.new)}
        add_labels(db, FOLDER, folders)


def folder_label(file: FoundFile) -> str:
    """Return the name of the folder that contains a picture; at the top, that of its source."""
    folder = file.path.rpartition("/")[0]
    return folder.rpartition("/")[2] or source_of(file.root).name


def _placed(changes: Changes) -> Iterator[FoundFile]:
    yield from changes.new
    yield from (file for _, file in changes.revived)


def _place(numbers: Mapping[str, int], file: FoundFile) -> list[object]:
    return [numbers[file.root], text(file.path), file.size, file.mtime_ns, file.token]


def _status(row: Entry) -> str:
    return "failed" if row.reason else "ok" if row.digest else "new"
