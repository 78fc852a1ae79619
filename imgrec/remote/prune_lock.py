"""The lock of a prune: while one deletes, nobody begins to write, and no plan is worked off.

    prune/lock.json    which process prunes; written by `create`, and again while it works

A prune deletes contents that nothing names. A writer that finds such a content does not write it
again, so the two must not overlap. It holds because all of these look in an order that cannot miss:

- Who commits reads the newest state, then looks for the lock. A prune takes the lock, then commits
  a state of its own. So a commit on an earlier state is refused by the storage, and on the state of
  the prune by the lock; whoever is refused begins anew after it.
- Who works off a plan writes it, then looks for the lock. A prune takes the lock, then looks for
  plans. So one of the two sees the other.

A lock whose process is gone, or that was not written again for `STALE_S` by the clock of the
storage, counts for nothing.
"""

import json
import os
import platform
import secrets
import time
from contextlib import suppress
from pathlib import Path
from types import TracebackType

from imgrec.errors import ImgrecError, StoreError
from imgrec.objects.errors import MissingObjectError
from imgrec.objects.objects import Objects
from imgrec.remote.preflight import PREFLIGHT
from imgrec.system.atomic_files import is_alive
from imgrec.system.json_files import decoded, problem

KEY = "prune/lock.json"
STALE_S = 3600.0
_BEAT_S = 60.0
_MOST_BYTES = 1 << 16
_SHAPE = {"host": str, "pid": int, "token": str}


def refuse_while_pruned(objects: Objects) -> None:
    """Refuse to write to a store that is pruned.

    Raises:
        StoreError: a prune is at work.
        ObjectError: it cannot be known.
    """
    if _is_held(objects):
        raise StoreError(
            f"{objects.location()} is being pruned: run the same command when imgrec prune is "
            f"done (if that was killed on another machine, {STALE_S / 60:.0f} minutes later)"
        )


class PruneLock:
    """Held while a store is pruned.

    Attributes:
        since_s: time at which it was taken, by the clock of the storage, in seconds since 1970.
    """

    def __init__(self, objects: Objects) -> None:
        """Take the lock when it is entered.

        Args:
            objects: of the store.
        """
        self._objects = objects
        who = {"host": _host(), "pid": os.getpid(), "token": secrets.token_hex(16)}
        self._data = json.dumps(who).encode()
        self._beaten_s = 0.0
        self.since_s = 0.0

    def __enter__(self) -> "PruneLock":
        """Take it.

        Raises:
            StoreError: another process prunes.
            ObjectError: nothing can be written.
        """
        if not self._objects.create(KEY, self._data):
            if _is_held(self._objects):
                raise StoreError(f"another process prunes {self._objects.location()}: wait for it")
            self._objects.delete(KEY)
            if not self._objects.create(KEY, self._data):
                raise StoreError(f"another process prunes {self._objects.location()}: wait for it")
        self._beaten_s = time.monotonic()
        info = self._objects.head(KEY)
        self.since_s = info.mtime_ns / 1e9 if info else time.time()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None
    ) -> None:
        """Release it, if it is still the own one."""
        with suppress(ImgrecError):
            if self._is_own():
                self._objects.delete(KEY)

    def hold(self) -> None:
        """Make sure that the lock is still held; called before each batch that is deleted.

        Raises:
            StoreError: it is not: this process stood still for too long.
        """
        late = time.monotonic() - self._beaten_s > STALE_S / 2
        if late or not self._is_own():
            raise StoreError(
                f"the prune of {self._objects.location()} stood still for too long: run it again"
            )
        if time.monotonic() - self._beaten_s > _BEAT_S:
            self._objects.put(KEY, self._data)
            self._beaten_s = time.monotonic()

    def _is_own(self) -> bool:
        try:
            return self._objects.get(KEY, most_bytes=_MOST_BYTES)[0] == self._data
        except MissingObjectError:
            return False


def _is_held(objects: Objects) -> bool:
    info = objects.head(KEY)
    if info is None or _now_s(objects) - info.mtime_ns / 1e9 > STALE_S:
        return False
    try:
        found = decoded(objects.get(KEY, most_bytes=_MOST_BYTES)[0])
    except MissingObjectError:
        return False
    except ValueError:
        return True
    if problem(found, _SHAPE):
        return True
    return not (found["host"] == _host() and not is_alive(found["pid"]))


def _now_s(objects: Objects) -> float:
    """Return the time by the clock of the storage: that of this machine may be wrong."""
    key = f"{PREFLIGHT}{secrets.token_hex(16)}"
    objects.put(key, b"")
    info = objects.head(key)
    objects.delete(key)
    return info.mtime_ns / 1e9 if info else time.time()


def _host() -> str:
    """Return what the processes have in common whose numbers are comparable."""
    told = [platform.node()]
    # A container has its own numbers, and may have the name of its machine.
    with suppress(OSError):
        told.append(Path("/proc/sys/kernel/random/boot_id").read_text("ascii").strip())
        told.append(str(Path("/proc/self/ns/pid").readlink()))
    return " ".join(told)
