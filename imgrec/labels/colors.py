"""The label `color`: written by indexing, completed here from the thumbnails.

colors.json in the store holds the version of the rule that made the labels. An id stands for
one content, so a label changes only with the rule's version; then all are made again.
"""

import json
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from imgrec.collection import Ids
from imgrec.collection.kinds import COLOR
from imgrec.errors import StoreError
from imgrec.labels.keep import keep_labels
from imgrec.pictures.color_word import VERSION, color_of
from imgrec.store.paths import StorePaths
from imgrec.store.store import Store
from imgrec.store.thumbnails import DAMAGED
from imgrec.system.atomic_files import write_text
from imgrec.system.json_files import json_or_none
from imgrec.system.progress import progress
from imgrec.system.stage_costs import COLORS


def begin_colors(store: Store) -> None:
    """Write the rule's version, before indexing writes the first label.

    Not if there are labels of another version; `update_colors` replaces those.
    """
    if not _is_current(store.path) and COLOR not in store.catalog.labels.kinds():
        _write_version(store.path)


def lacks_colors(store: Store) -> bool:
    """True if an ok picture has no color label, or the labels are of another version."""
    labels = store.catalog.labels
    lacking = bool(len(labels.ids_lacking(COLOR)))
    return lacking or (not _is_current(store.path) and COLOR in labels.kinds())


def update_colors(store: Store, *, quiet: bool = True) -> dict[int, str]:
    """Return the color word of every ok picture; compute and write those that lack.

    If the store cannot be written they are returned only.

    Args:
        store: open.
        quiet: no progress bar.

    Raises:
        StoreError: a thumbnail is absent or damaged.
    """
    ids = store.catalog.ids("ok")
    current = _is_current(store.path)
    kept = store.catalog.labels.of_kind(COLOR) if current else {}
    new = ids[[i not in kept for i in ids.tolist()]]
    if len(new):
        with progress(COLORS, total=len(new), unit="pictures", quiet=quiet) as bar:
            kept |= colors_of(new, store.thumbs().get, bar.update)
        if not keep_labels(store, COLOR, kept) and not current:
            # Without the version they are made again next time.
            with suppress(OSError):
                _write_version(store.path)
    return {image_id: kept[image_id] for image_id in ids.tolist()}


def colors_of(
    ids: Ids,
    thumbnail: Callable[[int], bytes],
    done: Callable[[int], object] = lambda count: None,
) -> dict[int, str]:
    """Return the color word of each picture.

    In one thread, some thousands a second: decoding pictures this small holds the interpreter
    lock so often that two threads gain nothing.

    Args:
        ids: (n,) the pictures.
        thumbnail: returns the JPEG of an image id.
        done: called with 1 after each picture.

    Raises:
        StoreError: a thumbnail is absent or damaged.
    """
    words = {}
    for image_id in ids.tolist():
        words[image_id] = _color(image_id, thumbnail)
        done(1)
    return words


def _color(image_id: int, thumbnail: Callable[[int], bytes]) -> str:
    try:
        return color_of(thumbnail(image_id))
    except DAMAGED as error:
        raise StoreError(
            f"the thumbnail of picture {image_id} is damaged ({error}): delete the folder "
            "thumbs in the store and run imgrec index again"
        ) from error


def _is_current(store_path: Path) -> bool:
    found = json_or_none(StorePaths(store_path).colors, {"version": int})
    return bool(found and found["version"] == VERSION)


def _write_version(store_path: Path) -> None:
    """Write the rule's version; after the labels, so that a killed run makes them again."""
    write_text(StorePaths(store_path).colors, json.dumps({"version": VERSION}) + "\n")
