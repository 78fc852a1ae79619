"""Push: bring the state of a local store to object storage.

    local files ── local_entries ──▶ merged with what others committed ── upload ──▶ commit

Blobs first, then sheets, then the manifest: whoever reads meanwhile sees the state before, whole.
A push that was killed leaves blobs that no manifest names; the next one finds and uses them. Where
another process commits in between, its state is read and the changes are merged again.
"""

import tempfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from imgrec.collection.snapshot import write_snapshot
from imgrec.errors import StoreError
from imgrec.objects.errors import MissingObjectError
from imgrec.remote.local import LocalFiles, decisive
from imgrec.remote.manifest import EMPTY, ONE, Entry
from imgrec.remote.merge import merged
from imgrec.remote.places import CATALOG_PATH, by_unit
from imgrec.remote.states import common_states
from imgrec.remote.store import ConflictError, RemoteStore
from imgrec.remote.transfers import transferred
from imgrec.store.enclosure import check_enclosed
from imgrec.store.kept import SIDECAR
from imgrec.store.manifest import read_manifest as read_settings
from imgrec.store.manifest import writing_lock
from imgrec.store.parts import read_manifest
from imgrec.store.paths import StorePaths
from imgrec.store.pulled import NOTHING, Pulled, check_whole, read_pulled, write_pulled
from imgrec.system.advice import quoted
from imgrec.system.atomic_files import remove_temporaries, temporary_prefix

PUSHING = "writing the store"
_SHOWN = 3
_TRIES = 20


@dataclass(frozen=True)
class PushDone:
    """What a push did.

    Attributes:
        number: of the manifest that has the state now.
        files: number of files that were committed.
        size: their bytes.
        removed: number of files that were removed.
        one_committer: True if the storage cannot refuse to overwrite.
        new: True if the store there was empty.
    """

    number: int
    files: int
    size: int
    removed: int
    one_committer: bool
    new: bool


def push(folder: Path, url: str, *, force: bool = False, quiet: bool = True) -> PushDone:
    """Bring the state of a local store to an address; the store there is made if there is none.

    Args:
        folder: of the local store.
        url: the address.
        force: where both were changed take the local side, and remove what is not local; look
            whether each content is there, and write again what is lost or cut off.
        quiet: show no progress.

    Raises:
        StoreError: there is no local store, it is damaged or incomplete, or both were changed.
        ObjectError: the address cannot be reached or written.
        OSError: a file cannot be read.
    """
    read_settings(folder)
    check_enclosed(folder)
    check_whole(folder, "imgrec push")
    with ExitStack() as stack:
        stack.enter_context(_locked(folder))
        before = read_pulled(folder)
        remote = RemoteStore.create(url)
        base = {} if force else _base(remote, before, folder)
        local = LocalFiles(folder, before.files if before and before.url == remote.url else {})
        sources = {}
        if not local.is_like(CATALOG_PATH, _only(base, CATALOG_PATH)):
            sources[CATALOG_PATH] = stack.enter_context(_snapshot(folder))
        entries = local_entries(local, base, sources)
        changes = _committed(remote, folder, base, entries, sources, force=force, quiet=quiet)
        _remember(remote, local, entries, before)
    sizes = [entry.size for entry in changes.values() if entry is not None]
    number, one = remote.manifest.number, remote.manifest.committers == ONE
    new = bool(changes) and number == EMPTY + 1
    return PushDone(number, len(sizes), sum(sizes), len(changes) - len(sizes), one, new)


def local_entries(
    local: LocalFiles, base: Mapping[str, Entry], sources: dict[str, Path]
) -> dict[str, Entry]:
    """Return the entries of all mirrored files of a local store.

    A unit whose sidecar is that of the base has its entries from there, and a part from its
    `part.json`: their files are read when they are uploaded, and compared then.

    Args:
        local: the files.
        base: entries that are known.
        sources: the catalog's snapshot; it is left out where the catalog has not changed.

    Raises:
        StoreError: a part is damaged.
    """
    found: dict[str, Entry] = {}
    of_base = by_unit(base)
    for unit, sizes in local.units.items():
        known = of_base.get(unit, {})
        if sizes.keys() == known.keys() and local.is_like(unit, known):
            found |= known
        elif unit == CATALOG_PATH:
            found[unit] = _entry(LocalFiles(sources[unit].parent, {}), sources[unit].name)
        elif decisive(unit, sizes) == unit or f"{unit}/{SIDECAR}" in sizes:
            found |= {path: _entry(local, path) for path in sizes}
        else:
            found |= _part_entries(local, unit)
    return found


def _entry(local: LocalFiles, path: str) -> Entry:
    entry = local.entry(path)
    if entry is None:
        raise StoreError(f"{local.store / path} cannot be read: run imgrec doctor on the store")
    return entry


def _part_entries(local: LocalFiles, unit: str) -> dict[str, Entry]:
    sizes = local.units[unit]
    described = read_manifest(local.store / unit)
    files = described["files"] if described else {}
    found = {f"{unit}/{name}": Entry(of["blake2b"], of["bytes"]) for name, of in files.items()}
    found[decisive(unit, sizes)] = _entry(local, decisive(unit, sizes))
    if not described or {path: entry.size for path, entry in found.items()} != sizes:
        raise StoreError(
            f"{local.store / unit} is damaged: run imgrec index again, which makes it anew, or "
            "imgrec doctor, which tells what is wrong"
        )
    return found


def _committed(
    remote: RemoteStore,
    folder: Path,
    base: Mapping[str, Entry],
    entries: Mapping[str, Entry],
    sources: Mapping[str, Path],
    *,
    force: bool,
    quiet: bool,
) -> dict[str, Entry | None]:
    """Upload and commit; merge again where another process was faster; return what changed."""
    for _ in range(_TRIES):
        there = _there(remote, force=force)
        found = merged(base, entries, there or {}, force=force)
        if found.conflicts:
            raise _conflict(folder, remote.url, found.conflicts)
        wanted = {path: entry for path, entry in found.changes.items() if entry is not None}
        if force:
            # None is known to be there but by looking for it.
            remote.blobs.forget(())
            wanted = dict(entries)
        _upload(remote, folder, wanted, sources, quiet=quiet)
        if not found.changes:
            return {}
        try:
            remote.commit(found.changes, whole=there is None)
        except ConflictError:
            remote.rebase()
        else:
            return found.changes
    raise ConflictError(f"others commit to {remote.url} all the time: run imgrec push later")


def _there(remote: RemoteStore, *, force: bool) -> Mapping[str, Entry] | None:
    """Return the files at the address; None if their list is damaged and is to be replaced."""
    try:
        return remote.entries()
    except (StoreError, MissingObjectError):
        if not force:
            raise
        return None


def _conflict(folder: Path, url: str, units: list[str]) -> StoreError:
    shown = ", ".join(units[:_SHOWN])
    more = f" and {len(units) - _SHOWN:,} more" if len(units) > _SHOWN else ""
    return StoreError(
        f"both {folder} and {url} have changed ({shown}{more}): run imgrec pull {url} into another "
        f"folder to compare, or replace what is there by imgrec push {quoted(folder)} {url} --force"
    )


def _upload(
    remote: RemoteStore,
    folder: Path,
    entries: Mapping[str, Entry],
    sources: Mapping[str, Path],
    *,
    quiet: bool,
) -> None:
    """Write the contents that are not known to be there, several at once."""
    # Files of the same content are one blob.
    missing = {e: path for path, e in entries.items() if not remote.blobs.holds(e.digest)}
    places = {entry: sources.get(path, folder / path) for entry, path in missing.items()}
    transferred(
        lambda entry: remote.blobs.put_file(places[entry], entry),
        list(places), [entry.size for entry in places], PUSHING, quiet=quiet,
    )  # fmt: skip


@contextmanager
def _snapshot(folder: Path) -> Iterator[Path]:
    """Yield a snapshot of the catalog, which is deleted afterwards."""
    # Beside the catalog, where there is place for it; on a read-only disk elsewhere.
    prefix = temporary_prefix()
    try:
        made = tempfile.TemporaryDirectory(prefix=prefix, dir=folder)
    except OSError:
        made = tempfile.TemporaryDirectory(prefix=prefix)
    with made as temporary:
        path = Path(temporary) / CATALOG_PATH
        write_snapshot(StorePaths(folder).catalog, path)
        yield path


def _remember(
    remote: RemoteStore, local: LocalFiles, entries: Mapping[str, Entry], before: Pulled | None
) -> None:
    """Keep in the local store which states it shares with the address now."""
    states = {remote.manifest.number: remote.manifest.digest()}
    if remote.entries() != entries and before and before.url == remote.url:
        # Others have committed what is not here.
        states = {**before.states, **states}
    # One that cannot be written is compared whole the next time.
    with suppress(OSError):
        write_pulled(local.store, Pulled(remote.url, states, NOTHING, local.stamps_of(entries)))


def _base(remote: RemoteStore, before: Pulled | None, folder: Path) -> Mapping[str, Entry]:
    states = common_states(remote, before)
    if len(states) > 1:
        raise StoreError(
            f"{folder} lacks what others have pushed to {remote.url}, or was pulled in part: run "
            f"imgrec pull {remote.url} {quoted(folder)} first"
        )
    return states[0] if states else {}


def _only(entries: Mapping[str, Entry], path: str) -> Mapping[str, Entry]:
    return {path: entries[path]} if path in entries else {}


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    with ExitStack() as stack:
        # Where nothing can be written no lock can be made either.
        with suppress(OSError):
            stack.enter_context(writing_lock(folder))
            # Snapshots of pushes that were killed.
            remove_temporaries(folder)
        yield
