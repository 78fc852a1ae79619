"""Replaces all labels of one kind, writing only what differs.

A write to the catalog invalidates the caches of every process that has the store open, so
labels that are unchanged must cost no write.
"""

import sqlite3
from collections.abc import Mapping

from imgrec.errors import StoreError, cause_of
from imgrec.store.store import Store


def keep_labels(store: Store, kind: str, values: Mapping[int, str]) -> list[str]:
    """Make {id: value} the only labels of a kind; return a warning line if that failed.

    Failing is no error here: the store may be read-only, full or locked.

    Args:
        store: open for reading or writing.
        kind: of the labels.
        values: {id: value}.
    """
    try:
        if any(changes(store.catalog.labels.rows(kind), values)):
            with store.writable() as writable:
                labels = writable.catalog.labels
                labels.change(kind, *changes(labels.rows(kind), values))
    except (StoreError, OSError, sqlite3.Error) as error:
        return [f"{kind} labels were not kept: {cause_of(error)}"]
    return []


def changes(
    there: list[tuple[int, str]], wanted: Mapping[int, str]
) -> tuple[list[tuple[int, str]], dict[int, str]]:
    """Return the labels (id, value) to delete, and those {id: value} to add."""
    # As after most runs: compared in C.
    if len(there) == len(wanted) and dict(there) == wanted:
        return [], {}
    gone = [(image_id, value) for image_id, value in there if wanted.get(image_id) != value]
    kept = {image_id for image_id, value in there if wanted.get(image_id) == value}
    return gone, {int(i): value for i, value in wanted.items() if i not in kept}
