"""`RemoteStore`: a store in object storage, read at one state and committed to.

    RemoteStore.open(url) ──▶ entries, read, read_range        of the state it was opened at
    put_blob … commit({path: entry or None})                   the next state, or ConflictError

It mirrors the files of a local store by content (`imgrec.remote.manifest`). SQLite never works on
object storage: the catalog is a snapshot. Blobs that no manifest names are left where they are
until somebody prunes; a commit that lost, or a killed push, leaves such blobs, and the next one
finds and uses them.

Invariant: a manifest is created only after all blobs it names are there. So whoever reads one can
read all of it, however many write meanwhile.
"""

from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor

from imgrec.errors import StoreError
from imgrec.objects.errors import MissingObjectError, ObjectError
from imgrec.objects.objects import Objects
from imgrec.objects.opening import objects_at
from imgrec.remote.blobs import Blobs
from imgrec.remote.manifest import (
    ANY,
    EMPTY,
    MANIFESTS,
    MOST_BYTES,
    ONE,
    Entry,
    Manifest,
    decode_manifest,
    decode_sheet,
    encode_sheet,
    manifest_key,
    number_in,
)
from imgrec.remote.places import is_mirrored, may_hold, sheet_of
from imgrec.remote.preflight import preflight
from imgrec.remote.prune_lock import refuse_while_pruned

_THREADS = 16
Changes = Mapping[str, Entry | None]


class ConflictError(StoreError):
    """Another process has committed since this state was read: read again, and merge."""


class RemoteStore:
    """A store in object storage, at the state of one manifest.

    Attributes:
        objects: all objects of its address.
        blobs: contents by digest.
        manifest: the state that is read.
    """

    def __init__(self, objects: Objects, manifest: Manifest) -> None:
        """Read a state; see `open` and `create`."""
        self.objects = objects
        self.blobs = Blobs(objects)
        self.manifest = manifest
        self._sheets: dict[Entry, dict[str, Entry]] = {}

    @classmethod
    def open(cls, url: str) -> "RemoteStore":
        """Open the store at an address, at its newest state.

        Raises:
            StoreError: there is none, or its manifest is damaged.
            ObjectError: the address cannot be reached.
        """
        objects = objects_at(url)
        manifest = newest(objects)
        if manifest is None:
            where = objects.location()
            raise StoreError(f"there is no store at {where}: imgrec push DIR {where} makes one")
        return cls(objects, manifest)

    @classmethod
    def create(cls, url: str) -> "RemoteStore":
        """Open the store at an address; make an empty one where there is none.

        Raises:
            StoreError: its manifest is damaged, or the store is being pruned.
            ObjectError: the address cannot be reached or written.
        """
        objects = objects_at(url, made=True)
        manifest = newest(objects)
        if manifest is None:
            first = Manifest(EMPTY, committers=ANY if preflight(objects) else ONE)
            # Otherwise another process was faster.
            manifest = first if objects.create(first.key, first.encoded()) else newest(objects)
            assert manifest is not None
        # After the state was read: see `imgrec.remote.prune_lock`.
        refuse_while_pruned(objects)
        return cls(objects, manifest)

    @property
    def url(self) -> str:
        """The address."""
        return self.objects.location()

    def refresh(self) -> Manifest:
        """Read the newest state from now on; return its manifest.

        Raises:
            StoreError: it is gone or damaged.
        """
        found = newest(self.objects, self.manifest.number)
        if found is None:
            raise StoreError(f"the store at {self.url} is gone")
        self.manifest = found
        return found

    def rebase(self) -> Manifest:
        """Read the newest state, to commit on it after a conflict; return its manifest.

        Which contents are there is no longer known but for those of this state, because a prune
        may have committed it.

        Raises:
            StoreError: it is gone or damaged, or the store is being pruned.
        """
        found = self.refresh()
        refuse_while_pruned(self.objects)
        sheets = (self._sheets.get(entry, {}) for entry in found.sheets.values())
        self.blobs.forget(entry.digest for sheet in sheets for entry in sheet.values())
        return found

    def at(self, number: int) -> "RemoteStore | None":
        """Return the store at an earlier state; None if its manifest is gone or damaged."""
        try:
            found = _manifest(self.objects, number)
        except (MissingObjectError, StoreError):
            return None
        earlier = RemoteStore(self.objects, found)
        # Sheets are the same where their content is.
        earlier._sheets = self._sheets
        return earlier

    def entries(self, prefix: str = "") -> dict[str, Entry]:
        """Return the files of the store, by path.

        Args:
            prefix: of the paths, such as `features/mini/`; "" for all.

        Raises:
            StoreError: a sheet is damaged, or names a file that is none of a store.
            ObjectError: a sheet cannot be read.
        """
        names = [name for name in self.manifest.sheets if may_hold(name, prefix)]
        self._load(names)
        found: dict[str, Entry] = {}
        for name in names:
            found |= self._sheets[self.manifest.sheets[name]]
        return {path: entry for path, entry in found.items() if path.startswith(prefix)}

    def read(self, path: str) -> bytes:
        """Return the content of a file, verified.

        Raises:
            StoreError: there is none, or it is damaged.
            ObjectError: it cannot be read.
        """
        return self.blobs.get(self.entry(path), path)

    def read_range(self, path: str, start: int, length: int) -> bytes:
        """Return so many bytes of a file from an offset; they are not verified.

        Raises:
            StoreError: there is no such file, or the range is not within it.
            ObjectError: it cannot be read.
        """
        return self.blobs.read_range(self.entry(path), start, length)

    def entry(self, path: str) -> Entry:
        """Return the entry of a file.

        Raises:
            StoreError: there is none.
        """
        name = sheet_of(path)
        sheet = self._sheet(name) if name in self.manifest.sheets else {}
        if path not in sheet:
            raise StoreError(f"{self.url} has no file {path}")
        return sheet[path]

    def put_blob(self, data: bytes) -> Entry:
        """Write a content unless it is there; return its entry, for `commit`.

        Raises:
            ObjectError: it cannot be written.
        """
        return self.blobs.put(data)

    def commit(
        self, changes: Changes, cost: Mapping[str, float] | None = None, *, whole: bool = False
    ) -> Manifest:
        """Write the next state; read it from now on.

        Args:
            changes: {path: entry of a blob that is there, None to remove the file}.
            cost: what the store took so far, by name, such as `cpu_s`; None for that of the state
                before.
            whole: the changes are all files of the store, whose sheets cannot be read.

        Raises:
            ConflictError: another process committed since this state was read. The same changes
                can be committed after `refresh`, if they still are what is wanted.
            ObjectError: something cannot be written; the state stays what it was.
            StoreError: no number is left for another state.
            ValueError: a path is none of a store.
        """
        sheets = self._changed(changes, {} if whole else self.manifest.sheets)
        number, previous = self.manifest.number + 1, self.manifest.digest()
        if number_in(manifest_key(number)) is None:
            raise StoreError(
                f"{self.url} has the last number that a state can have ({self.manifest.number}): "
                "push the store to another address"
            )
        # The state of this number may have been pruned, so that it is free again.
        if (now := newest(self.objects, self.manifest.number)) and now.number > number:
            raise self._conflict()
        committers = self.manifest.committers
        cost = self.manifest.cost if cost is None else cost
        made = Manifest(number, previous, sheets, committers, dict(cost))
        self._create(made)
        self.manifest = made
        return made

    def _create(self, made: Manifest) -> None:
        data = made.encoded()
        # Where `create` overwrites, a manifest that is there must not be written again.
        there = made.committers == ONE and self.objects.head(made.key) is not None
        if not there and self.objects.create(made.key, data):
            return
        # It is there already: by another process, or by this one, if an answer was lost.
        if self.objects.get(made.key, most_bytes=MOST_BYTES)[0] != data:
            raise self._conflict()

    def _conflict(self) -> ConflictError:
        return ConflictError(
            f"another process has committed to {self.url} meanwhile: run the same command again"
        )

    def _changed(self, changes: Changes, before: Mapping[str, Entry]) -> dict[str, Entry]:
        """Return the sheets of the next state; those that change are written as blobs."""
        grouped: dict[str, dict[str, Entry | None]] = {}
        for path, entry in changes.items():
            if not is_mirrored(path):
                raise ValueError(f"{path!r} is no path of a file that a store shares")
            grouped.setdefault(sheet_of(path), {})[path] = entry
        sheets = dict(before)
        self._load(name for name in grouped if name in sheets)
        for name, changed in grouped.items():
            now = {**(self._sheet(name) if name in sheets else {}), **changed}
            kept = {path: entry for path, entry in now.items() if entry is not None}
            sheets.pop(name, None)
            if kept:
                sheets[name] = self.put_blob(encode_sheet(kept))
                self._sheets[sheets[name]] = kept
        return sheets

    def _sheet(self, name: str) -> dict[str, Entry]:
        self._load([name])
        return self._sheets[self.manifest.sheets[name]]

    def _load(self, names: Iterable[str]) -> None:
        wanted = [name for name in names if self.manifest.sheets[name] not in self._sheets]
        if not wanted:
            return
        with ThreadPoolExecutor(min(_THREADS, len(wanted))) as pool:
            for name, sheet in zip(wanted, pool.map(self._read_sheet, wanted), strict=True):
                self._sheets[self.manifest.sheets[name]] = sheet
                self.blobs.known(entry.digest for entry in sheet.values())

    def _read_sheet(self, name: str) -> dict[str, Entry]:
        entry = self.manifest.sheets[name]
        where = f"the sheet {name} of {self.url}"
        if entry.size > MOST_BYTES:
            raise StoreError(f"{where} is said to have {entry.size:,} bytes: it is not read")
        return decode_sheet(self.blobs.get(entry, where), name, where)


def newest(objects: Objects, least: int = 0) -> Manifest | None:
    """Return the manifest of the highest number; None where there is none.

    Args:
        objects: of the store's address.
        least: a number that was there, from which on is looked.

    Raises:
        StoreError: it is damaged.
        ObjectError: the address cannot be reached.
    """
    after = manifest_key(least - 1) if least > 1 else ""
    numbers = (number_in(info.key) for info in objects.list(MANIFESTS, after))
    try:
        highest = max((number for number in numbers if number is not None), default=None)
    except MissingObjectError as error:
        raise ObjectError(
            f"{objects.location()} cannot be listed: there is no such bucket, or it is not yours"
        ) from error
    return None if highest is None else _manifest(objects, highest)


def _manifest(objects: Objects, number: int) -> Manifest:
    key = manifest_key(number)
    where = objects.location(key)
    found = decode_manifest(objects.get(key, most_bytes=MOST_BYTES)[0], where)
    if found.number != number:
        raise StoreError(f"{where} says that it is number {found.number}: it is not used")
    return found
