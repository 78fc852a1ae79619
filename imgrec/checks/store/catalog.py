"""The catalog of a store: the SQLite file itself, and rows that contradict each other."""

import sqlite3
from pathlib import Path

from imgrec.checks.findings import Check, Place
from imgrec.collection import Catalog, Ids, migrations
from imgrec.collection.integrity import catalog_problem
from imgrec.errors import StoreError
from imgrec.pictures.decoding import REASONS
from imgrec.store.damage import Output
from imgrec.store.paths import CATALOG
from imgrec.store.restore import stored_origins
from imgrec.system.text import counted

_REBUILT = "no command can open it; the next run of imgrec index makes it again, with the same ids"
_REREAD = "they are shown as they are; imgrec index --retry-failed does not mend them"
# What no run writes, and how one says it.
_CONTRADICTIONS = {
    "status = 'ok' AND (digest IS NULL OR format IS NULL OR width IS NULL OR height IS NULL)": (
        "ok and were never read"
    ),
    "status = 'ok' AND (width < 1 OR height < 1)": "ok and have no pixels",
    "status = 'ok' AND reason IS NOT NULL": "ok and have a reason for failing",
    "status = 'failed' AND reason IS NULL": "failed without a reason",
    "status != 'missing' AND (path = '' OR path LIKE '/%' OR size < 0)": "at no place",
    "digest IS NOT NULL AND length(digest) != 32": "of a digest that is none",
}


def check_catalog(place: Place, path: Path) -> Check[Catalog | None]:
    """Check the SQLite file; return it open for reading where that is possible."""
    problem = catalog_problem(path, deep=True)
    if problem:
        yield place.error(f"the catalog {path.name} is damaged: {problem}", _REBUILT)
        return None
    try:
        catalog = Catalog.open(path)
    except StoreError as error:
        yield place.error(str(error), "no command can open the store")
        return None
    try:
        yield from _check_schema(place, catalog.db)
        yield from _check_rows(place, catalog.db)
    except sqlite3.Error as error:
        catalog.close()
        yield place.error(f"the catalog {path.name} is damaged: {error}", _REBUILT)
        return None
    return catalog


def known_ids(catalog: Catalog) -> Ids:
    """Return the ascending ids of all pictures, whatever their status."""
    return catalog.ids("new", "ok", "failed", "missing")


def check_origins(place: Place, thumbs: Output, db: sqlite3.Connection) -> Check[None]:
    """Compare what the catalog says of the content of pictures with what the parts repeat."""
    wrong: list[int] = []
    query = "SELECT digest, width, height, format FROM images WHERE id = ?"
    for ids, origins in stored_origins(thumbs):
        for image_id, origin in zip(ids.tolist(), origins, strict=True):
            found = db.execute(query, [image_id]).fetchone()
            if found is not None and found[0] is not None and found != origin[4:]:
                wrong.append(image_id)
    if wrong:
        some = ", ".join(map(str, wrong[:3])) + (" …" if len(wrong) > 3 else "")
        yield place.error(
            f"digest, size or format of {counted(len(wrong), 'picture')} ({some}) are not what was "
            "read, says the part of their thumbnails",
            f"copies and moves are not noticed; delete {CATALOG}, and the next run makes it again",
        )


def _check_schema(place: Place, db: sqlite3.Connection) -> Check[None]:
    (done,) = db.execute("PRAGMA user_version").fetchone()
    if done < len(migrations.MIGRATIONS):
        yield place.warning(
            f"the catalog has schema {done}, the newest is {len(migrations.MIGRATIONS)}",
            "the next run of imgrec index brings it up to date",
        )


def _check_rows(place: Place, db: sqlite3.Connection) -> Check[None]:
    loose = len(db.execute("PRAGMA foreign_key_check").fetchall())
    if loose:
        what = f"{counted(loose, 'row')} of the catalog belong to a picture or root that is not"
        yield place.error(f"{what} there", "labels or pictures are not shown")
    for where, what in _CONTRADICTIONS.items():
        (count,) = db.execute(f"SELECT count(*) FROM images WHERE {where}").fetchone()
        if count:
            yield place.error(f"{counted(count, 'picture')} in the catalog: {what}", _REREAD)
    marks = ", ".join("?" * len(REASONS))
    query = f"SELECT count(*) FROM images WHERE reason IS NOT NULL AND reason NOT IN ({marks})"
    (count,) = db.execute(query, [*REASONS]).fetchone()
    if count:
        yield place.warning(
            f"{counted(count, 'picture')} failed for a reason this imgrec does not know",
            "a newer one wrote it",
        )
