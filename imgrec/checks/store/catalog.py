"""Check the catalog: the SQLite file, its foreign keys, and rows that contradict each other.

The content of each picture (digest, width, height, format) is recorded twice, in the catalog and
in the parts of the thumbnails. The copies are compared, because a flipped bit in a valid SQLite
file shows nowhere else.
"""

import sqlite3
from pathlib import Path

from imgrec.checks.findings import Check, Place
from imgrec.collection import Catalog, Ids
from imgrec.collection.integrity import catalog_problem
from imgrec.collection.schema import check_journal
from imgrec.collection.totals import STATUSES
from imgrec.errors import StoreError
from imgrec.pictures.decoding import REASONS
from imgrec.store.damage import Output
from imgrec.store.paths import CATALOG
from imgrec.store.restore import stored_origins
from imgrec.system.text import counted

_REBUILT = "no command can open it; the next imgrec index rebuilds it with the same ids"
_REREAD = "they are shown as recorded; imgrec index --retry-failed does not repair them"
# SQL conditions that hold for no row a run writes, each with its problem text.
_CONTRADICTIONS = {
    "status = 'ok' AND (digest IS NULL OR format IS NULL OR width IS NULL OR height IS NULL)": (
        "ok, but never read"
    ),
    "status = 'ok' AND (width < 1 OR height < 1)": "ok, but without pixels",
    "status = 'ok' AND reason IS NOT NULL": "ok, but with a reason for failing",
    "status = 'failed' AND reason IS NULL": "failed, but without a reason",
    "status != 'missing' AND (path = '' OR path LIKE '/%' OR size < 0)": "invalid path or size",
    "digest IS NOT NULL AND length(digest) != 32": "invalid digest",
}


def check_catalog(place: Place, path: Path) -> Check[Catalog | None]:
    """Check the SQLite file; return the open catalog, or None if it cannot be opened."""
    try:
        problem = catalog_problem(path, deep=True)
    except StoreError as error:
        yield place.error(str(error), "no command can open the store")
        return None
    if problem:
        yield place.error(f"the catalog {path.name} is damaged: {problem}", _REBUILT)
        return None
    try:
        catalog = Catalog.open(path)
    except StoreError as error:
        yield place.error(str(error), "no command can open the store")
        return None
    try:
        yield from _check_rows(place, catalog.db)
        yield from _check_values(place, catalog, path)
    except sqlite3.Error as error:
        catalog.close()
        yield place.error(f"the catalog {path.name} is damaged: {error}", _REBUILT)
        return None
    return catalog


def known_ids(catalog: Catalog) -> Ids:
    """Return the ids of all pictures of any status, ascending."""
    return catalog.ids(*STATUSES)


def check_origins(place: Place, thumbs: Output, db: sqlite3.Connection) -> Check[None]:
    """Compare digest, size and format of each picture with the copy in the parts of thumbnails."""
    wrong: list[int] = []
    query = "SELECT digest, width, height, format FROM images WHERE id = ?"
    for ids, origins in stored_origins(thumbs):
        for image_id, origin in zip(ids.tolist(), origins, strict=True):
            found = db.execute(query, [image_id]).fetchone()
            if found is not None and found[0] is not None and found != origin[4:8]:
                wrong.append(image_id)
    if wrong:
        some = ", ".join(map(str, wrong[:3])) + (" …" if len(wrong) > 3 else "")
        yield place.error(
            f"digest, size or format of {counted(len(wrong), 'picture')} ({some}) differ from the "
            "copy in the parts of the thumbnails",
            f"copies and moves are not noticed; delete {CATALOG}, and the next imgrec index "
            "rebuilds it",
        )


def _check_values(place: Place, catalog: Catalog, path: Path) -> Check[None]:
    """Read every row as the commands do, which refuses odd types and paths that lead out."""
    try:
        check_journal(path)
        for status in STATUSES:
            for _ in catalog.entries_with(status):
                pass
    except StoreError as error:
        yield place.error(str(error), "commands that need the picture end there")


def _check_rows(place: Place, db: sqlite3.Connection) -> Check[None]:
    loose = len(db.execute("PRAGMA foreign_key_check").fetchall())
    if loose:
        what = f"{counted(loose, 'row')} of the catalog refer to a picture or root that is absent"
        yield place.error(what, "labels or pictures are not shown")
    for where, what in _CONTRADICTIONS.items():
        (count,) = db.execute(f"SELECT count(*) FROM images WHERE {where}").fetchone()
        if count:
            yield place.error(f"{counted(count, 'picture')} in the catalog: {what}", _REREAD)
    marks = ", ".join("?" * len(REASONS))
    query = f"SELECT count(*) FROM images WHERE reason IS NOT NULL AND reason NOT IN ({marks})"
    (count,) = db.execute(query, [*REASONS]).fetchone()
    if count:
        yield place.warning(
            f"{counted(count, 'picture')} failed for a reason that this version does not know",
            "a newer version of imgrec wrote it",
        )
