"""The stores that are measured: synthetic vectors and generated thumbnails."""

import os
import shutil
from pathlib import Path

import numpy as np

import thumbnails
from collection import DIMENSIONS, FIRST_ID, Place, written
from imgrec import Store
from imgrec.collection.kinds import COLOR
from imgrec.labels.colors import begin_colors
from imgrec.pictures.color_word import color_of
from imgrec.store.parts import part_name
from measuring import apart
from thumb_parts import write_thumbs

_PART_ROWS = 1024
# Files that each copy needs for itself; all others are never changed in place.
_OWN = ("catalog.sqlite", "store.json")
_LEFT_OUT = ("rgb", "lock", "knn", "indexes", "projector", "*.sqlite-wal", "*.sqlite-shm")


def made(work: Path, count: int, dimensions: int = DIMENSIONS) -> Place:
    """Return a store of `count` pictures without derived data; write it if it does not exist."""
    usual = dimensions == DIMENSIONS
    name = f"synthetic-{count}" if usual else f"synthetic-{count}-{dimensions}"
    # The histograms are left out of all copies.
    place = Place(work / name, count, dimensions, rgb=False)
    last = place.store / "thumbs" / part_name((count - 1) // _PART_ROWS)
    if not last.is_dir():
        apart(written, place)
        place.matrix.unlink()
        apart(_write_thumbs, place)
    return place


def copied(place: Place, store: Path, count: int, later: int = 0) -> Path:
    """Copy the first pictures into a store of their own, with hard links; return its path.

    Args:
        place: a collection of at least `count` + `later` pictures.
        store: the folder of the copy.
        count: number of indexed pictures.
        later: number of pictures that `indexed` adds.
    """
    shutil.rmtree(store, ignore_errors=True)
    ignored = shutil.ignore_patterns(*_LEFT_OUT)
    shutil.copytree(place.store, store, ignore=ignored, copy_function=_linked)
    with Store.create(store) as opened, opened.catalog.transaction() as db:
        last = count + later - 1 + FIRST_ID
        db.execute("DELETE FROM labels WHERE image_id > ?", [last])
        db.execute("DELETE FROM images WHERE id > ?", [last])
        db.execute("UPDATE images SET status = 'new' WHERE id > ?", [last - later])
    return store


def indexed(store: Path) -> None:
    """Set the status of the later pictures to ok, as indexing does."""
    with Store.create(store) as opened, opened.catalog.transaction() as db:
        db.execute("UPDATE images SET status = 'ok' WHERE status = 'new'")


def _write_thumbs(place: Place) -> None:
    jpegs = thumbnails.generated()
    words = [color_of(jpeg) for jpeg in jpegs]
    with Store.create(place.store) as store, store.writing():
        begin_colors(store)
        chosen = enumerate((np.arange(place.count) * 7919 % len(jpegs)).tolist(), FIRST_ID)
        store.catalog.labels.replace(COLOR, {image_id: words[i] for image_id, i in chosen})
        for first in range(0, place.count, _PART_ROWS):
            rows = np.arange(first, min(first + _PART_ROWS, place.count), dtype=np.int64)
            # Equal ones in succession would stay in the CPU cache.
            of_rows = [jpegs[row * 7919 % len(jpegs)] for row in rows.tolist()]
            write_thumbs(store.paths.thumbs, first // _PART_ROWS, rows + FIRST_ID, of_rows)


def _linked(source: str, copy: str) -> None:
    if Path(source).name in _OWN:
        shutil.copyfile(source, copy)
    else:
        os.link(source, copy)
