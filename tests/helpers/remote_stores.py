"""Stores in object storage for tests: made by hand over `file://`, and compared with local ones."""

import sqlite3
from pathlib import Path

from imgrec.remote.places import CATALOG_PATH, FOLDERS, LOOSE, is_mirrored
from imgrec.remote.store import RemoteStore


def url_of(folder: Path) -> str:
    return f"file://{folder}"


def mirrored_files(store: Path) -> dict[str, bytes]:
    """Return the bytes of all files of a store that are mirrored, by path."""
    found = {name: store / name for name in LOOSE if (store / name).is_file()}
    for folder in FOLDERS:
        for path in (store / folder).rglob("*"):
            if path.is_file():
                found[path.relative_to(store).as_posix()] = path
    return {path: place.read_bytes() for path, place in found.items()}


def tables(store: Path) -> list[str]:
    """Return all of a catalog as SQL text."""
    db = sqlite3.connect(f"file:{store / CATALOG_PATH}?mode=ro", uri=True)
    # File names that are no UTF-8.
    db.text_factory = lambda data: data.decode("utf-8", "surrogateescape")
    try:
        return list(db.iterdump())
    finally:
        db.close()


def assert_equal_stores(one: Path, other: Path) -> None:
    """Assert that two stores hold the same: all files byte for byte, the catalog by its tables."""
    left, right = mirrored_files(one), mirrored_files(other)
    assert left.keys() == right.keys()
    assert all(map(is_mirrored, left))
    different = [path for path in left if left[path] != right[path] and path != CATALOG_PATH]
    assert different == []
    assert tables(one) == tables(other)


def commit_files(remote: RemoteStore, files: dict[str, bytes]) -> None:
    """Commit contents under their paths."""
    remote.commit({path: remote.put_blob(data) for path, data in files.items()})


def mirror(store: Path, url: str) -> RemoteStore:
    """Commit all mirrored files of a store, without `push`."""
    remote = RemoteStore.create(url)
    commit_files(remote, mirrored_files(store))
    return remote
