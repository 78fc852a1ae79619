"""The working copy of a driver: a local store that follows one in object storage.

A run scans, plans and makes indexes in it as in any store, and what it changed is committed as the
next state. What crews made elsewhere is brought when it is applied; a *lean* copy leaves vectors
and small pictures where they are. Invariant: what is in the copy and not in object storage can be
made again, so the copy may be deleted at any time but while a driver works with it.
"""

import tempfile
from collections.abc import Mapping
from functools import partial
from pathlib import Path

import platformdirs

from imgrec.cluster.cost import Cost, Meter, summed
from imgrec.cluster.fingerprint import digest_of
from imgrec.collection.digest import catalog_digest
from imgrec.collection.snapshot import write_snapshot
from imgrec.errors import StoreError
from imgrec.remote.bring import bring
from imgrec.remote.local import LocalFiles
from imgrec.remote.manifest import Entry
from imgrec.remote.part_vectors import RemoteParts
from imgrec.remote.places import CATALOG_PATH, STORE_PATH, by_unit
from imgrec.remote.pull import pull
from imgrec.remote.store import ConflictError, RemoteStore
from imgrec.store.lean_parts import is_large
from imgrec.store.manifest import is_store
from imgrec.store.part_work import PartWork
from imgrec.store.pulled import CONTENTS, NOTHING, Pulled, read_pulled, write_pulled
from imgrec.store.store import Store


def default_work(url: str) -> Path:
    """Return the folder of the working copy of a store in object storage, in the user's cache."""
    return platformdirs.user_cache_path("imgrec") / "work" / digest_of(url)[:16]


class WorkingCopy:
    """A local store that follows one in object storage.

    Attributes:
        folder: of the local store.
        remote: the store in object storage, at the state that the copy follows.
    """

    def __init__(self, url: str, folder: Path, *, lean: bool = False) -> None:
        """Bring the copy to the newest state.

        Args:
            url: the address; an empty store is made there if there is none.
            folder: of the copy; absent, or one that followed this address before.
            lean: bring nothing that is large in parts (`imgrec.store.lean_parts`).

        Raises:
            StoreError: the folder is a store of its own, or holds something else.
            ObjectError: the address cannot be reached or written.
        """
        self.folder = folder
        self.remote = RemoteStore.create(url)
        self._is_lean = lean
        before = read_pulled(folder) if folder.is_dir() else None
        if is_store(folder) and (before is None or before.url != self.remote.url):
            raise StoreError(
                f"{folder} is a store of its own, no working copy of {self.remote.url}: name "
                "another folder by --work, or imgrec push it there"
            )
        if STORE_PATH in self.remote.entries():
            # Not the newest state but that of the copy, which others may have left behind.
            # Parts that were applied and not committed are applied again.
            done = pull(url, folder, contents=not lean, force=True, discard=True)
            state = self.remote.at(done.number)
            if state is None:
                raise ConflictError(f"a state of {url} is gone: run the same command again")
            self.remote = state
            with Store.open(folder) as store:
                self._catalog_was = catalog_digest(store.catalog)
        else:
            Store.create(folder).close()
            write_pulled(folder, Pulled(self.remote.url, {}, self._lacks))
            self._catalog_was = ""
        self._there = self.remote.entries()
        # Of parts that crews made, which no state has yet.
        self._added: dict[str, Entry] = {}
        self._spent: Cost = {}
        self._meter = Meter(self.remote.objects.traffic)

    @property
    def _lacks(self) -> str:
        return CONTENTS if self._is_lean else NOTHING

    def part_work(self) -> PartWork | None:
        """Return how vectors that the copy lacks are worked on; None where it has all."""
        if not self._is_lean:
            return None
        return PartWork(vectors=partial(RemoteParts, self.remote.url))

    def is_applied(self, files: Mapping[str, Entry]) -> bool:
        """Return True if all these files are those of the state; False of no files."""
        return bool(files) and all(self._there.get(path) == of for path, of in files.items())

    def is_free(self, files: Mapping[str, Entry]) -> bool:
        """Return True if the state has no file of these paths."""
        return not any(path in self._there for path in files)

    def add(self, files: Mapping[str, Entry]) -> None:
        """Bring new parts, which a commit takes into the state.

        Args:
            files: of whole parts, by path; their blobs are there.

        Raises:
            ObjectError: one cannot be read.
        """
        self._added |= files
        self.remote.blobs.known(entry.digest for entry in files.values())
        wanted = {path: of for path, of in files.items() if not (self._is_lean and is_large(path))}
        bring(self.remote, self.folder, by_unit(wanted), quiet=True)

    def spend(self, cost: Mapping[str, float]) -> None:
        """Add a cost to that of the next commit."""
        self._spent = summed([self._spent, cost])

    def commit(self, store: Store) -> None:
        """Commit the state of the copy, if it has changed.

        Args:
            store: the open copy.

        Raises:
            ConflictError: another driver has committed meanwhile.
            ObjectError: something cannot be written.
        """
        changes = self._changes()
        now = catalog_digest(store.catalog)
        if now != self._catalog_was or CATALOG_PATH not in self._there:
            changes[CATALOG_PATH] = self._snapshot()
        if changes:
            self.spend(self._meter.lap_of_traffic())
            cost = summed([self.remote.manifest.cost, self._spent])
            manifest = self.remote.commit(changes, cost)
            self._spent = {}
            state = {manifest.number: manifest.digest()}
            write_pulled(self.folder, Pulled(self.remote.url, state, self._lacks))
            self._there, self._catalog_was = self.remote.entries(), now
            self._added = {}

    def _changes(self) -> dict[str, Entry | None]:
        """Return what differs from the state, but for the catalog; its content is written."""
        there, local = by_unit(self._there), LocalFiles(self.folder, {})
        added = by_unit(self._added)
        changes: dict[str, Entry | None] = {}
        for unit in there.keys() - local.units.keys() - {CATALOG_PATH}:
            changes |= dict.fromkeys(there[unit])
        for unit, sizes in local.units.items():
            known = there.get(unit, {})
            if unit == CATALOG_PATH or local.is_of(unit, known):
                continue
            changes |= dict.fromkeys(known)
            if unit in added and local.is_of(unit, added[unit]):
                # A lean copy has not all files of it.
                changes |= added[unit]
            else:
                changes |= {path: self.remote.blobs.put_file(self.folder / path) for path in sizes}
        return changes

    def _snapshot(self) -> Entry:
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / CATALOG_PATH
            write_snapshot(self.folder / CATALOG_PATH, file)
            return self.remote.blobs.put_file(file)
