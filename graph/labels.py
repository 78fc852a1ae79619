"""The communities, kept in the catalogue for every other stage."""

import sqlite3
from collections.abc import Iterable
from pathlib import Path

from graph.communities import Community
from imgrec.errors import StoreError
from imgrec.store import Store

KIND = "community"


def community_labels(communities: Iterable[Community]) -> dict[int, str]:
    """Return the number of its community, as text, for each picture."""
    return {member: str(c.number) for c in communities for member in c.members}


def keep_labels(store_path: Path, labels: dict[int, str]) -> str | None:
    """Write the labels to the catalogue; return why they were not kept where they were not."""
    try:
        with Store.create(store_path) as store, store.writing():
            store.catalog.replace_labels(KIND, labels)
    except (StoreError, OSError, sqlite3.Error) as error:
        return str(error)
    return None
