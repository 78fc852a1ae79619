"""The roots of a catalog: added, and moved to new paths.

A root is an absolute folder; pictures are relative to it. So a disk under another letter
changes one row, and nothing else.
"""

from collections.abc import Iterable, Mapping

from imgrec.collection.catalog import Catalog
from imgrec.system.file_names import TEXT, text


def add_roots(catalog: Catalog, roots: Iterable[str]) -> dict[str, int]:
    """Give an id to each root that has none; return {path: id} of all roots."""
    insert = f"INSERT OR IGNORE INTO roots (path) VALUES ({TEXT})"
    catalog.db.executemany(insert, ([text(root)] for root in sorted(roots)))
    return catalog.roots()


def move_roots(catalog: Catalog, moves: Mapping[str, str]) -> None:
    """Give roots new paths, in one transaction.

    Where another root already has a new path, its pictures go to the root that moves there; the
    caller has checked that none of them belongs to the collection. One that is left out is missing
    then: its place is that of a picture of the other root.

    Args:
        catalog: open for writing.
        moves: {path now: new path} of known roots.
    """
    known = catalog.roots()
    with catalog.transaction() as db:
        for root, place in moves.items():
            there = known.get(place)
            if there is not None and place not in moves:
                db.execute(
                    "UPDATE images SET root_id = ?, status = 'missing' WHERE root_id = ?",
                    [known[root], there],
                )
                db.execute("DELETE FROM roots WHERE id = ?", [there])
        # Paths are unique, and A/B may become A: first all get names that no root can have.
        update = f"UPDATE roots SET path = {TEXT} WHERE id = ?"
        db.executemany(update, [(text(f"\0{known[root]}"), known[root]) for root in moves])
        db.executemany(update, [(text(place), known[root]) for root, place in moves.items()])
