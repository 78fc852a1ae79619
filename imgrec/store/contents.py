"""A fingerprint of what a store holds, for outputs that are written again only if that changed.

Of the catalog the rows count, not the file, since SQLite rewrites that without a change. A folder
with a sidecar (`imgrec.store.kept`) counts by its sidecar, which has the checksums of its files, so
that the same content kept once more is the same. All other files of a store are immutable and
replaced whole; they count by size, times and inode, whose time of change cannot be set.

Cost: in proportion to the rows of the catalog, which are most of it.
"""

import os
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from imgrec.collection import Catalog
from imgrec.collection.digest import catalog_digest
from imgrec.sources.opening import source_of
from imgrec.store.kept import SIDECAR
from imgrec.store.store import Store
from imgrec.system.made_of import fingerprint

# Name, size, times and inode of a file, or name and bytes of a sidecar.
_Described = tuple[str, ...] | tuple[str, bytes]


@dataclass(frozen=True)
class Materials:
    """What an output is made of in a store.

    A command that writes an output keeps in the store what it computed, from which the next run of
    it goes on. So the inputs are those after the run, and they are known only if nothing else has
    changed meanwhile: `read_only` must be the same before and after.

    Attributes:
        read: paths that the command only reads.
        kept: paths of what it keeps in the store itself.
        labels: kinds of labels that it keeps.
    """

    read: tuple[Path, ...]
    kept: tuple[Path, ...] = ()
    labels: tuple[str, ...] = ()

    def read_only(self, store: Store) -> str:
        """Return a fingerprint of what the command reads and does not write itself."""
        return contents_of(store, self.read, self.labels)

    def whole(self, store: Store) -> str:
        """Return a fingerprint of all that the next output is made of."""
        return contents_of(store, (*self.read, *self.kept))


@dataclass(frozen=True)
class Inputs:
    """All that an output is made of: what lies outside of the store is taken once.

    Attributes:
        store: open.
        materials: what the output is made of in the store.
        around: all else: options, places, the program, and what was found outside of the store. It
            is what the output is drawn with.
    """

    store: Store
    materials: Materials
    around: object

    def given(self) -> str:
        """Return a fingerprint of all that the command reads and does not write itself."""
        return fingerprint(self.around, self.materials.read_only(self.store))

    def whole(self) -> str:
        """Return a fingerprint of all that the next output is made of."""
        return fingerprint(self.around, self.materials.whole(self.store))

    def whole_if(self, given: str) -> str:
        """Return `whole()` if what was given before the output was drawn is still so, else ""."""
        whole = self.whole()
        return whole if self.given() == given else ""


def reachable_roots(catalog: Catalog) -> frozenset[str]:
    """Return the roots of a catalog that are there now, so that outputs can link to pictures."""
    return frozenset(root for root in catalog.roots() if source_of(root).identity() is not None)


def contents_of(store: Store, places: Iterable[Path], without: Collection[str] = ()) -> str:
    """Return a fingerprint of the catalog and of some files and folders of a store.

    Args:
        store: open.
        places: of these paths everything below counts; one that is absent counts as such.
        without: kinds of labels that do not count.

    Raises:
        OSError: a folder cannot be listed.
    """
    described = [(place.name, list(_described(place))) for place in places]
    return fingerprint(catalog_digest(store.catalog, without), described)


def _described(place: Path) -> Iterator[_Described]:
    """Yield what tells whether a file, or anything in a folder, has changed; by name."""
    if not place.is_dir():
        if place.exists():
            yield _stamp("", place.stat())
        return
    entries = sorted(os.scandir(place), key=lambda entry: entry.name)
    sidecar = next((entry for entry in entries if entry.name == SIDECAR), None)
    if sidecar is not None:
        yield SIDECAR, Path(sidecar.path).read_bytes()
        yield from ((entry.name, str(entry.stat().st_size)) for entry in entries)
        return
    for entry in entries:
        if entry.is_dir():
            yield from ((f"{entry.name}/{one[0]}", *one[1:]) for one in _described(Path(entry)))
        else:
            yield _stamp(entry.name, entry.stat())


def _stamp(name: str, state: os.stat_result) -> tuple[str, ...]:
    numbers = state.st_size, state.st_mtime_ns, state.st_ctime_ns, state.st_ino
    return name, *map(str, numbers)
