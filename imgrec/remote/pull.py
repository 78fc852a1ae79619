"""Pull: make a local store from one in object storage, or bring it up to date.

    entries of the newest manifest ── planned ──▶ what lacks, what is too much ── bring ──▶ folder

Only what lacks is read: a unit (`imgrec.remote.places`) that is there by its sidecar is not read
again, so a pull that was killed continues where it was. Each content is verified by its digest
before it gets its name; a unit is written as a temporary folder and renamed. A local store that has
changes of its own is not overwritten unless that is asked for, and what is left out then is moved
to `damaged/` of the store, or can be made again.

Order: parts and derived folders, then loose files, the catalog, `store.json`. So a catalog never
names pictures whose parts are still to come, and a folder with `store.json` is a whole store.
"""

import shutil
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from imgrec.collection.opening import log_of
from imgrec.errors import ImgrecError, StoreError
from imgrec.remote.bring import bring
from imgrec.remote.local import LocalFiles, decisive
from imgrec.remote.manifest import Entry
from imgrec.remote.places import (
    CATALOG_PATH,
    OUTPUTS,
    STORE_PATH,
    by_unit,
    folder_of,
    is_derived,
)
from imgrec.remote.states import common_states
from imgrec.remote.store import RemoteStore
from imgrec.remote.wanted import Wanted, wanted_entries
from imgrec.store.enclosure import check_enclosed
from imgrec.store.manifest import is_store, writing_lock
from imgrec.store.ownership import delete_folder, set_aside
from imgrec.store.paths import LOCK, StorePaths
from imgrec.store.pulled import (
    CONTENTS,
    LACKS,
    NOTHING,
    VECTORS,
    Pulled,
    Stamp,
    read_pulled,
    write_pulled,
)
from imgrec.system.atomic_files import TEMPORARY_PREFIX, remove_temporaries
from imgrec.system.text import size_text

_SHOWN = 3
Units = dict[str, dict[str, Entry]]


@dataclass(frozen=True)
class Plan:
    """What a pull does.

    Attributes:
        bring: the units to write, with all their files.
        kept: number of units that are there.
        own: units that have changes of their own and would be replaced.
        gone: derived units that were pulled and are no longer named: to delete.
        aside: parts that are no longer named: to move to `damaged/`, or to delete.
    """

    bring: Units
    kept: int = 0
    own: list[str] = field(default_factory=list)
    gone: list[str] = field(default_factory=list)
    aside: list[str] = field(default_factory=list)

    @property
    def size(self) -> int:
        """The bytes to read."""
        return sum(entry.size for files in self.bring.values() for entry in files.values())


@dataclass(frozen=True)
class PullDone:
    """What a pull did.

    Attributes:
        number: of the manifest that the store is of now.
        files: number of files that were written.
        size: their bytes.
        kept: number of units that were there.
        lacks: what the store lacks, see `imgrec.store.pulled`.
        aside: parts that were moved to `damaged/`.
        cost: what it took to make the store, by name (`imgrec.cluster.cost`).
    """

    number: int
    files: int
    size: int
    kept: int
    lacks: str
    aside: tuple[str, ...] = ()
    cost: Mapping[str, float] = field(default_factory=dict)


def pull(
    url: str,
    folder: Path,
    outputs: Collection[str] | None = None,
    *,
    vectors: bool = True,
    shallow: bool = False,
    contents: bool = True,
    force: bool = False,
    discard: bool = False,
    quiet: bool = True,
) -> PullDone:
    """Make a local store from the store at an address, or bring it up to date.

    Args:
        url: the address.
        folder: of the local store; absent, empty, or one that was pulled from there.
        outputs: folders of parts to bring, such as `features/mini` and `thumbs`; None for all.
        vectors: False leaves out the vectors of features that have a sketch: a search reads the
            few it compares from the address.
        shallow: bring of each part only the ids and `part.json`, and nothing derived.
        contents: False leaves out what is large in parts (`imgrec.store.lean_parts`).
        force: replace also what has changes of its own.
        discard: delete a part that is no longer named, if its content is at the address.
        quiet: show no progress.

    Raises:
        StoreError: there is no store at the address, it is damaged, the folder holds something
            else, or the local store has changes of its own; the text names some.
        ObjectError: the address cannot be reached, or lacks a content.
        OSError: the folder cannot be written.
    """
    remote = RemoteStore.open(url)
    entries = remote.entries()
    if STORE_PATH not in entries or CATALOG_PATH not in entries:
        raise StoreError(f"the store at {remote.url} is empty: imgrec push DIR {remote.url}")
    _prepare(folder)
    with writing_lock(folder):
        before = read_pulled(folder)
        wanted = wanted_entries(entries, Wanted(outputs, vectors, shallow, contents))
        local = LocalFiles(folder, before.files if before else {})
        plan = planned(local, by_unit(wanted), entries, common_states(remote, before))
        _check(plan, folder, remote.url, force=force)
        lacks = _lacks(entries, wanted, local)
        state = {remote.manifest.number: remote.manifest.digest()}
        came_from = before if before and before.url == remote.url else Pulled(remote.url, {})
        # What is half pulled is known as such, whatever happens from here on.
        states = {**came_from.states, **state}
        meanwhile = max(lacks, before.lacks if before else NOTHING, key=LACKS.index)
        write_pulled(folder, replace(came_from, states=states, lacks=meanwhile))
        stamps = local.stamps_of({p: e for p, e in wanted.items() if p not in plan.bring})
        if discard:
            plan = _without_held(plan, remote, local)
        stamps |= _write(plan, remote, folder, quiet=quiet)
        write_pulled(folder, Pulled(remote.url, state, lacks, stamps))
    files = sum(map(len, plan.bring.values()))
    now = remote.manifest
    return PullDone(
        now.number, files, plan.size, plan.kept, lacks, tuple(plan.aside), dict(now.cost)
    )


def planned(
    local: LocalFiles,
    wanted: Units,
    entries: Mapping[str, Entry],
    bases: Sequence[Mapping[str, Entry]],
) -> Plan:
    """Return what a pull does.

    Args:
        local: what is there.
        wanted: the units to have.
        entries: all of the store in object storage, wanted or not.
        bases: those of the states that the local store was pulled from.
    """
    bring, kept = {}, 0
    own, gone, aside = [], [], []

    def is_pulled(unit: str) -> bool:
        return any(local.is_of(unit, base) for base in bases)

    for unit, files in wanted.items():
        if local.is_like(unit, files):
            kept += 1
            continue
        bring[unit] = files
        if unit in local.units and not (local.is_of(unit, files) or is_pulled(unit)):
            own.append(unit)
    for unit, there in local.units.items():
        deciding = decisive(unit, there)
        if unit in wanted or deciding in entries:
            continue
        pulled = is_pulled(unit)
        if is_derived(unit) and pulled:
            gone.append(unit)
        elif unit.split("/", 1)[0] in OUTPUTS and unit != deciding:
            aside.append(unit)
            own += [] if pulled else [unit]
    return Plan(bring, kept, own, gone, aside)


def _prepare(folder: Path) -> None:
    """Check that a folder may become a store, and make it.

    Raises:
        StoreError: it holds something else.
    """
    if is_store(folder):
        check_enclosed(folder)
        return
    if folder.exists() and (not folder.is_dir() or not _may_become_store(folder)):
        raise StoreError(f"{folder} is no store and not empty: name another folder")
    folder.mkdir(parents=True, exist_ok=True)
    check_enclosed(folder)


def _may_become_store(folder: Path) -> bool:
    names = {path.name for path in folder.iterdir()}
    left = {name for name in names if not name.startswith(TEMPORARY_PREFIX)}
    return StorePaths(folder).pulled.name in names or left <= {LOCK}


def _check(plan: Plan, folder: Path, url: str, *, force: bool) -> None:
    if plan.own and not force:
        shown = ", ".join(plan.own[:_SHOWN])
        more = f" and {len(plan.own) - _SHOWN:,} more" if len(plan.own) > _SHOWN else ""
        raise StoreError(
            f"{folder} has changes of its own that {url} lacks ({shown}{more}): pull into another "
            "folder, push them, or replace them by --force"
        )
    free = shutil.disk_usage(folder).free
    if plan.size > free:
        raise ImgrecError(
            f"{size_text(plan.size)} are to be read and {folder} has {size_text(free)} left: "
            "make space, or leave out the vectors by --no-vectors"
        )


def _lacks(entries: Mapping[str, Entry], wanted: Mapping[str, Entry], local: LocalFiles) -> str:
    """Return what the store will lack when all that is wanted has been brought."""
    left_out = [path for path in entries if path not in wanted]
    absent = [path for path in left_out if local.sizes.get(path) != entries[path].size]
    in_parts = [path for path in absent if path.split("/", 1)[0] in OUTPUTS]
    if not in_parts:
        return NOTHING
    return VECTORS if all(path.endswith("/vectors.npy") for path in in_parts) else CONTENTS


def _without_held(plan: Plan, remote: RemoteStore, local: LocalFiles) -> Plan:
    """Delete the parts to set aside whose content is at the address; return the plan without.

    A crew writes the sidecar of a part after its other files.
    """
    aside = []
    for unit in plan.aside:
        entry = local.entry(decisive(unit, local.units[unit]))
        if entry is not None and remote.blobs.is_there(entry):
            place = local.store / unit
            delete_folder(place, place.parent)
        else:
            aside.append(unit)
    return replace(plan, aside=aside)


def _write(plan: Plan, remote: RemoteStore, folder: Path, *, quiet: bool) -> dict[str, Stamp]:
    """Do what is planned; return the stamps of the loose files."""
    last = [path for path in (CATALOG_PATH, STORE_PATH) if path in plan.bring]
    first = {unit: files for unit, files in plan.bring.items() if unit not in last}
    for place in {folder, *(folder / folder_of(unit) for unit in first)}:
        if place.is_dir():
            remove_temporaries(place)
    stamps = bring(remote, folder, first, quiet=quiet)
    for unit in plan.aside:
        set_aside(folder, folder / unit)
    _delete(folder, plan.gone)
    if CATALOG_PATH in last:
        # The log of the old catalog is none of the new one.
        catalog = folder / CATALOG_PATH
        for old in (log_of(catalog), catalog.with_name(catalog.name + "-shm")):
            old.unlink(missing_ok=True)
    for path in last:
        stamps |= bring(remote, folder, {path: plan.bring[path]}, quiet=True)
    return stamps


def _delete(folder: Path, units: Iterable[str]) -> None:
    for unit in units:
        place = folder / unit
        if place.is_dir():
            shutil.rmtree(place)
        else:
            place.unlink(missing_ok=True)
