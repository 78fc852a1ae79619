"""A rescan: what folders hold now against what the catalogue knows of them."""

from collections import deque
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from itertools import combinations
from pathlib import Path

from imgrec.catalog import Catalog, Entry, add_labels
from imgrec.errors import PictureError, StoreError
from imgrec.images import digest, read_file
from imgrec.names import TEXT, text
from imgrec.walk import FoundFile, Walk

DigestOf = Callable[[FoundFile], str | None]


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
    walks: Mapping[str, Walk],
    digest_of: DigestOf,
) -> Changes:
    """Return what a scan of some roots changes.

    Args:
        here: the rows of these roots that are not missing.
        away: rows whose pictures may have come here: those missing, those of roots that went.
        walks: what each root holds.
        digest_of: the content digest of a file, None when it cannot be read. Asked only where
            size and time leave the answer open.
    """
    rows = {(row.root, row.path): row for row in here}
    files = {(file.root, file.path): file for found in walks.values() for file in found.files}
    arrived = [file for place, file in files.items() if place not in rows]
    left, touched = [], []
    for place, row in rows.items():
        file = files.get(place)
        if file is None:
            if not _is_under(row.path, walks[row.root].unreadable):
                left.append(row)
        elif (file.size, file.mtime_ns) != (row.size, row.mtime_ns):
            content = digest_of(file) if row.digest and file.size == row.size else ""
            if content == row.digest:
                touched.append((row, file))
            elif content is not None:  # a file that cannot be read now stays as it is
                left.append(row)
                arrived.append(file)
    matched, new = _match(arrived, [*left, *away], digest_of)
    back = {row.id for row, _ in matched}
    gone = [row for row in left if row.id not in back]
    return Changes(
        new=new,
        revived=[*touched, *matched],
        gone=gone,
        changed=sum((row.root, row.path) in files for row in gone),
        moved=sum((row.root, row.path) != (file.root, file.path) for row, file in matched),
    )


def _match(
    arrived: Iterable[FoundFile], candidates: Iterable[Entry], digest_of: DigestOf
) -> tuple[list[tuple[Entry, FoundFile]], list[FoundFile]]:
    """Give each arrived file the row of the same content, the oldest first; return the rest too.

    A missing row of the same place, size and time is taken for the same unread.
    """
    by_place: dict[tuple[str, str, int, int], Entry] = {}
    by_content: dict[tuple[int, str], deque[Entry]] = {}
    for row in sorted(candidates, key=lambda row: row.id):
        if row.status == "missing":
            by_place[row.root, row.path, row.size, row.mtime_ns] = row
        if row.digest:
            by_content.setdefault((row.size, row.digest), deque()).append(row)
    sizes = {size for size, _ in by_content}
    taken: set[int] = set()
    matched, new = [], []
    for file in sorted(arrived, key=lambda file: (file.root, file.path)):
        found = by_place.get((file.root, file.path, file.size, file.mtime_ns))
        if (found is None or found.id in taken) and file.size in sizes:
            rows = by_content.get((file.size, digest_of(file) or ""), deque())
            while rows and rows[0].id in taken:
                rows.popleft()
            found = rows[0] if rows else None
        if found is None or found.id in taken:
            new.append(file)
        else:
            taken.add(found.id)
            matched.append((found, file))
    return matched, new


def apply(catalog: Catalog, changes: Changes) -> None:
    """Write what a scan changes to the catalogue, in one transaction."""
    with catalog.transaction() as db:
        leaving = [*changes.gone, *(row for row, _ in changes.revived)]
        db.executemany(
            "UPDATE images SET status = 'missing' WHERE id = ?", [(row.id,) for row in leaving]
        )
        root_id = cache(lambda root: _root_id(catalog, root))
        folders = {}
        for row, file in changes.revived:
            status = "failed" if row.reason else "ok" if row.digest else "new"
            place = [root_id(file.root), text(file.path), file.size, file.mtime_ns]
            db.execute(
                f"UPDATE images SET root_id = ?, path = {TEXT}, size = ?, mtime_ns = ?, status = ? "
                "WHERE id = ?",
                [*place, status, row.id],
            )
            db.execute("DELETE FROM labels WHERE image_id = ? AND kind = 'folder'", [row.id])
            folders[row.id] = folder_label(file)
        for file in changes.new:
            place = [root_id(file.root), text(file.path), file.size, file.mtime_ns]
            cursor = db.execute(
                "INSERT INTO images (root_id, path, size, mtime_ns, status) "
                f"VALUES (?, {TEXT}, ?, ?, 'new')",
                place,
            )
            folders[int(cursor.lastrowid or 0)] = folder_label(file)
        add_labels(db, "folder", folders)


def scan(catalog: Catalog, walks: Mapping[Path, Walk]) -> Changes:
    """Bring the catalogue up to date with what some roots hold.

    Raises:
        StoreError: a root lies inside another one, named or known; nothing is changed then.
    """
    held = {root: catalog.entries_under(root) for root in catalog.roots()}
    _check_overlap(walks, [Path(root) for root, rows in held.items() if rows])
    named = {str(root): found for root, found in walks.items()}
    here = [row for root, rows in held.items() if root in named for row in rows]
    away = catalog.entries_with("missing")
    for root, rows in held.items():
        if root not in named and not Path(root).is_dir():
            away += rows
    changes = compare(here, away, named, cache(_digest))
    apply(catalog, changes)
    return changes


def leave_other_roots(catalog: Catalog, roots: Collection[Path]) -> int:
    """Make the pictures of all other roots missing; return how many. Naming a root revives them."""
    others = [root for root in catalog.roots() if Path(root) not in roots]
    gone = [row for root in others for row in catalog.entries_under(root)]
    apply(catalog, Changes(gone=gone))
    return len(gone)


def folder_label(file: FoundFile) -> str:
    """Return the name of the folder a picture lies in; the root's own at the top."""
    return Path(file.path).parent.name or Path(file.root).name


def _check_overlap(named: Iterable[Path], known: Iterable[Path]) -> None:
    for one, other in combinations(dict.fromkeys([*named, *known]), 2):
        if one.is_relative_to(other) or other.is_relative_to(one):
            raise StoreError(
                f"{one} and {other} overlap: name only the outer one, or leave the folders of "
                "before by --only, or take another --store"
            )


def _root_id(catalog: Catalog, root: str) -> int:
    insert = f"INSERT OR IGNORE INTO roots (path) VALUES ({TEXT})"
    catalog.db.execute(insert, [text(root)])
    return catalog.roots()[root]


def _is_under(path: str, folders: list[str]) -> bool:
    return any(path.startswith(folder + "/") for folder in folders)


def _digest(file: FoundFile) -> str | None:
    try:
        return digest(read_file(Path(file.root, file.path)))
    except PictureError:
        return None
