"""A root under a new path: the disk has another letter, the folder another name."""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

import numpy as np

from imgrec.collection import Catalog
from imgrec.collection.roots import move_roots
from imgrec.errors import StoreError
from imgrec.store.origins import write_roots
from imgrec.store.store import Store

_SAMPLE = 200  # pictures of a root that are looked for at its new place
_LEAST_FOUND = 0.5


@dataclass(frozen=True)
class Relocation:
    """A root that has another path now.

    Attributes:
        old: the path it had.
        new: the path it has.
        found: of `looked_for` pictures spread over it, those at their places, of the same size.
        looked_for: how many were looked for.
        pictures: that it holds.
    """

    old: str
    new: str
    found: int
    looked_for: int
    pictures: int


def relocate(store_path: Path | str, old: Path | str, new: Path | str) -> list[Relocation]:
    """Give the root at `old`, or all roots below it, their new paths; nothing else changes.

    Args:
        store_path: of the store.
        old: a root, or a folder that roots lay below; need not be there any more.
        new: the folder that has its content now.

    Raises:
        StoreError: there is no such root, its pictures are not below `new`, or roots would
            overlap; nothing is changed then.
    """
    source, target = _absolute(old), _absolute(new)
    with Store.create(_existing(store_path)) as store, store.writing():
        known = store.catalog.roots()
        moves = {root: str(target / Path(root).relative_to(source)) for root in known
                 if Path(root).is_relative_to(source)}  # fmt: skip
        _check_known(moves, known, source)
        _check_overlap(store.catalog, moves)
        done = [_checked(store.catalog, root, place) for root, place in moves.items()]
        if not any(one.pictures for one in done) and not target.is_dir():
            raise StoreError(f"{target} is not a folder: name where the pictures are now")
        move_roots(store.catalog, moves)
        write_roots(store.path, store.catalog)
    return [one for one in done if one.pictures] or done


def _existing(store_path: Path | str) -> Path:
    with Store.open(store_path) as store:
        return store.path


def _absolute(path: Path | str) -> Path:
    return Path(path).expanduser().resolve()


def _check_known(moves: Mapping[str, str], known: Mapping[str, int], source: Path) -> None:
    if not moves:
        listed = ", ".join(known) or "none"
        raise StoreError(f"the store has no folder {source} (there: {listed}): name one of these")


def _check_overlap(catalog: Catalog, moves: Mapping[str, str]) -> None:
    """Refuse paths that would overlap with those of other roots that hold pictures."""
    held = catalog.held_roots()
    after = [Path(moves.get(root, root)) for root in held]
    for one, other in combinations(after, 2):
        if one.is_relative_to(other) or other.is_relative_to(one):
            raise StoreError(
                f"{one} and {other} would overlap: the store holds pictures of both; make those "
                "of one leave by python -m imgrec.index FOLDER --only first"
            )


def _checked(catalog: Catalog, root: str, place: str) -> Relocation:
    """Look for a sample of a root's pictures at its new place."""
    ids = catalog.ids_under(root)
    chosen = ids[np.unique(np.linspace(0, len(ids) - 1, min(len(ids), _SAMPLE)).astype(int))]
    entries = catalog.entries(chosen)
    found = sum(_has_size(Path(place, entry.path), entry.size) for entry in entries)
    if found < _LEAST_FOUND * len(entries):
        example = next(e.path for e in entries if not _has_size(Path(place, e.path), e.size))
        raise StoreError(
            f"{place} does not hold the pictures of {root}: of {len(entries)} looked for {found} "
            f"are there, {example} is not: name the folder that holds them"
        )
    return Relocation(root, place, found, len(entries), len(ids))


def _has_size(file: Path, size: int) -> bool:
    try:
        return file.stat().st_size == size
    except (OSError, ValueError):
        return False
