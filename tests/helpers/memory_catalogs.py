"""Catalogs in memory, with rows written out by hand."""

import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from imgrec.collection import Catalog, add_labels
from imgrec.collection.connection import Connection
from imgrec.collection.filters import Filter
from imgrec.collection.migrations import migrate
from imgrec.collection.schema import secure
from imgrec.system.file_names import TEXT, text


@dataclass(frozen=True)
class Row:
    """A picture to add to a catalog; its id is its place in the list, from 1."""

    path: str
    labels: tuple[tuple[str, str], ...] = ()
    root: str = "/nowhere/root"
    status: str = "ok"


SMALL = [
    Row("train/dress/1.jpg", (("folder", "dress"), ("community", "3"))),
    Row("train/dress/2.jpg", (("folder", "dress"), ("community", "30"))),
    Row("training/3.jpg", (("folder", "dress.old"), ("community", "3.1"), ("community", "3.1.2"))),
    Row("train/shirt/4.jpg", (("folder", "shirt"), ("community", "4"))),
    Row("train/shirt/5.jpg", (("folder", "shirt"), ("raw", "yes")), status="failed"),
    Row("away/6.jpg", (("folder", "away"),), status="missing"),
    Row("new/7.jpg", (("folder", "new"),), status="new"),
    Row("8.jpg", (("folder", "a=b"),), root="/nowhere/other"),
]


def empty_catalog() -> Catalog:
    """Return a catalog of the present schema, without a root."""
    db = sqlite3.connect(":memory:", isolation_level=None)
    secure(db)
    migrate(db)
    return Catalog(Connection(db, Path(":memory:")))


def catalog_of(rows: Iterable[Row]) -> Catalog:
    catalog = empty_catalog()
    for row in rows:
        add(catalog, row)
    return catalog


def add(catalog: Catalog, row: Row) -> None:
    catalog.db.execute(f"INSERT OR IGNORE INTO roots (path) VALUES ({TEXT})", [text(row.root)])
    cursor = catalog.db.execute(
        f"INSERT INTO images (root_id, path, size, mtime_ns, status) VALUES (?, {TEXT}, 1, 1, ?)",
        [catalog.roots()[row.root], text(row.path), row.status],
    )
    for kind, value in row.labels:
        add_labels(catalog.db, kind, {int(cursor.lastrowid or 0): value})


def ids(catalog: Catalog, where: Iterable[str] = (), under: Iterable[str] = ()) -> list[int]:
    """Return the ids of the pictures that pass a filter."""
    return [int(i) for i in Filter.parse(list(where), list(under)).ids(catalog)]
