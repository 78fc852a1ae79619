"""The labels of one kind in the catalog, written only where they are other than those there."""

import sqlite3
from collections.abc import Mapping
from pathlib import Path

from imgrec.collection import Catalog, add_labels
from imgrec.errors import StoreError
from imgrec.store.store import Store
from imgrec.system.file_names import TEXT, text


def labels_of(catalog: Catalog, kind: str) -> dict[int, str]:
    """Return {id: value} of a kind, of pictures of any status, by ascending id.

    Of several values of a picture the last is taken.
    """
    return dict(sorted(_rows(catalog, kind)))


def keep_labels(store_path: Path, kind: str, values: Mapping[int, str]) -> str | None:
    """Make these the only labels of a kind; return why they were not kept where they were not.

    A catalog that holds them already is left alone, since any change of it makes whoever has
    it open read the store again.
    """
    try:
        with Store.open(store_path) as store:
            if not any(changes(_rows(store.catalog, kind), values)):
                return None
        with Store.create(store_path) as store, store.writing():
            _write(store.catalog, kind, *changes(_rows(store.catalog, kind), values))
    except (StoreError, OSError, sqlite3.Error) as error:
        return str(error)
    return None


def changes(
    there: list[tuple[int, str]], wanted: Mapping[int, str]
) -> tuple[list[tuple[int, str]], dict[int, str]]:
    """Return the labels (id, value) that have to go, and those {id: value} that have to come."""
    gone = [(image_id, value) for image_id, value in there if wanted.get(image_id) != value]
    kept = {image_id for image_id, value in there if wanted.get(image_id) == value}
    return gone, {int(i): value for i, value in wanted.items() if i not in kept}


def _rows(catalog: Catalog, kind: str) -> list[tuple[int, str]]:
    query = f"SELECT image_id, value FROM labels WHERE kind = {TEXT}"
    return catalog.db.execute(query, [text(kind)]).fetchall()


def _write(
    catalog: Catalog, kind: str, gone: list[tuple[int, str]], new: Mapping[int, str]
) -> None:
    with catalog.transaction() as db:
        db.executemany(
            f"DELETE FROM labels WHERE image_id = ? AND kind = {TEXT} AND value = {TEXT}",
            [(image_id, text(kind), text(value)) for image_id, value in gone],
        )
        add_labels(db, kind, new)
