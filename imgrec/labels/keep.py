"""The labels of one kind in the catalog, written only where they are other than those there."""

import sqlite3
from collections.abc import Mapping
from pathlib import Path

from imgrec.errors import StoreError
from imgrec.store.store import Store


def keep_labels(store_path: Path, kind: str, values: Mapping[int, str]) -> str | None:
    """Make these the only labels of a kind; return why they were not kept where they were not.

    A catalog that holds them already is left alone, since any change of it makes whoever has
    it open read the store again.
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
    """Return the labels (id, value) that have to go, and those {id: value} that have to come."""
    gone = [(image_id, value) for image_id, value in there if wanted.get(image_id) != value]
    kept = {image_id for image_id, value in there if wanted.get(image_id) == value}
    return gone, {int(i): value for i, value in wanted.items() if i not in kept}
