"""A catalog of an older schema with the rows of one of today."""

import sqlite3
from contextlib import closing
from pathlib import Path

from imgrec.collection.migrations import MIGRATIONS


def downgrade(catalog: Path, version: int) -> None:
    """Replace a closed catalog by one of an older schema that holds the same rows.

    Args:
        catalog: of a store that nobody has open.
        version: number of migrations that the older one has had.
    """
    older = catalog.with_name("older.sqlite")
    with closing(sqlite3.connect(older, isolation_level=None)) as db:
        for step in MIGRATIONS[:version]:
            step(db)
        db.execute("ATTACH ? AS now", [str(catalog)])
        tables = "SELECT name FROM main.sqlite_master WHERE type = 'table'"
        for (table,) in db.execute(tables).fetchall():
            columns = [row[1] for row in db.execute(f"PRAGMA main.table_info({table})")]
            names = ", ".join(columns)
            db.execute(f"DELETE FROM main.{table}")
            db.execute(f"INSERT INTO main.{table} ({names}) SELECT {names} FROM now.{table}")
        db.execute("DETACH now")
        db.execute(f"PRAGMA user_version = {version}")
    for ending in ("-wal", "-shm"):
        catalog.with_name(catalog.name + ending).unlink(missing_ok=True)
    older.replace(catalog)
