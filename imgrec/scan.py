"""A rescan: what a folder holds now against what the catalogue knows of it."""

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from imgrec.catalog import Catalog, Entry, add_labels
from imgrec.errors import PictureError, StoreError
from imgrec.images import digest, read_file
from imgrec.names import TEXT, text
from imgrec.walk import FoundFile, Walk


@dataclass
class Changes:
    """What a scan will write to the catalogue.

    Attributes:
        new: files that get a new id.
        revived: (row, file) where a row keeps its id and takes the file's place.
        gone: rows that become `missing`.
        changed: how many of `gone` have other content now, at the same place.
        moved: how many of `revived` stand at another place than before.
    """

    new: list[FoundFile] = field(default_factory=list)
    revived: list[tuple[Entry, FoundFile]] = field(default_factory=list)
    gone: list[Entry] = field(default_factory=list)
    changed: int = 0
    moved: int = 0


def compare(
    here: Iterable[Entry],
    away: Iterable[Entry],
    found: Walk,
    digest_of: Callable[[str], str | None],
) -> Changes:
    """Return what a scan of one root changes.

    Args:
        here: the rows of this root that are not missing.
        away: the missing rows of every root.
        found: what the folder holds.
        digest_of: the content digest of a file by its path; None when it cannot be read.
            Asked only where size and time leave the answer open.
    """
    changes = Changes()
    rows = {row.path: row for row in here}
    files = {file.path: file for file in found.files}
    arrived = [file for file in found.files if file.path not in rows]
    left = []
    for path, row in rows.items():
        file = files.get(path)
        if file is None:
            if not _is_under(path, found.unreadable):
                left.append(row)
        elif (file.size, file.mtime_ns) != (row.size, row.mtime_ns):
            if row.digest and file.size == row.size and digest_of(path) == row.digest:
                changes.revived.append((row, file))
            else:
                left.append(row)
                arrived.append(file)
                changes.changed += 1
    _match(changes, sorted(arrived, key=lambda file: file.path), [*left, *away], digest_of)
    back = {row.id for row, _ in changes.revived}
    changes.gone = [row for row in left if row.id not in back]
    return changes


def _match(
    changes: Changes,
    arrived: list[FoundFile],
    candidates: list[Entry],
    digest_of: Callable[[str], str | None],
) -> None:
    """Give each arrived file the row of the same content, the oldest first, or a new one."""
    by_size: dict[int, list[Entry]] = {}
    for row in sorted(candidates, key=lambda row: row.id):
        if row.digest:
            by_size.setdefault(row.size, []).append(row)
    for file in arrived:
        of_size = by_size.get(file.size, [])
        found = _same_content(of_size, file, digest_of)
        if found is None:
            changes.new.append(file)
        else:
            of_size.remove(found)
            changes.revived.append((found, file))
            changes.moved += found.path != file.path


def _same_content(
    rows: list[Entry], file: FoundFile, digest_of: Callable[[str], str | None]
) -> Entry | None:
    for row in rows:
        if row.status == "missing" and (row.path, row.mtime_ns) == (file.path, file.mtime_ns):
            return row
    content = digest_of(file.path) if rows else None
    return next((row for row in rows if row.digest == content), None)


def apply(catalog: Catalog, root: Path, changes: Changes) -> None:
    """Write what a scan changes to the catalogue, in one transaction."""
    with catalog.transaction() as db:
        root_id = _root_id(catalog, root)
        leaving = [*changes.gone, *(row for row, _ in changes.revived)]
        db.executemany(
            "UPDATE images SET status = 'missing' WHERE id = ?", [(row.id,) for row in leaving]
        )
        folders = {}
        for row, file in changes.revived:
            status = "failed" if row.reason else "ok" if row.digest else "new"
            place = [root_id, text(file.path), file.size, file.mtime_ns]
            db.execute(
                f"UPDATE images SET root_id = ?, path = {TEXT}, size = ?, mtime_ns = ?, status = ? "
                "WHERE id = ?",
                [*place, status, row.id],
            )
            db.execute("DELETE FROM labels WHERE image_id = ? AND kind = 'folder'", [row.id])
            folders[row.id] = folder_label(root, file.path)
        for file in changes.new:
            place = [root_id, text(file.path), file.size, file.mtime_ns]
            cursor = db.execute(
                "INSERT INTO images (root_id, path, size, mtime_ns, status) "
                f"VALUES (?, {TEXT}, ?, ?, 'new')",
                place,
            )
            folders[int(cursor.lastrowid or 0)] = folder_label(root, file.path)
        add_labels(db, "folder", folders)


def scan(catalog: Catalog, root: Path, found: Walk) -> Changes:
    """Bring the catalogue up to date with what one root holds.

    Raises:
        StoreError: the root lies inside another one of this catalogue, or holds one; nothing
            is changed then.
    """
    _check_overlap(catalog, root)
    here, away = catalog.entries_under(str(root)), catalog.entries_with("missing")
    changes = compare(here, away, found, partial(_digest, root))
    apply(catalog, root, changes)
    return changes


def leave_other_roots(catalog: Catalog, roots: Collection[Path]) -> int:
    """Make the pictures of all other roots missing; return how many. Naming a root revives them."""
    count = 0
    for root in catalog.roots():
        if Path(root) not in roots:
            gone = catalog.entries_under(root)
            apply(catalog, Path(root), Changes(gone=gone))
            count += len(gone)
    return count


def folder_label(root: Path, path: str) -> str:
    """Return the name of the folder a picture lies in; the root's own at the top."""
    return Path(path).parent.name or root.name


def _check_overlap(catalog: Catalog, root: Path) -> None:
    for known in map(Path, catalog.roots()):
        overlap = known.is_relative_to(root) or root.is_relative_to(known)
        if known != root and overlap and catalog.entries_under(str(known)):
            raise StoreError(
                f"{root} and {known}, which this store holds already, overlap: "
                "name only the outer one, with another --store"
            )


def _root_id(catalog: Catalog, root: Path) -> int:
    insert = f"INSERT OR IGNORE INTO roots (path) VALUES ({TEXT})"
    catalog.db.execute(insert, [text(str(root))])
    return catalog.roots()[str(root)]


def _is_under(path: str, folders: list[str]) -> bool:
    return any(path.startswith(folder + "/") for folder in folders)


def _digest(root: Path, path: str) -> str | None:
    try:
        return digest(read_file(root / path))
    except PictureError:
        return None
