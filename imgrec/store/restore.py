"""Restores a lost or damaged catalog or store.json from what the parts say.

Every part of thumbnails names the files of its pictures, and roots.json the roots, so the
catalog comes back with the same ids, which is what vectors and thumbnails are stored under.
Labels by graph and projector are lost; those commands write them again.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from imgrec.collection import Ids
from imgrec.collection.integrity import catalog_problem
from imgrec.collection.opening import log_of
from imgrec.collection.rebuild import KnownPicture, rebuild
from imgrec.errors import StoreError
from imgrec.store.arrays import load_ids
from imgrec.store.damage import Output, outputs_of, part_problem
from imgrec.store.enclosure import check_enclosed
from imgrec.store.manifest import FORMAT, format_of, mend_manifest, writing_lock
from imgrec.store.origins import ORIGINS, Origin, read_origins, read_roots
from imgrec.store.paths import CATALOG, THUMBS, StorePaths
from imgrec.store.set_aside import mend_descriptions, report_damaged, reported_damaged
from imgrec.system.atomic_files import TEMPORARY_PREFIX


def restore(store: Path) -> list[str]:
    """Restore what a store cannot be opened without; return a line of text about each thing.

    A damaged catalog is kept under another name. Does nothing if another process holds the
    write lock.

    Raises:
        StoreError: the store holds anything but folders and files (`imgrec.store.enclosure`).
        OSError: the store cannot be written.
    """
    if not _is_ours(store):
        return []
    check_enclosed(store)
    try:
        with writing_lock(store):
            lines = [*mend_manifest(store), *_restored_catalog(store)]
            return [*lines, *mend_descriptions(store)]
    except StoreError:
        # Locked: whoever opens the store for writing next gets the message.
        return []


@contextmanager
def damage_noticed(store: Path) -> Iterator[None]:
    """Translate damage of the catalog that a block meets, and report it to the next run.

    Raises:
        StoreError: the catalog is damaged.
    """
    try:
        yield
    except sqlite3.DatabaseError as error:
        if isinstance(error, sqlite3.OperationalError | sqlite3.ProgrammingError):
            raise
        with suppress(OSError):
            report_damaged(store, reported_damaged(store) | {CATALOG})
        raise StoreError(
            f"the catalog {StorePaths(store).catalog} is damaged ({error}): run the same command "
            "again, which makes it anew with the same ids"
        ) from error


def _is_ours(store: Path) -> bool:
    """True if a folder is a store of this format, or has parts but no valid store.json."""
    found = format_of(store)
    if found is not None:
        return found == FORMAT
    return any(output.parts() for output in outputs_of(store))


def _restored_catalog(store: Path) -> list[str]:
    path = StorePaths(store).catalog
    problem = catalog_problem(path, deep=CATALOG in reported_damaged(store))
    if not problem:
        return []
    temporary = path.with_name(TEMPORARY_PREFIX + CATALOG)
    _remove(temporary)
    told = rebuild(temporary, read_roots(store), _known_pictures(store), _stored_ids(store))
    aside = _set_aside(path)
    temporary.replace(path)
    where = f"; the damaged one is {aside.name}" if aside else ""
    lines = [
        f"the catalog {path} was lost or damaged ({problem}): made again with "
        f"{told.pictures:,} pictures under their ids{where}"
    ]
    if told.unknown:
        lines.append(
            f"of {told.unknown:,} pictures no part says which files they are (those parts are "
            "damaged too): they are read again, under new ids"
        )
    lines.append(
        "labels of communities, clusters and duplicates come back when imgrec graph and "
        "imgrec projector are run again"
    )
    return lines


def _known_pictures(store: Path) -> Iterator[KnownPicture]:
    """Yield the pictures that parts of thumbnails tell of, the oldest part first."""
    for ids, origins in stored_origins(Output(THUMBS, StorePaths(store).thumbs)):
        for image_id, origin in zip(ids.tolist(), origins, strict=True):
            yield image_id, *origin


def stored_origins(thumbs: Output) -> Iterator[tuple[Ids, list[Origin]]]:
    """Yield the ids and the origins of each undamaged part of thumbnails."""
    for part in thumbs.parts():
        if part_problem(thumbs, part) is None and (part / ORIGINS).is_file():
            ids = load_ids(part)
            try:
                yield ids, read_origins(part / ORIGINS, len(ids))
            except StoreError:
                continue


def _stored_ids(store: Path) -> Iterator[Ids]:
    """Yield the ids of each undamaged part of every output."""
    for output in outputs_of(store):
        for part in output.parts():
            if part_problem(output, part) is None:
                yield load_ids(part)


def _set_aside(path: Path) -> Path | None:
    """Rename a catalog and its log to a free name; return it, None if there is no catalog."""
    number = 1
    while (aside := path.with_name(f"{path.name}.damaged-{number}")).exists():
        number += 1
    if path.exists():
        path.rename(aside)
    if log_of(path).exists():
        log_of(path).rename(log_of(aside))
    path.with_name(path.name + "-shm").unlink(missing_ok=True)
    return aside if aside.exists() else None


def _remove(path: Path) -> None:
    for name in (path.name, path.name + "-wal", path.name + "-shm"):
        path.with_name(name).unlink(missing_ok=True)
