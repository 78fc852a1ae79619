"""The collections of a store for the live page: list, change, export, copy."""

import io
import json
import re
import threading
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from hashlib import blake2b
from pathlib import Path
from typing import Any

from imgrec.collection import Entry
from imgrec.collection.kinds import CLASS, COLLECTION, COLOR, FOLDER
from imgrec.errors import WrongValueError, cause_of
from imgrec.labels.collections import (
    UnknownCollectionError,
    change_collection,
    collection_name,
    collections_of,
    delete_collection,
    ids_in,
)
from imgrec.pictures.metadata_names import TAKEN
from imgrec.search.recommender import Recommender
from imgrec.serving.answers import Collection, Copied
from imgrec.serving.copying import check_target, copy_pictures
from imgrec.serving.errors import BusyError, NotAllowedError, NotFoundError
from imgrec.serving.requests import CollectionChange, CopyRequest
from imgrec.store.store import Store
from imgrec.system.csv_cells import cell, csv_text
from imgrec.system.path_output import write_paths

COLUMNS = (
    *("id", "file", "path", "root", "width", "height", "format", "bytes", "modified", "taken"),
    *(FOLDER, CLASS, COLOR, "collections"),
)
# The media type of each form of an export.
FORMS = {"csv": "text/csv; charset=utf-8", "json": "application/json", "paths": "text/plain"}
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_KINDS = (FOLDER, CLASS, COLOR, COLLECTION)
_BLOCK = 900
# Of the name of a folder; file systems take 255, and a file of it has a suffix.
_MOST_BYTES = 200
# Of a name, what no file system and no shell takes for something else than a letter.
_PLAIN = frozenset(" _-+=,.&()'@~!")
# Where a dot hides a file or is dropped on Windows, or a hyphen begins an option.
_ENDS = re.compile(r"^[.~-]|\.$")
# Devices on Windows, whatever suffix follows.
_DEVICE = re.compile(r"(con|prn|aux|nul|com[0-9]|lpt[0-9])(\.|$)", re.IGNORECASE)
_copying = threading.Lock()


def listed(store: Store) -> list[Collection]:
    """Return all collections, by name."""
    return [Collection(name, count) for name, count in collections_of(store).items()]


def changed(store: Store, name: str, change: CollectionChange) -> Collection:
    """Add pictures to a collection and take others from it; return it, with 0 if it is gone.

    Raises:
        WrongValueError: the name is none, or an id is not that of a picture.
        StoreError: the store cannot be written.
    """
    count = change_collection(store, name, change.add, change.remove)
    return Collection(collection_name(name), count)


def deleted(store: Store, name: str) -> Collection:
    """Delete a collection, not its pictures; return what it was.

    Raises:
        NotFoundError: there is none of this name.
        StoreError: the store cannot be written.
    """
    try:
        return Collection(collection_name(name), delete_collection(store, name))
    except UnknownCollectionError as error:
        raise NotFoundError(str(error)) from error


def exported(recommender: Recommender, name: str, form: str) -> bytes:
    """Return a collection as a file, its pictures by path.

    Args:
        recommender: of the store.
        name: of the collection.
        form: `csv`, a table of `COLUMNS`; `json`, the object of `imgrec query --json` for a list,
            with the name; or `paths`, the absolute paths, one a line, without those that hold a
            line break.

    Raises:
        NotFoundError: there is no collection of this name, or no such form.
    """
    if form not in FORMS:
        raise NotFoundError(f"there is no form {form[:20]!r}: take {', '.join(FORMS)}")
    store = recommender.view().store
    entries = entries_in(store, name)
    if form == "csv":
        return table(store, entries).encode("utf-8")
    if form == "json":
        return json.dumps(as_json(recommender, name)).encode()
    stream = io.BytesIO()
    write_paths((entry.location for entry in entries), stream, null=False)
    return stream.getvalue()


def copied(store: Store, exports: Path | None, name: str, request: CopyRequest) -> Copied:
    """Copy or link the files of a collection into the folder of its name below `exports`.

    Raises:
        NotAllowedError: the server was started without a folder for exports, or it cannot be
            written.
        NotFoundError: there is no collection of this name.
        BusyError: files are being copied now.
        WrongValueError: nothing may be written to this folder.
    """
    if exports is None:
        raise NotAllowedError(
            "no folder for exports was named: start imgrec serve with --exports DIR"
        )
    entries = entries_in(store, name)
    if not _copying.acquire(blocking=False):
        raise BusyError("files are being copied already: ask again when that has ended")
    try:
        folder = exports.resolve() / export_folder(name)
        check_target(store, folder)
        return copy_pictures(entries, folder, request.how)
    except OSError as error:
        raise NotAllowedError(f"{folder} cannot be written: {cause_of(error)}") from error
    finally:
        _copying.release()


def entries_in(store: Store, name: str) -> list[Entry]:
    """Return the rows of the catalog of the pictures of a collection, by root and path.

    Raises:
        NotFoundError: there is no collection of this name.
    """
    try:
        entries = store.catalog.entries(ids_in(store, name).tolist())
    except WrongValueError as error:
        raise NotFoundError(str(error)) from error
    return sorted(entries, key=lambda entry: (entry.root, entry.path))


def as_json(recommender: Recommender, name: str) -> dict[str, Any]:
    """Return a collection as the object of `imgrec query --json` for a list, with its name.

    Raises:
        NotFoundError: there is no collection of this name.
    """
    try:
        found = recommender.pictures({COLLECTION: collection_name(name)}).to_dict()
    except WrongValueError as error:
        raise NotFoundError(str(error)) from error
    return {"collection": collection_name(name), **found}


def export_folder(name: str) -> str:
    """Return the name of the folder of a collection: its own, the unfit letters as %XX.

    One that no file system takes is cut, and a digest of the name added.
    """
    known = collection_name(name)
    made = "".join(c if c.isalnum() or c in _PLAIN else _escaped(c) for c in known)
    made = _ENDS.sub(lambda found: _escaped(found[0]), made)
    if len(made.encode()) > _MOST_BYTES:
        known_by = blake2b(known.encode(), digest_size=8).hexdigest()
        made = f"{made.encode()[:_MOST_BYTES].decode(errors='ignore')}-{known_by}"
    return _escaped(made[0]) + made[1:] if _DEVICE.match(made) else made


def _escaped(letter: str) -> str:
    return "".join(f"%{byte:02X}" for byte in letter.encode())


def table(store: Store, entries: Sequence[Entry]) -> str:
    """Return pictures as CSV: a header of `COLUMNS`, then a row each; no cell is a formula."""
    return csv_text(COLUMNS, _rows(store, entries))


def _rows(store: Store, entries: Sequence[Entry]) -> Iterator[list[object]]:
    for start in range(0, len(entries), _BLOCK):
        block = entries[start : start + _BLOCK]
        ids = [entry.id for entry in block]
        labels, metadata = store.catalog.labels.of(ids), store.catalog.metadata.of(ids)
        for entry in block:
            taken = next((one.value for one in metadata[entry.id] if one.name == TAKEN), "")
            kinds = (labels[entry.id].get(kind, "") for kind in _KINDS)
            yield [
                entry.id,
                *map(cell, (entry.location, entry.path, entry.root)),
                *(entry.width, entry.height, entry.format, entry.size),
                _modified(entry.mtime_ns),
                *map(cell, (taken, *kinds)),
            ]


def _modified(mtime_ns: int) -> str:
    """Return the time of a file as ISO 8601 in UTC, to the second; "" for one out of range."""
    try:
        return (_EPOCH + timedelta(seconds=mtime_ns // 10**9)).isoformat().replace("+00:00", "Z")
    except OverflowError:
        return ""
