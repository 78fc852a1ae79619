"""The integrity check of a catalog's SQLite file: schema, pages and, on demand, indexes.

It opens the file by itself and read-only, because a damaged one cannot be opened as a catalog.
"""

import sqlite3
from pathlib import Path

from imgrec.collection.migrations import MIGRATIONS
from imgrec.collection.opening import is_damage, log_of
from imgrec.collection.schema import (
    check_names,
    ids_problem,
    roots_problem,
    schema_problem,
    secure,
)


def catalog_problem(path: Path, *, deep: bool = False) -> str | None:
    """Return what is wrong with an SQLite file as a catalog, None if nothing is; reads all of it.

    Args:
        path: of the catalog.
        deep: also compare its indexes with its rows (`integrity_check`, not `quick_check`).

    Raises:
        StoreError: a file beside it has a second name, so that opening it would change another.
    """
    if not path.is_file():
        return "it is not there"
    check_names(path, writing=False)
    address = path.resolve().as_uri() + "?mode=ro"
    logged = log_of(path).is_file() and log_of(path).stat().st_size
    # On a read-only disk SQLite opens it only as immutable, which ignores the log.
    for way in (address, *([] if logged else [address + "&immutable=1"])):
        try:
            return _sqlite_problem(way, deep)
        except sqlite3.DatabaseError as error:
            if is_damage(error):
                return str(error)
        except UnicodeDecodeError:
            # SQLite's own message quotes bytes of the file that are no text.
            return "malformed database schema"
    return None


def _sqlite_problem(address: str, deep: bool) -> str | None:
    db = sqlite3.connect(address, uri=True, isolation_level=None, timeout=30.0)
    try:
        secure(db)
        (done,) = db.execute("PRAGMA user_version").fetchone()
        # Of a newer version nothing is known, and nothing is damage.
        problem = schema_problem(db)
        if problem or done > len(MIGRATIONS):
            return problem
        if not done:
            return "its tables are not there"
        check = "integrity_check" if deep else "quick_check"
        (found,) = db.execute(f"PRAGMA {check}(1)").fetchone()
        if found == "ok" and (wrong := roots_problem(db) or ids_problem(db)):
            return wrong
    finally:
        db.close()
    return None if found == "ok" else " ".join(str(found).split())
