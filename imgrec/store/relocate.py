"""Relocation: a root gets a new path because its disk or folder has been renamed.

Pictures are relative to their root, so only rows of `roots` change; ids and vectors stay. A sample
of the pictures is looked for at the new path first: a wrong path must not be written, because the
next rescan would take every picture for missing.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

import numpy as np

from imgrec.collection import Catalog, Entry
from imgrec.collection.roots import move_roots
from imgrec.errors import PictureError, StoreError
from imgrec.sources.opening import folders_named, has_scheme, overlap, source_at, source_of
from imgrec.sources.root_paths import is_windows_path, path_below
from imgrec.sources.source import PictureSource
from imgrec.store.manifest import read_manifest
from imgrec.store.origins import write_roots
from imgrec.store.store import Store

# Pictures of a root that are looked for at its new path, and the share of them that must be there.
_SAMPLE = 200
_LEAST_FOUND = 0.5


@dataclass(frozen=True)
class Relocation:
    """The result of relocating one root.

    Attributes:
        old: its description before.
        new: its description now.
        found: number of sampled pictures that are at the new place with the same size.
        looked_for: number of sampled pictures.
        pictures: number of pictures of the root.
    """

    old: str
    new: str
    found: int
    looked_for: int
    pictures: int


def relocate(store_path: Path | str, old: Path | str, new: Path | str) -> list[Relocation]:
    """Change the path of the root at `old`, or of all roots below it; all or none.

    Args:
        store_path: the folder of the store.
        old: a root, or a folder that contains roots; it need not exist any more. It is compared
            as text, in the style of the system that the root is of (`imgrec.sources.root_paths`).
        new: the folder that holds the same pictures now.

    Raises:
        StoreError: a name is empty, no root is at or below `old`, the pictures are not below
            `new`, or two roots would overlap.
    """
    if not str(old) or not str(new):
        raise StoreError("--relocate has an empty name: write the folder of before and that of now")
    target = source_at(new)
    with Store.create(_existing(store_path)) as store, store.writing():
        known = store.catalog.roots()
        moves = {
            root: target.location(path) for root, path in _roots_below(str(old), known).items()
        }
        _check_overlap(store.catalog, moves)
        done = [_checked(store.catalog, root, place) for root, place in moves.items()]
        if not any(one.pictures for one in done) and target.identity() is None:
            where = target.location()
            raise StoreError(f"{where} is not a folder: name where the pictures are now")
        move_roots(store.catalog, moves)
        write_roots(store.path, store.catalog)
    return [one for one in done if one.pictures] or done


def _existing(store_path: Path | str) -> Path:
    read_manifest(Path(store_path))
    return Path(store_path)


def _roots_below(old: str, known: Collection[str]) -> dict[str, str]:
    """Return {root: its path below `old`} of the roots there.

    As it was typed comes first: it may be a place of another system. Then it is taken for a path
    of this one, from the working folder and with its links resolved.

    Raises:
        StoreError: no root is there.
    """
    for place in (old, *([] if is_windows_path(old) else folders_named(old))):
        paths = {root: _path_of(place, root) for root in known}
        below = {root: path for root, path in paths.items() if path is not None}
        if below:
            return below
    listed = ", ".join(known) or "none"
    raise StoreError(f"the store has no folder {old} (there: {listed}): name one of these")


def _path_of(place: str, root: str) -> str | None:
    if has_scheme(place):
        return source_of(place.rstrip("/")).path_of(root)
    is_absolute = is_windows_path(place) or place.startswith("/")
    return path_below(root, place) if is_absolute else None


def _check_overlap(catalog: Catalog, moves: Mapping[str, str]) -> None:
    """Raise StoreError if a moved root would overlap with another root that holds pictures."""
    held = catalog.held_roots()
    after = [source_of(moves.get(root, root)) for root in held]
    for one, other in combinations(after, 2):
        if overlap(one, other):
            raise StoreError(
                f"{one.location()} and {other.location()} would overlap: the store holds pictures "
                "of both; make those of one leave by imgrec index FOLDER --only first"
            )


def _checked(catalog: Catalog, root: str, place: str) -> Relocation:
    """Look for a sample of a root's pictures at its new path.

    Raises:
        StoreError: less than half of the sample is there.
    """
    ids = catalog.ids_under(root)
    chosen = ids[np.unique(np.linspace(0, len(ids) - 1, min(len(ids), _SAMPLE)).astype(int))]
    entries = catalog.entries(chosen)
    target = source_of(place)
    found = sum(_is_there(target, entry) for entry in entries)
    if found < _LEAST_FOUND * len(entries):
        example = next(e.path for e in entries if not _is_there(target, e))
        raise StoreError(
            f"{place} does not hold the pictures of {root}: of {len(entries)} looked for {found} "
            f"are there, {example} is not: name the folder that holds them"
        )
    return Relocation(root, place, found, len(entries), len(ids))


def _is_there(source: PictureSource, entry: Entry) -> bool:
    """Return True if a source has a picture of the same size at the same path."""
    try:
        listed = source.find(entry.path)
    except PictureError:
        return False
    return listed is not None and listed.size == entry.size
