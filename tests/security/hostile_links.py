"""Symbolic links, hard links, FIFOs, sockets and folders in the place of a store's files."""

import os
import socket
import tempfile
from pathlib import Path

from attack import Attack
from ground import Ground, Spoil, remove
from signing import set_json

_FOLDERS = {
    "features": "",
    "features/mini": "Documents/mini",
    "features/mini/part-000000": "Documents/mini/part-000000",
    "thumbs": "Documents",
    "thumbs/part-000000": "Documents/mini/part-000000",
    "previews": "Documents",
    "previews/part-000000": "Documents/mini/part-000000",
    "classes": "Documents",
    "classes/mini": "Documents/mini",
    "relations": "",
    "relations/theirs+mini": "theirs+mini",
    "indexes": "",
    "indexes/mini": "mini",
    "indexes/mini/kmeans-few": "mini",
    "knn": "",
    "knn/mini": "Documents/mini",
    "layouts": "Documents",
    "layouts/mini": "Documents/mini",
    "communities": "Documents",
    "duplicates": "Documents",
    "verdicts": "Documents",
    "projector": "",
    "projector/mini": "mini",
    "damaged": "",
    "damaged/features": "",
}
_FILES = (
    "store.json",
    "catalog.sqlite",
    "catalog.sqlite-wal",
    "catalog.sqlite-shm",
    "catalog.sqlite-journal",
    "roots.json",
    "colors.json",
    "graph.json",
    "damaged.json",
    "pulled.json",
    "lock",
    "classes/labels.json",
    "classes/mini/classes.json",
    "features/mini/feature.json",
    "features/mini/part-000000/part.json",
    "features/mini/part-000000/ids.npy",
    "features/mini/part-000000/vectors.npy",
    "thumbs/part-000000/thumbs.bin",
    "thumbs/part-000000/pictures.json",
    "previews/part-000000/previews.bin",
    "knn/mini/kept.json",
    "knn/mini/neighbors.npy",
    "indexes/mini/hnsw/hnsw.usearch",
)
_PIPED = (
    "store.json",
    "catalog.sqlite",
    "catalog.sqlite-wal",
    "roots.json",
    "colors.json",
    "graph.json",
    "damaged.json",
    "pulled.json",
    "lock",
    "features/mini/feature.json",
    "features/mini/part-000000/part.json",
    "features/mini/part-000000/ids.npy",
    "thumbs/part-000000/thumbs.bin",
    "thumbs/part-000000/pictures.json",
    "previews/part-000000/previews.bin",
    "classes/mini/classes.json",
    "knn/mini/kept.json",
    "knn/mini/ids.npy",
)
_ENDLESS = (
    "store.json",
    "roots.json",
    "damaged.json",
    "pulled.json",
    "features/mini/feature.json",
    "features/mini/part-000000/part.json",
    "knn/mini/kept.json",
    "thumbs/part-000000/thumbs.bin",
    "previews/part-000000/offsets.npy",
)
_AS_FOLDERS = (
    "store.json",
    "catalog.sqlite",
    "roots.json",
    "colors.json",
    "graph.json",
    "damaged.json",
    "pulled.json",
    "lock",
    "features/mini/feature.json",
    "features/mini/part-000000/ids.npy",
    "thumbs/part-000000/thumbs.bin",
    "knn/mini/kept.json",
    "classes/mini/classes.json",
)
# Files that are only a memory of earlier runs, which go on without them.
_UNTOLD = ("colors.json", "graph.json", "damaged.json", "lock")
# Folders that are replaced whole; a file of the owner lies in one.
_REPLACED = (
    "knn/mini",
    "communities",
    "duplicates",
    "verdicts",
    "indexes/mini/kmeans-few",
    "indexes/mini/pca-50",
    "projector/mini",
    "relations/theirs+mini",
)


def _to_home(place: str, target: str) -> Spoil:
    return lambda ground: _ready(ground, place) and ground.into_home(ground.store / place, target)


def _ready(ground: Ground, place: str) -> bool:
    (ground.store / place).parent.mkdir(parents=True, exist_ok=True)
    return True


def _to_letter(place: str) -> Spoil:
    return _to_home(place, "letter.txt")


def _moved_out(place: str) -> Spoil:
    """Return what moves a file or folder of the store out of it, and leaves a link to it."""

    def spoil(ground: Ground) -> None:
        outside = ground.home / "moved"
        (ground.store / place).rename(outside)
        ground.into_home(ground.store / place, "moved")

    return spoil


def _fifo(place: str) -> Spoil:
    def spoil(ground: Ground) -> None:
        _ready(ground, place)
        remove(ground.store / place)
        os.mkfifo(ground.store / place)

    return spoil


def _socket(ground: Ground) -> None:
    # The address of a socket holds a hundred letters.
    with tempfile.TemporaryDirectory() as short, socket.socket(socket.AF_UNIX) as made:
        made.bind(f"{short}/s")
        remove(ground.store / "roots.json")
        Path(short, "s").rename(ground.store / "roots.json")


def _endless(place: str) -> Spoil:
    def spoil(ground: Ground) -> None:
        remove(ground.store / place)
        (ground.store / place).symlink_to("/dev/zero")

    return spoil


def _folder(place: str) -> Spoil:
    def spoil(ground: Ground) -> None:
        remove(ground.store / place)
        (ground.store / place).mkdir(parents=True)
        (ground.store / place / "letter.txt").write_text("mine")

    return spoil


# Files that SQLite writes in place, by the ending of their names.
_BESIDE = ("shm", "wal", "journal")


def _hard_link(place: str) -> Spoil:
    def spoil(ground: Ground) -> None:
        remove(ground.store / place)
        (ground.store / place).hardlink_to(ground.home / "letter.txt")

    return spoil


def _treasure(folder: str) -> Spoil:
    """Return what puts a file of the owner into a folder, and makes it stale by a new encoder."""

    def spoil(ground: Ground) -> None:
        place = ground.store / folder
        place.mkdir(parents=True, exist_ok=True)
        (place / "notes").mkdir()
        (place / "notes/letter.txt").write_text("mine")
        (place / "letter.txt").write_text("mine")
        # Whoever needs the folder makes it again.
        (place / "kept.json").write_text("{}")

    return spoil


def _unsigned(folder: str) -> Spoil:
    """Return what puts the owner's folder into the place of one that is replaced whole."""

    def spoil(ground: Ground) -> None:
        place = ground.store / folder
        remove(place)
        place.mkdir(parents=True)
        (place / "letter.txt").write_text("mine")

    return spoil


def _relation_between(ground: Ground) -> None:
    """Lead `knn` into the owner's home, and call a feature as a folder there."""
    for place in ("features", "indexes"):
        (ground.store / place / "mini").rename(ground.store / place / "%44ocuments")
    set_json(ground.store / "features/%44ocuments/feature.json", name="Documents")
    set_json(ground.store / "store.json", encoder="Documents")
    (ground.home / "%44ocuments").mkdir()
    (ground.home / "%44ocuments/letter.txt").write_text("mine")
    ground.into_home(ground.store / "knn")


def _temporary_link(ground: Ground) -> None:
    for place in ("", "knn", "features/mini", "thumbs"):
        (ground.store / place / ".tmp-link").symlink_to(ground.home / "Documents")


def _extra_link(ground: Ground) -> None:
    (ground.store / "features/mini/part-000001").symlink_to(ground.home / "Documents")


HOSTILE_LINKS = [
    *(Attack(f"link to a folder: {p}", _to_home(p, to)) for p, to in _FOLDERS.items()),
    *(Attack(f"link to a file: {place}", _to_letter(place)) for place in _FILES),
    *(Attack(f"moved out: {p}", _moved_out(p)) for p in ("knn/mini", "features", "catalog.sqlite")),
    Attack("link of knn, and a feature that is called Documents", _relation_between),
    Attack("links with temporary names", _temporary_link),
    Attack("link as one part more", _extra_link),
]
HOSTILE_FILES = [
    *(Attack(f"FIFO: {place}", _fifo(place)) for place in _PIPED),
    Attack("socket: roots.json", _socket),
    *(Attack(f"endless device: {place}", _endless(place)) for place in _ENDLESS),
    *(
        Attack(
            f"folder: {place}",
            _folder(place),
            found=place not in _UNTOLD,
            treasures=(f"{place}/letter.txt",),
        )
        for place in _AS_FOLDERS
    ),
    Attack("hard link: lock", _hard_link("lock"), found=False),
    *(Attack(f"hard link: catalog.sqlite-{e}", _hard_link(f"catalog.sqlite-{e}")) for e in _BESIDE),
    *(
        Attack(
            f"owner's files in {place}",
            _treasure(place),
            treasures=(f"{place}/letter.txt", f"{place}/notes/letter.txt"),
        )
        for place in _REPLACED
    ),
    *(
        Attack(f"owner's folder as {place}", _unsigned(place), treasures=(f"{place}/letter.txt",))
        for place in _REPLACED
    ),
]
