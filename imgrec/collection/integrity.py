"""The integrity check of a catalog's SQLite file: schema, pages and, on demand, indexes.

It opens the file by itself and read-only, because a damaged one cannot be opened as a catalog.
"""

import sqlite3
from pathlib import Path

from imgrec.collection.opening import is_damage, log_of

_COLUMNS = (
    "id, path FROM roots",
    "id, root_id, path, size, mtime_ns, token, digest, width, height, format, status, "
    "reason FROM images",
    "image_id, kind, value FROM labels",
)
# A catalog of schema 1 is not damaged: it is migrated when it is opened for writing.
_COLUMNS_SINCE_2 = "detail FROM images"


def catalog_problem(path: Path, *, deep: bool = False) -> str | None:
    """Return what is wrong with an SQLite file as a catalog, None if nothing is; reads all of it.

    Args:
        path: of the catalog.
        deep: also compare its indexes with its rows (`integrity_check`, not `quick_check`).
    """
    if not path.is_file():
        return "it is not there"
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
        db.text_factory = lambda data: data.decode("utf-8", "surrogateescape")
        (tables,) = db.execute(
            "SELECT count(*) FROM sqlite_master WHERE name IN ('roots', 'images', 'labels')"
        ).fetchone()
        if tables != 3:
            return "its tables are not there"
        (schema,) = db.execute("PRAGMA user_version").fetchone()
        for columns in (*_COLUMNS, *([_COLUMNS_SINCE_2] if schema >= 2 else [])):
            db.execute(f"SELECT {columns} LIMIT 0")
        check = "integrity_check" if deep else "quick_check"
        (found,) = db.execute(f"PRAGMA {check}(1)").fetchone()
    finally:
        db.close()
    return None if found == "ok" else " ".join(str(found).split())
