"""Collections: selections of pictures that a person names, kept as labels `collection`.

A collection is the set of pictures that have the label of its name; without pictures there is none.
A picture may be in several, so the filter `collection=best` and every other reader of labels knows
them. A label belongs to an id, which stands for one content: a collection keeps its pictures when
their files are moved or renamed and when they are indexed again, and a file whose content has
changed is another picture, which is not in it.

Writing takes a transaction of the catalog and not the write lock of the store, which indexing may
hold for hours: no stage writes labels of this kind, and rows are all that is changed.
"""

import sqlite3
from collections.abc import Callable, Collection
from typing import TypeVar

import numpy as np

from imgrec.collection import Ids
from imgrec.collection.kinds import COLLECTION
from imgrec.collection.labels import Labels
from imgrec.errors import StoreError, WrongValueError, cause_of
from imgrec.store.manifest import read_manifest
from imgrec.store.store import Store
from imgrec.system.file_names import composed, printable
from imgrec.system.suggestions import did_you_mean

# Characters of a name.
LONGEST = 100
_UNFIT = frozenset(",/\\")
_DOTS = (".", "..")
_Result = TypeVar("_Result")


class UnknownCollectionError(WrongValueError):
    """No collection has this name."""


def collection_name(text: str) -> str:
    """Return the name of a collection as it is kept: composed (NFC), without spaces around it.

    Raises:
        WrongValueError: it is empty or too long, or has control characters, a comma, which
            separates the collections of a picture, or a slash, which does so in addresses and in
            folders; or it is one of the names `.` and `..`.
    """
    name = composed(text.strip())
    if not 0 < len(name) <= LONGEST or not name.isprintable() or _UNFIT & {*name} or name in _DOTS:
        raise WrongValueError(
            f"{printable(text)[:LONGEST]!r} is no name of a collection: take 1 to {LONGEST} "
            "characters, without a comma and a slash"
        )
    return name


def collections_of(store: Store) -> dict[str, int]:
    """Return the number of pictures of each collection by its name, sorted."""
    return store.catalog.labels.counts(COLLECTION)


def ids_in(store: Store, name: str) -> Ids:
    """Return the ascending ids of the ok pictures of a collection.

    Raises:
        UnknownCollectionError: there is none of this name, or none of its pictures is ok.
    """
    catalog = store.catalog
    labeled = catalog.labels.ids(COLLECTION, collection_name(name))
    ids = np.setdiff1d(labeled, catalog.ids_not_ok(), assume_unique=True)
    if not len(ids):
        raise _unknown(store, name)
    return ids


def change_collection(
    store: Store, name: str, add: Collection[int] = (), remove: Collection[int] = ()
) -> int:
    """Add pictures to a collection, which is made if it is new, and take others from it.

    Idempotent; what is there already is not written again. One that is named in both is removed.

    Args:
        store: open, for reading or writing.
        name: of the collection.
        add: ids of ok pictures.
        remove: ids; those that are not in it do not matter.

    Returns:
        The number of its ok pictures now; 0 if the last one was removed, and the collection with
        it.

    Raises:
        WrongValueError: the name is none, or an id is not that of an ok picture; nothing is
            changed.
        StoreError: the catalog cannot be written.
    """
    name, labels = collection_name(name), store.catalog.labels
    wanted, unwanted = _ids(add), _ids(remove)
    there = labels.ids(COLLECTION, name)
    if not np.isin(np.setdiff1d(wanted, unwanted), there).all() or np.isin(unwanted, there).any():
        _write(store, lambda labels: labels.assign(COLLECTION, name, wanted, unwanted))
    return collections_of(store).get(name, 0)


def delete_collection(store: Store, name: str) -> int:
    """Delete a collection, not its pictures; return how many were in it, of any status.

    Raises:
        UnknownCollectionError: there is none of this name.
        StoreError: the catalog cannot be written.
    """
    _check_known(store, name)
    known = collection_name(name)
    return _write(store, lambda labels: labels.rename(COLLECTION, known, None))


def rename_collection(store: Store, name: str, new: str) -> int:
    """Give a collection another name; return how many pictures are in it, of any status.

    Raises:
        UnknownCollectionError: there is none of this name.
        WrongValueError: the new name is none, or that of another collection, which would be joined
            with this one for good.
        StoreError: the catalog cannot be written.
    """
    _check_known(store, name)
    known, wanted = collection_name(name), collection_name(new)
    if wanted != known and len(store.catalog.labels.ids(COLLECTION, wanted)):
        raise WrongValueError(f"there is a collection {wanted!r} already: take another name")
    return _write(store, lambda labels: labels.rename(COLLECTION, known, wanted))


def _check_known(store: Store, name: str) -> None:
    """Check that some picture, of any status, is in a collection."""
    if not len(store.catalog.labels.ids(COLLECTION, collection_name(name))):
        raise _unknown(store, name)


def _unknown(store: Store, name: str) -> UnknownCollectionError:
    known = list(collections_of(store))
    meant = did_you_mean(name, known) or "imgrec collections lists those that are there"
    if not known:
        meant = "there is none yet: imgrec collections NAME --add IMAGE makes one"
    return UnknownCollectionError(f"no collection is called {printable(name)!r}; {meant}")


def _ids(ids: Collection[int]) -> Ids:
    return np.unique(np.array([*ids], np.int64))


def _write(store: Store, write: Callable[[Labels], _Result]) -> _Result:
    """Run a transaction on the labels with a connection of its own; waits while another writes.

    Raises:
        StoreError: the store is gone or read-only, its disk is full, or another process has
            written without a pause for half a minute.
    """
    # Fails if the store was deleted meanwhile; `create` would make a new one.
    read_manifest(store.path)
    try:
        with Store.create(store.path) as writable:
            return write(writable.catalog.labels)
    except (sqlite3.OperationalError, OSError) as error:
        raise StoreError(
            f"the collections of {store.path} cannot be written ({cause_of(error)}): try again "
            "when nothing else writes to the store, on a disk that can be written"
        ) from error
