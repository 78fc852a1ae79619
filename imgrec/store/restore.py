"""A catalog or store.json that was lost or damaged, made again from what the parts say."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from imgrec.collection import Catalog, Ids, add_labels
from imgrec.collection.changes import folder_label
from imgrec.collection.kinds import FOLDER
from imgrec.collection.opening import is_damage, log_of
from imgrec.collection.walk import FoundFile
from imgrec.errors import StoreError
from imgrec.store.damage import Output, outputs_of, part_problem
from imgrec.store.manifest import FORMAT, mend_manifest, writing_lock
from imgrec.store.origins import ORIGINS, KnownRoot, Origin, read_origins, read_roots
from imgrec.store.parts import load_ids, read_json
from imgrec.store.set_aside import mend_descriptions, report_damaged, reported_damaged
from imgrec.store.store import CATALOG
from imgrec.system.atomic_files import TEMPORARY_PREFIX
from imgrec.system.file_names import TEXT, text

_COLUMNS = (
    "id, path FROM roots",
    "id, root_id, path, size, mtime_ns, digest, width, height, format, status, reason FROM images",
    "image_id, kind, value FROM labels",
)
_NOWHERE = "(unknown)"  # the root of pictures of which nothing is known but that rows exist


@dataclass
class _Told:
    """What the parts told of their pictures."""

    pictures: int = 0
    unknown: int = 0


def restore(store: Path) -> list[str]:
    """Make what a store cannot be opened without again; return a line about each thing mended.

    A catalog gets the pictures back under the ids that the parts have them under. A damaged one
    is kept, under another name. Nothing is done where another run is writing.

    Raises:
        OSError: the store cannot be written.
    """
    if not _is_ours(store):
        return []
    try:
        with writing_lock(store):
            lines = [*mend_manifest(store), *_restored_catalog(store)]
            return [*lines, *mend_descriptions(store)]
    except StoreError:  # whoever opens the store for writing next is told so
        return []


@contextmanager
def damage_noticed(store: Path) -> Iterator[None]:
    """Leave word for the next run where a block finds the catalog damaged.

    Raises:
        StoreError: it is.
    """
    try:
        yield
    except sqlite3.DatabaseError as error:
        if isinstance(error, sqlite3.OperationalError | sqlite3.ProgrammingError):
            raise
        with suppress(OSError):
            report_damaged(store, reported_damaged(store) | {CATALOG})
        raise StoreError(
            f"the catalog {store / CATALOG} is damaged ({error}): run the same command again, "
            "which makes it anew with the same ids"
        ) from error


def catalog_problem(path: Path, *, deep: bool = False) -> str | None:
    """Return what is wrong with the SQLite file, None where nothing is; reads all of it.

    Args:
        path: of the catalog.
        deep: compare its indexes with its rows too.
    """
    if not path.is_file():
        return "it is not there"
    address = path.resolve().as_uri() + "?mode=ro"
    logged = log_of(path).is_file() and log_of(path).stat().st_size
    # On a disk that cannot be written SQLite opens it only as one that never changes.
    for way in (address, *([] if logged else [address + "&immutable=1"])):
        try:
            return _sqlite_problem(way, deep)
        except sqlite3.DatabaseError as error:
            if is_damage(error):
                return str(error)
        except UnicodeDecodeError:  # Python cannot read what SQLite says of it
            return "malformed database schema"
    return None


def _sqlite_problem(address: str, deep: bool) -> str | None:
    db = sqlite3.connect(address, uri=True, isolation_level=None, timeout=30.0)
    try:
        db.text_factory = lambda data: data.decode("utf-8", "surrogateescape")
        (tables,) = db.execute(
            "SELECT count(*) FROM sqlite_master WHERE name IN ('roots', 'images', 'labels')"
        ).fetchone()
        if tables != 3:
            return "its tables are not there"
        for columns in _COLUMNS:
            db.execute(f"SELECT {columns} LIMIT 0")
        check = "integrity_check" if deep else "quick_check"
        (found,) = db.execute(f"PRAGMA {check}(1)").fetchone()
    finally:
        db.close()
    return None if found == "ok" else " ".join(str(found).split())


def _is_ours(store: Path) -> bool:
    """Whether a folder is a store of this format, or what is left of one."""
    manifest = read_json(store / "store.json")
    if isinstance(manifest, dict) and "format" in manifest:
        return bool(manifest["format"] == FORMAT)
    return any(output.parts() for output in outputs_of(store))


def _restored_catalog(store: Path) -> list[str]:
    path = store / CATALOG
    problem = catalog_problem(path, deep=CATALOG in reported_damaged(store))
    if not problem:
        return []
    temporary = path.with_name(TEMPORARY_PREFIX + CATALOG)
    _remove(temporary)
    told = _fill(store, temporary)
    aside = _set_aside(path)
    temporary.replace(path)
    where = f"; the damaged one is {aside.name}" if aside else ""
    lines = [
        f"the catalog {path} was lost or damaged ({problem}): made again with "
        f"{told.pictures:,} pictures under their ids{where}"
    ]
    if told.unknown:
        lines.append(
            f"of {told.unknown:,} pictures no part says which files they are (an older imgrec "
            "wrote them, or they are damaged too): they are read again, under new ids"
        )
    lines.append(
        "labels of communities, clusters and duplicates come back when python -m graph and "
        "python -m projector are run again"
    )
    return lines


def _fill(store: Path, path: Path) -> _Told:
    """Write a catalog of what the parts say."""
    roots, told = read_roots(store), _Told()
    catalog = Catalog.create(path)
    try:
        with catalog.transaction() as db:
            db.executemany(
                f"INSERT INTO roots (id, path) VALUES (?, {TEXT})",
                ((root.number, text(root.path)) for root in roots),
            )
            _add_pictures(db, store, roots)
            _add_unknown(db, store)
            _revive(db, roots)
            told.unknown = _count(db, "size < 0")
            told.pictures = _count(db, "size >= 0")
    finally:
        catalog.close()
    return told


def _add_pictures(db: sqlite3.Connection, store: Path, roots: list[KnownRoot]) -> None:
    """Add the pictures of the parts as missing; of one that several parts tell the last counts."""
    numbers = {root.number for root in roots}
    for ids, origins in stored_origins(Output("thumbs", store / "thumbs")):
        db.executemany(
            "INSERT OR REPLACE INTO images (id, root_id, path, size, mtime_ns, digest, width, "
            f"height, format, status) VALUES (?, ?, {TEXT}, ?, ?, ?, ?, ?, ?, 'missing')",
            (
                (image_id, root, text(path), *rest)
                for image_id, (root, path, *rest) in zip(ids.tolist(), origins, strict=True)
                if root in numbers
            ),
        )


def stored_origins(thumbs: Output) -> Iterator[tuple[Ids, list[Origin]]]:
    """Yield the ids of each sound part of thumbnails, and of which files they are."""
    for part in thumbs.parts():
        if part_problem(thumbs, part) is None and (part / ORIGINS).is_file():
            ids = load_ids(part)
            try:
                yield ids, read_origins((part / ORIGINS).read_bytes(), len(ids))
            except StoreError:
                continue


def _add_unknown(db: sqlite3.Connection, store: Path) -> None:
    """Add pictures of which there are rows and nothing is known, so that none shows the rows."""
    db.execute(f"INSERT INTO roots (path) VALUES ({TEXT})", [text(_NOWHERE)])
    (nowhere,) = db.execute("SELECT max(id) FROM roots").fetchone()
    for output in outputs_of(store):
        for part in output.parts():
            if part_problem(output, part) is None:
                db.executemany(
                    "INSERT OR IGNORE INTO images (id, root_id, path, size, mtime_ns, status) "
                    "VALUES (?, ?, '', -1, -1, 'missing')",
                    ((image_id, nowhere) for image_id in load_ids(part).tolist()),
                )
    if not _count(db, "size < 0"):
        db.execute("DELETE FROM roots WHERE id = ?", [nowhere])


def _revive(db: sqlite3.Connection, roots: list[KnownRoot]) -> None:
    """Take the newest picture at each place of a root that held pictures for there.

    The scan that follows sees which are; those of a root that is away stay.
    """
    for root in roots:
        if not root.held:
            continue
        newest = "SELECT max(id) FROM images WHERE root_id = ? AND digest IS NOT NULL GROUP BY path"
        db.execute(f"UPDATE images SET status = 'ok' WHERE id IN ({newest})", [root.number])
        ok = "SELECT id, path FROM images WHERE root_id = ? AND status = 'ok'"
        folders = {
            image_id: folder_label(FoundFile(root.path, path, 0, 0))
            for image_id, path in db.execute(ok, [root.number])
        }
        add_labels(db, FOLDER, folders)


def _count(db: sqlite3.Connection, where: str) -> int:
    return int(db.execute(f"SELECT count(*) FROM images WHERE {where}").fetchone()[0])


def _set_aside(path: Path) -> Path | None:
    """Give a catalog and its log another name; return it, None where there is none."""
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
