"""The rescan: brings the catalog up to date with what its sources list now.

    source.pictures() ──▶ found table ──▶ differing and arrived files ──▶ Changes ──▶ catalog

Invariant: pictures are marked missing only where their source was listed to the end and their file
is not there. One that is there and is not listed (an excluded folder, a link that is not followed)
is *left out*. A source that is absent, empty, or replaced while it is listed is *offline*, and its
rows stay as they are; so do the rows below a folder that could not be listed, and that of a file
whose size and time could not be read.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations, islice

from imgrec.collection import Catalog, Entry
from imgrec.collection.changes import Changes, apply, compare
from imgrec.collection.elsewhere import CatalogElsewhere, part_left
from imgrec.collection.found_table import (
    arrived_files,
    collect,
    differing_rows,
    found_table,
    mark_differing,
)
from imgrec.collection.matching import FoundFile
from imgrec.collection.roots import add_roots
from imgrec.collection.tokens import settle_tokens
from imgrec.errors import PictureError, StoreError
from imgrec.pictures.decoding import digest
from imgrec.sources.links import RealPlaces
from imgrec.sources.opening import overlap, real_places, source_of
from imgrec.sources.passed_over import unnamed_lines
from imgrec.sources.rules import Rules
from imgrec.sources.source import Listing, PictureSource

# New files written in one transaction, which bounds memory.
_CHUNK = 10_000


@dataclass(frozen=True)
class Scan:
    """The result of a rescan.

    Attributes:
        changes: as written; `new` is left empty where every arrived file was new.
        new: number of files that got a new id.
        walks: {root: what was listed and skipped} of the roots that were listed to the end.
        offline: {root: reason} of the roots that are offline.
        accepted: {root: number of files} whose other token was accepted
            (`imgrec.collection.tokens`).
    """

    changes: Changes
    new: int
    walks: Mapping[str, Listing]
    offline: Mapping[str, str]
    accepted: Mapping[str, int]


def scan(
    catalog: Catalog,
    sources: Sequence[PictureSource],
    *,
    follow_links: bool = False,
    rules: Rules | None = None,
    shared: bool = False,
) -> Scan:
    """Bring the catalog up to date with what some sources list.

    Args:
        catalog: open for writing.
        sources: to be listed; they are added to the roots. Other roots stay as they are.
        follow_links: also list what symbolic links lead to outside the roots.
        rules: which files belong to the collection; None for those of a new store.
        shared: let a second process list large sources too.

    Raises:
        StoreError: a source lies inside another one, named or known; nothing is changed.
    """
    held = [source_of(root) for root in catalog.held_roots()]
    _check_overlap(sources, held)
    links = real_places([*sources, *held]) if follow_links else None
    numbers = add_roots(catalog, [source.description for source in sources])
    with found_table(catalog.db):
        walks, offline = _walked(catalog, sources, numbers, links, rules or Rules(), shared)
        for source in held:
            known = source.description in {*walks, *offline}
            why = None if known else source.why_offline()
            if why:
                offline[source.description] = why
        mark_differing(catalog.db, [numbers[root] for root in walks])
        settled = settle_tokens(catalog.db, [numbers[root] for root in walks])
        changes, new = _changed(catalog, walks, offline)
    accepted = {root: settled[numbers[root]] for root in walks if numbers[root] in settled}
    return Scan(changes, new, walks, offline, accepted)


def _walked(
    catalog: Catalog,
    sources: Sequence[PictureSource],
    numbers: Mapping[str, int],
    links: RealPlaces | None,
    rules: Rules,
    shared: bool,
) -> tuple[dict[str, Listing], dict[str, str]]:
    """List sources into the found table; return {root: listing} and {root: why offline}."""
    walks: dict[str, Listing] = {}
    offline: dict[str, str] = {}
    for source in sources:
        root, found = source.description, Listing(rules)
        why = collect(catalog.db, source, numbers[root], found, links, shared=shared)
        if why:
            offline[root] = why
        else:
            walks[root] = found
    return walks, offline


def _changed(
    catalog: Catalog, walks: Mapping[str, Listing], offline: Collection[str]
) -> tuple[Changes, int]:
    """Compute and write the changes; return them and the number of new files."""
    differing = differing_rows(catalog)
    absent = [row for row, file in differing if file is None and _was_looked_at(row, walks)]
    pairs = [(row, file) for row, file in differing if file is not None]
    if not (absent or pairs or offline or len(catalog.ids("missing", "left-out"))):
        return Changes(), _add_all(catalog)
    arrived = list(arrived_files(catalog))
    gone, left_out = part_left(absent, arrived)
    elsewhere = CatalogElsewhere(catalog, walks, offline)
    changes = compare(arrived, gone, pairs, elsewhere, _digest)
    changes.left_out = left_out
    apply(catalog, changes)
    return changes, len(changes.new)


def _add_all(catalog: Catalog) -> int:
    """Add all arrived files as new, in chunks; return how many.

    Right only where no row is left without a file, so that none can have moved.
    """
    arrived, new = arrived_files(catalog), 0
    while files := list(islice(arrived, _CHUNK)):
        apply(catalog, Changes(new=files))
        new += len(files)
    return new


def leave_other_roots(catalog: Catalog, roots: Collection[str]) -> int:
    """Leave out the pictures of all other roots; return how many belonged to the collection.

    A later scan of such a root takes them back, with their ids.
    """
    others = [number for root, number in catalog.roots().items() if root not in roots]
    left = 0
    with catalog.transaction() as db:
        for number in others:
            left += db.execute(
                "UPDATE images SET status = 'left-out' WHERE root_id = ? "
                "AND status != 'missing' AND status != 'left-out'",
                [number],
            ).rowcount
    return left


def accepted_line(root: str, count: int) -> str:
    """Return a line for the user about files whose other token was accepted.

    Args:
        root: of the files.
        count: of the files, 2 or more.
    """
    return (
        f"{count:,} files of {source_of(root).location()} have the size and time of before and "
        "another inode or time of change, as on a copied or newly mounted disk: taken as "
        "unchanged, --reread reads them"
    )


def passed_over(root: str, found: Listing) -> list[str]:
    """Return lines for the user that name what the listing of a root skipped."""
    source, lines = source_of(root), []
    if found.links:
        links = "link was" if found.links == 1 else "links were"
        lines.append(f"{found.links} {links} not followed in {source.location()} (--follow-links)")
    lines += [f"{source.location(f)} was written by imgrec and is left out" for f in found.outputs]
    stay = "cannot be listed: its pictures stay as they are"
    lines += [f"{source.location(place)} {stay}" for place in found.unreadable]
    return lines + unnamed_lines(found, source.location())


def _check_overlap(named: Iterable[PictureSource], known: Iterable[PictureSource]) -> None:
    sources = {source.description: source for source in (*named, *known)}
    for one, other in combinations(sources.values(), 2):
        if overlap(one, other):
            raise StoreError(
                f"{one.location()} and {other.location()} overlap: name only the outer one, or "
                "leave the folders of before by --only, or take another --store"
            )


def _was_looked_at(row: Entry, walks: Mapping[str, Listing]) -> bool:
    unreadable = walks[row.root].unreadable
    return not any(row.path == path or row.path.startswith(path + "/") for path in unreadable)


def _digest(file: FoundFile) -> str | None:
    try:
        return digest(source_of(file.root).read(file.path))
    except (PictureError, MemoryError):
        return None
