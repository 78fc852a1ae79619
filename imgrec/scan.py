"""A rescan: what folders hold now against what the catalogue knows of them.

Found files go into a table that SQLite keeps beside the catalogue, and it compares: what is as
it was is never made an object of, so that memory does not grow with it.
"""

import sqlite3
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cache
from itertools import combinations
from pathlib import Path

from imgrec.catalog import Catalog, Entry
from imgrec.changes import Changes, add_roots, apply, compare
from imgrec.errors import PictureError, StoreError
from imgrec.images import digest, read_file
from imgrec.names import TEXT, text
from imgrec.walk import FoundFile, RealPlaces, Walk, walk, why_offline


@dataclass(frozen=True)
class Scan:
    """What a scan did.

    Attributes:
        changes: written to the catalogue.
        walks: of the roots that were there to the end.
        offline: of the other roots, why they are left as they are.
    """

    changes: Changes
    walks: Mapping[str, Walk]
    offline: Mapping[str, str]


def scan(catalog: Catalog, roots: Sequence[Path], *, follow_links: bool = False) -> Scan:
    """Bring the catalogue up to date with what some roots hold.

    A root that is not there, is empty or goes away while it is walked is left as it is.

    Raises:
        StoreError: a root lies inside another one, named or known; nothing is changed then.
    """
    held = [Path(root) for root in catalog.held_roots()]
    _check_overlap(roots, held)
    places = RealPlaces([*roots, *held]) if follow_links else None
    numbers = add_roots(catalog, map(str, roots))
    walks: dict[str, Walk] = {}
    offline: dict[str, str] = {}
    with _found_table(catalog.db) as db:
        for root in roots:
            found = Walk(root)
            why = _collect(db, found, numbers[str(root)], places)
            if why:
                offline[str(root)] = why
            else:
                walks[str(root)] = found
        for root in held:
            why = None if str(root) in {*walks, *offline} else why_offline(root)
            if why:
                offline[str(root)] = why
        differing = _differing(catalog, [numbers[root] for root in walks])
        changes = compare(
            list(_arrived(catalog)),
            [row for row, file in differing if file is None and _was_looked_at(row, walks)],
            [(row, file) for row, file in differing if file is not None],
            lambda sizes: catalog.entries_away(sizes, offline),
            cache(_digest),
        )
    apply(catalog, changes)
    return Scan(changes, walks, offline)


def leave_other_roots(catalog: Catalog, roots: Collection[Path]) -> int:
    """Make the pictures of all other roots missing; return how many. Naming a root revives them."""
    others = [number for root, number in catalog.roots().items() if Path(root) not in roots]
    gone = 0
    with catalog.transaction() as db:
        for number in others:
            gone += db.execute(
                "UPDATE images SET status = 'missing' WHERE root_id = ? AND status != 'missing'",
                [number],
            ).rowcount
    return gone


def passed_over(found: Walk) -> list[str]:
    """Return a line for the user about each kind of thing that a walk passed over."""
    lines = []
    if found.links:
        links = "link was" if found.links == 1 else "links were"
        lines.append(f"{found.links} {links} not followed in {found.root} (--follow-links)")
    lines += [f"{found.root / f} was written by imgrec and is left out" for f in found.outputs]
    stay = "cannot be listed: its pictures stay as they are"
    return lines + [f"{found.root / folder} {stay}" for folder in found.unreadable]


def _check_overlap(named: Iterable[Path], known: Iterable[Path]) -> None:
    for one, other in combinations(dict.fromkeys([*named, *known]), 2):
        if one.is_relative_to(other) or other.is_relative_to(one):
            raise StoreError(
                f"{one} and {other} overlap: name only the outer one, or leave the folders of "
                "before by --only, or take another --store"
            )


@contextmanager
def _found_table(db: sqlite3.Connection) -> Iterator[sqlite3.Connection]:
    db.execute(
        "CREATE TEMP TABLE found (root_id INTEGER, path TEXT, size INTEGER, mtime_ns INTEGER, "
        "PRIMARY KEY (root_id, path)) WITHOUT ROWID"
    )
    try:
        yield db
    finally:
        with suppress(sqlite3.Error):  # it ends with the connection in any case
            db.execute("DROP TABLE found")


def _collect(
    db: sqlite3.Connection, found: Walk, number: int, places: RealPlaces | None
) -> str | None:
    """Put the files of a root into the table, or none and say why where it is not there."""
    before = _identity(found.root)
    why = why_offline(found.root)
    if why:
        return why
    insert = f"INSERT OR IGNORE INTO found VALUES (?, {TEXT}, ?, ?)"
    db.execute("BEGIN")
    try:
        files = ((number, text(f.path), f.size, f.mtime_ns) for f in walk(found, places))
        db.executemany(insert, files)
        why = why_offline(found.root)
        if not why and "." in found.unreadable:
            why = f"{found.root} cannot be listed"
        if not why and not found.files + found.others + found.links:
            why = f"{found.root} holds no files"
        if not why and _identity(found.root) != before:
            why = f"{found.root} went away while it was looked through"
    except BaseException:
        db.execute("ROLLBACK")
        raise
    db.execute("ROLLBACK" if why else "COMMIT")
    return why


def _identity(root: Path) -> tuple[int, int] | None:
    """Return what is another when another disk lies at the place."""
    try:
        state = root.stat()
    except OSError:
        return None
    return state.st_dev, state.st_ino


def _differing(catalog: Catalog, numbers: Sequence[int]) -> list[tuple[Entry, FoundFile | None]]:
    """Return the rows of roots that are not as the files at their places, by id."""
    marks = ", ".join("?" * len(numbers))
    rows = catalog.entries_beside(
        "found.size, found.mtime_ns",
        "LEFT JOIN temp.found ON found.root_id = images.root_id AND found.path = images.path",
        f"images.root_id IN ({marks}) AND status != 'missing' AND (found.size IS NULL "
        "OR found.size != images.size OR found.mtime_ns != images.mtime_ns)",
        numbers,
    )
    return [
        (row, None if size is None else FoundFile(row.root, row.path, size, mtime_ns))
        for row, (size, mtime_ns) in rows
    ]


def _arrived(catalog: Catalog) -> Iterator[FoundFile]:
    names = {number: root for root, number in catalog.roots().items()}
    rows = catalog.db.execute(
        "SELECT root_id, path, size, mtime_ns FROM temp.found WHERE NOT EXISTS "
        "(SELECT 1 FROM images WHERE images.root_id = found.root_id "
        "AND images.path = found.path AND status != 'missing')"
    )
    return (FoundFile(names[number], *file) for number, *file in rows)


def _was_looked_at(row: Entry, walks: Mapping[str, Walk]) -> bool:
    folders = walks[row.root].unreadable
    return not any(row.path.startswith(folder + "/") for folder in folders)


def _digest(file: FoundFile) -> str | None:
    try:
        return digest(read_file(Path(file.root, file.path)))
    except PictureError:
        return None
