"""Prune a store in object storage: delete what no state that is kept names.

    states ──▶ what they name ──▶ all else that is old enough ──▶ deleted, under a lock

A state that is overtaken, a push that was stopped and a run that is done leave objects behind. Kept
are the newest states, all that were the newest one not long ago, what any of them names, and
whatever was written not long ago: it may be of a push that has not committed yet. Another prune,
pushes and runs may begin at any time (`imgrec.remote.prune_lock` says why that is safe), and a
prune may be killed anywhere: states go first, so that none is left that lacks a content.

Only keys that imgrec writes are looked at.
"""

import re
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import chain, groupby, pairwise

from imgrec.cluster.made import MADE, MOST_BYTES, Named, named_by_made
from imgrec.cluster.plan import JOBS, PLANS, is_finished, newest_plans
from imgrec.cluster.shared_work import SCRATCH
from imgrec.errors import StoreError
from imgrec.objects.errors import LargeObjectError, MissingObjectError
from imgrec.objects.info import ObjectInfo
from imgrec.objects.objects import Objects
from imgrec.remote.manifest import MANIFESTS, Entry, number_in
from imgrec.remote.preflight import PREFLIGHT
from imgrec.remote.prune_lock import PruneLock
from imgrec.remote.store import ConflictError, RemoteStore
from imgrec.system.progress import progress

PRUNING = "pruning the store"
DAY_S = 86_400.0
_THREADS = 16
# Deleted between two looks at the lock.
_BATCH = 64
_TRIES = 20
_BLOB = re.compile(r"blobs/[0-9a-f]{2}/([0-9a-f]{32})", re.ASCII)
_PLAN = re.compile(rf"{PLANS}[0-9]{{10}}-([0-9a-f]{{32}})\.json", re.ASCII)
_JOB = re.compile(rf"{JOBS}([0-9a-f]{{32}})/.+", re.ASCII)
_MADE = re.compile(rf"{MADE}[0-9a-f]{{32}}\.json", re.ASCII)
_LEFT = re.compile(rf"{PREFLIGHT}[0-9a-f]{{32}}|{SCRATCH}/.+", re.ASCII)


@dataclass(frozen=True)
class Keep:
    """What is kept, beside what it names.

    Attributes:
        last: number of the newest states, at least 1; those of equal files count as one.
        within_s: time in seconds within which a state was the newest, or an object was written.
    """

    last: int = 10
    within_s: float = 14 * DAY_S


@dataclass(frozen=True)
class Doomed:
    """What is to be deleted, in this order.

    Attributes:
        states: overtaken manifests.
        made: notes of parts that were made before, whose contents are gone.
        runs: plans and records of runs that are done.
        left: what a preflight or a computation that was killed left.
        contents: blobs that nothing names.
        kept_states: number of the states that are kept, those of equal files as one.
    """

    states: Sequence[ObjectInfo]
    made: Sequence[ObjectInfo]
    runs: Sequence[ObjectInfo]
    left: Sequence[ObjectInfo]
    contents: Sequence[ObjectInfo]
    kept_states: int

    @property
    def all(self) -> list[ObjectInfo]:
        """All of it."""
        return [*self.states, *self.made, *self.runs, *self.left, *self.contents]

    @property
    def size(self) -> int:
        """The bytes of all of it."""
        return sum(info.size for info in self.all)


def prune(
    url: str, keep: Keep | None = None, *, delete: bool = False, quiet: bool = True
) -> Doomed:
    """Find what no kept state of a store names, and delete it if that is asked for.

    Args:
        url: of the store.
        keep: what is kept; the default where None.
        delete: False only finds.
        quiet: show no progress.

    Raises:
        StoreError: there is no store, a kept state is damaged, a run is open, or another process
            prunes: nothing is deleted then.
        ObjectError: the address cannot be reached or written.
    """
    keep = keep or Keep()
    remote = RemoteStore.open(url)
    found = doomed(remote, keep, time.time())
    if not delete or not found.all:
        return found
    with PruneLock(remote.objects) as lock:
        _refuse_open_runs(remote.objects)
        _fence(remote)
        found = doomed(remote, keep, lock.since_s)
        _delete(remote.objects, found.all, lock, quiet=quiet)
    return found


def doomed(remote: RemoteStore, keep: Keep, now_s: float) -> Doomed:
    """Return what no kept state names, and is old enough.

    Args:
        remote: at its newest state.
        keep: what is kept.
        now_s: the time in seconds since 1970, by the clock of the storage.

    Raises:
        StoreError: a kept state is damaged.
        ObjectError: the store cannot be read.
    """
    objects = remote.objects
    oldest_ns = round((now_s - keep.within_s) * 1e9)
    states, overtaken = _states(remote, keep.last, oldest_ns)
    named = _named(states)
    made = list(_gone_made(objects, named, oldest_ns))
    runs = list(_done_runs(objects, oldest_ns))
    tops = (PREFLIGHT, f"{SCRATCH}/")
    left = [
        info
        for info in chain.from_iterable(map(objects.list, tops))
        if _LEFT.fullmatch(info.key) and info.mtime_ns < oldest_ns
    ]
    blobs = ((_BLOB.fullmatch(info.key), info) for info in objects.list("blobs/"))
    contents = [
        info
        for found, info in blobs
        if found and found[1] not in named and info.mtime_ns < oldest_ns
    ]
    different = {tuple(sorted(state.manifest.sheets.items())) for state in states}
    return Doomed(overtaken, made, runs, left, contents, len(different))


def _states(
    remote: RemoteStore, last: int, oldest_ns: int
) -> tuple[list[RemoteStore], list[ObjectInfo]]:
    """Return the states that are kept, and the manifests of the others.

    States of equal files count as one, and the newest of them is kept: a prune commits such a one.

    Raises:
        StoreError: a kept state is damaged.
    """
    listed = ((number_in(info.key), info) for info in remote.objects.list(MANIFESTS))
    found = sorted((number, info) for number, info in listed if number is not None)
    # A state was the newest one until the next was written.
    until_ns = {number: later.mtime_ns for (number, _), (_, later) in pairwise(found)}
    kept: list[RemoteStore] = []
    gone: list[ObjectInfo] = []
    different: list[Mapping[str, Entry]] = []
    for number, info in reversed(found):
        is_new = until_ns.get(number, oldest_ns) >= oldest_ns
        if len(different) >= last and not is_new:
            gone.append(info)
            continue
        state = remote.at(number)
        if state is None:
            where = remote.objects.location(info.key)
            raise StoreError(f"{where} is damaged or gone: nothing is deleted")
        is_same = different and different[-1] == state.manifest.sheets
        if is_same and not is_new:
            gone.append(info)
            continue
        kept.append(state)
        different += [] if is_same else [state.manifest.sheets]
    return kept, gone[::-1]


def _named(states: Iterable[RemoteStore]) -> set[str]:
    """Return the digests of all contents that states name."""
    named: set[str] = set()
    for state in states:
        named.update(entry.digest for entry in state.manifest.sheets.values())
        named.update(entry.digest for entry in state.entries().values())
    return named


def _gone_made(objects: Objects, named: set[str], oldest_ns: int) -> Iterator[ObjectInfo]:
    """Yield the notes of made parts that lack a content; what the others need is added to `named`.

    A new one may be of a run that is not committed yet.
    """
    for info in filter(lambda info: _MADE.fullmatch(info.key), objects.list(MADE)):
        found = _named_by(objects, info)
        if info.mtime_ns >= oldest_ns:
            named |= {*found.parts, *found.rows} if found else set()
        elif found and found.parts <= named:
            named |= found.rows
        else:
            yield info


def _named_by(objects: Objects, info: ObjectInfo) -> Named | None:
    """Return what a note of a made part names; None if it is damaged, or gone meanwhile."""
    try:
        return named_by_made(objects.get(info.key, most_bytes=MOST_BYTES)[0])
    except (MissingObjectError, LargeObjectError):
        return None


def _done_runs(objects: Objects, oldest_ns: int) -> Iterator[ObjectInfo]:
    """Yield the plans and records of runs but for the newest ones, which tell that they are done.

    Nobody goes on with a plan of an older state, whether it was finished or not.
    """
    kept = {plan.id for plan in newest_plans(objects)}
    jobs = ((_JOB.fullmatch(info.key), info) for info in objects.list(JOBS))
    of_runs = ((found[1], info) for found, info in jobs if found)
    done: list[ObjectInfo] = []
    for run, group in groupby(of_runs, key=lambda one: one[0]):
        infos = [info for _, info in group]
        if run in kept or any(info.mtime_ns >= oldest_ns for info in infos):
            kept.add(run)
        else:
            done += infos
    for info in objects.list(PLANS):
        found = _PLAN.fullmatch(info.key)
        if found and found[1] not in kept and info.mtime_ns < oldest_ns:
            yield info
    yield from done


def _refuse_open_runs(objects: Objects) -> None:
    if any(not is_finished(objects, plan.id) for plan in newest_plans(objects)):
        raise StoreError(
            f"a run into {objects.location()} is at work, or was killed: wait for it, or finish it "
            "by imgrec index --store with this address; nothing is deleted"
        )


def _fence(remote: RemoteStore) -> None:
    """Commit a state like the newest one, so that whoever began before has to begin anew."""
    for _ in range(_TRIES):
        try:
            remote.refresh()
            remote.commit({})
        except ConflictError:
            continue
        return
    raise ConflictError(f"others commit to {remote.url} all the time: run imgrec prune later")


def _delete(objects: Objects, infos: Sequence[ObjectInfo], lock: PruneLock, *, quiet: bool) -> None:
    stage = progress(PRUNING, total=len(infos), unit="objects", quiet=quiet)
    with stage, ThreadPoolExecutor(_THREADS) as pool:
        for start in range(0, len(infos), _BATCH):
            lock.hold()
            keys = [info.key for info in infos[start : start + _BATCH]]
            for _ in pool.map(objects.delete, keys):
                stage.update()
