"""Replaces all labels of one kind, writing only what differs.

A write to the catalog invalidates the caches of every process that has the store open, so
labels that are unchanged must cost no write.
"""

import sqlite3
from collections.abc import Mapping
from pathlib import Path

from imgrec.errors import StoreError
from imgrec.store.store import Store


def keep_labels(store_path: Path, kind: str, values: Mapping[int, str]) -> str | None:
    """Make {id: value} the only labels of a kind; return the error text if that failed, else None.

    Failing is no error here: the store may be read-only, full or locked.
    """
    try:
        with Store.open(store_path) as store:
            if not any(changes(store.catalog.labels.rows(kind), values)):
                return None
        with Store.create(store_path) as store, store.writing():
            labels = store.catalog.labels
            labels.change(kind, *changes(labels.rows(kind), values))
    except (StoreError, OSError, sqlite3.Error) as error:
        return str(error)
    return None


def changes(
    there: list[tuple[int, str]], wanted: Mapping[int, str]
) -> tuple[list[tuple[int, str]], dict[int, str]]:
    """Return the labels (id, value) to delete, and those {id: value} to add."""
    gone = [(image_id, value) for image_id, value in there if wanted.get(image_id) != value]
    kept = {image_id for image_id, value in there if wanted.get(image_id) == value}
    return gone, {int(i): value for i, value in wanted.items() if i not in kept}
