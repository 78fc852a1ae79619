"""The schema of a catalog: exactly what the migrations make, or the file is not used.

An SQLite file from somebody else may hold more than tables. A trigger or a view with the name of a
table runs SQL of its author within our statements; virtual tables, expressions in indexes and
generated columns call functions. So the connection trusts no schema (`secure`), and every object is
compared with those of a catalog that the migrations make in memory. Invariant: no statement is run
on a catalog whose schema holds anything else.

Source: sqlite.org/security.html, "Untrusted SQLite Database Files".
"""

import sqlite3
from functools import cache
from operator import methodcaller
from pathlib import Path

from imgrec.collection.migrations import MIGRATIONS
from imgrec.collection.places import is_root
from imgrec.collection.rows import MOST_ID
from imgrec.errors import StoreError
from imgrec.system.regular_files import check_unshared

# The root of pictures of which nothing is known but that rows exist.
NOWHERE = "(unknown)"
# The end of a rollback journal that names the journal of a transaction over several files.
_SUPER_JOURNAL = bytes.fromhex("d9d505f920a163d7")

Objects = dict[tuple[str, str], tuple[str, str | None]]


def secure(db: sqlite3.Connection) -> None:
    """Set up a connection to a file that somebody else may have written."""
    # File names are bytes: what is not UTF-8 becomes surrogates, as in `os.fsdecode`.
    # Not a function of Python: it is called for each text.
    db.text_factory = methodcaller("decode", "utf-8", "surrogateescape")
    db.setlimit(sqlite3.SQLITE_LIMIT_ATTACHED, 0)
    db.setlimit(sqlite3.SQLITE_LIMIT_TRIGGER_DEPTH, 1)
    db.execute("PRAGMA trusted_schema = OFF")
    db.execute("PRAGMA cell_size_check = ON")
    db.execute("PRAGMA mmap_size = 0")


def schema_problem(db: sqlite3.Connection) -> str | None:
    """Return what a catalog's schema has more or less than its version should; None for nothing.

    Also None for a version that is not known, which `imgrec.collection.migrations` refuses.
    """
    (done,) = db.execute("PRAGMA user_version").fetchone()
    if not 0 <= done <= len(MIGRATIONS):
        return None if done > 0 else f"its schema has the version {done}"
    found, wanted = _objects(db), _made(done)
    for (kind, name), what in found.items():
        if (kind, name) not in wanted:
            return f"it holds a {kind} {name[:60]!r}, which imgrec does not make"
        if what != wanted[kind, name]:
            return f"its {kind} {name} is not as imgrec makes it"
    absent = [f"{kind} {name}" for kind, name in wanted if (kind, name) not in found]
    return f"its {absent[0]} is not there" if absent else None


def roots_problem(db: sqlite3.Connection) -> str | None:
    """Return what is wrong with the roots of a catalog; None if they are absolute places."""
    for (path,) in db.execute("SELECT path FROM roots"):
        if path != NOWHERE and not is_root(path):
            return f"its root {str(path)[:60]!r} is no absolute path"
    return None


def ids_problem(db: sqlite3.Connection) -> str | None:
    """Return what is wrong with the ids given so far; None if more of them can be given.

    A larger id fits no array of a store, so a picture that gets one could never be stored.
    """
    # Each by itself is found in the index; both in one query make SQLite read all rows.
    query = "SELECT (SELECT min(id) FROM images), (SELECT max(id) FROM images)"
    least, most = db.execute(query).fetchone()
    if least is not None and not 0 <= least <= most <= MOST_ID:
        return f"it holds the id {least if least < 0 else most}, ids are 0 to {MOST_ID:,}"
    for (last,) in db.execute("SELECT seq FROM sqlite_sequence WHERE name = 'images'"):
        if type(last) is not int or not 0 <= last <= MOST_ID:
            return f"its next id follows {str(last)[:20]!r}, ids are 0 to {MOST_ID:,}"
    return None


def check_names(path: Path, *, writing: bool) -> None:
    """Check that no file that SQLite writes in place has a second name.

    Opening a catalog for reading writes too, to its shared memory.

    Args:
        path: of the catalog.
        writing: the catalog itself will be written.

    Raises:
        StoreError: one has; the message names it.
    """
    if writing:
        check_unshared(path)
    for ending in ("-wal", "-shm", "-journal"):
        check_unshared(path.with_name(path.name + ending))


def check_journal(path: Path) -> None:
    """Check the rollback journal beside a catalog, which SQLite would replay and then delete.

    A journal may name the journal of a transaction over several files, which SQLite deletes too.
    imgrec writes one file at a time, so a journal that names another file is not ours.

    Args:
        path: of the catalog.

    Raises:
        StoreError: the journal names another file.
    """
    journal = path.with_name(path.name + "-journal")
    try:
        with journal.open("rb") as file:
            file.seek(-len(_SUPER_JOURNAL), 2)
            found = file.read()
    except OSError:
        # Absent, or shorter.
        return
    if found == _SUPER_JOURNAL:
        raise StoreError(
            f"{journal} names another file, which no journal of imgrec does: delete it"
        )


def _objects(db: sqlite3.Connection) -> Objects:
    """Return {(kind, name): (table, SQL)} of all objects of a schema."""
    # A few more than there may be.
    rows = db.execute("SELECT type, name, tbl_name, sql FROM sqlite_master LIMIT 1000")
    return {(str(kind), str(name)): (table, sql) for kind, name, table, sql in rows}


@cache
def _made(version: int) -> Objects:
    """Return the objects of a catalog after so many migrations."""
    db = sqlite3.connect(":memory:", isolation_level=None)
    try:
        for step in MIGRATIONS[:version]:
            step(db)
        return _objects(db)
    finally:
        db.close()
