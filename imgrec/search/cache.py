"""A cache of query vectors, keyed by the digest of a picture's content and the encoder's spec.

A picture that is not in the store has to be encoded to be asked about; the cache saves that the
second time. Invariant: the cache is optional. If it cannot be used, or takes longer than a
question may wait for it, the query prints one warning and continues without it. The key covers
everything that decides a vector, so a hit is never stale.
"""

import hashlib
import json
import math
import re
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from dataclasses import asdict
from pathlib import Path
from typing import Protocol

import numpy as np

from imgrec.encoders.spec import EncoderSpec, Vectors
from imgrec.errors import WrongValueError, cause_of
from imgrec.search.cache_backends import Place, RedisServer, SqliteFile
from imgrec.system.extras import require
from imgrec.system.file_names import printable

MAX_BYTES = 256 * 2**20
REDIS_PAUSE_S = 30.0

_DECIDING = (
    *("name", "version", "dimensions", "weights_digest", "precision", "preprocessing", "kind"),
)
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://")
# Either may hold a password.
_USER, _OPTIONS = r"(?:[^@/?#\s]*@)?", r"(?:\?[^@#\s]*)?"
_HOST = r"(?:\[[0-9A-Fa-f:.]+\]|[^@/?#\s:\[\]]+)(?::\d+)?(?:/\d*)?"
_REDIS = re.compile(rf"(?:(rediss?://){_USER}({_HOST})|(unix://){_USER}(/[^@?#\s]+)){_OPTIONS}")


class VectorCache(Protocol):
    """Vectors by content digest and encoder spec."""

    def get(self, spec: EncoderSpec, content: str) -> Vectors | None:
        """Return the float32 vector (1, d) of a content digest; None on a miss."""
        ...

    def put(self, spec: EncoderSpec, content: str, vector: Vectors) -> None:
        """Store the vector (1, d) of a content digest; a vector that is not finite is ignored.

        Raises:
            ValueError: the shape differs from the spec's dimensions.
        """
        ...

    def question(self) -> AbstractContextManager[None]:
        """Return a context in which all calls of this thread together have one time limit.

        Outside of it each call has a limit of its own.
        """
        ...

    def close(self) -> None:
        """Close files and sockets; afterwards every `get` misses and `put` does nothing."""
        ...


def warn_on_stderr(line: str) -> None:
    """Write one line to stderr."""
    sys.stderr.write(line + "\n")


def open_cache(
    where: str | None,
    *,
    warn: Callable[[str], None] = warn_on_stderr,
    max_bytes: int = MAX_BYTES,
    clock: Callable[[], float] = time.monotonic,
) -> VectorCache:
    """Return a cache; it is opened lazily, at the first `get` or `put`.

    Args:
        where: None for a SQLite file in the user's cache folder, `none` for no cache, the URL of
            a redis server, or the path of a SQLite file.
        warn: called with one line if the cache cannot be used.
        max_bytes: size limit of a SQLite file; the least recently used vectors are evicted. A
            redis server has its own `maxmemory`.
        clock: monotonic seconds; a redis server that failed is tried again after 30 of them.

    Raises:
        ImgrecError: `where` is a URL but not a valid one of a redis server, or the `redis` extra
            is not installed; or it is empty; or it would need a new folder at the top of the disk,
            which is a typing error.
    """
    if where == "none":
        return _NoCache()
    if where == "":
        raise WrongValueError("the vector cache has an empty name: give a file, redis://… or none")
    if where is None or not _SCHEME.match(where):
        if where is not None:
            _check_place(Path(where).absolute())
        return _GuardedCache(lambda: SqliteFile(_path(where), max_bytes), math.inf, warn, clock)
    shown = _without_password(where)
    require("redis", extra="redis", why=f"the vector cache {shown}")
    return _GuardedCache(lambda: RedisServer(where, shown), REDIS_PAUSE_S, warn, clock)


def _path(where: str | None) -> Path:
    if where is not None:
        return Path(where)
    import platformdirs

    return platformdirs.user_cache_path("imgrec") / "vectors.sqlite"


def _check_place(file: Path) -> None:
    """Check that a file of the cache would not create a folder at the top of the disk.

    Raises:
        WrongValueError: it would.
    """
    new = [folder for folder in file.parents if not folder.exists()]
    if new and new[-1].parent == file.parents[-1]:
        raise WrongValueError(
            f"the vector cache {file} would create {new[-1]} at the top of the disk: make that "
            "folder, or name a file in another one"
        )


def _without_password(address: str) -> str:
    found = _REDIS.fullmatch(address)
    if not found or not address.isascii():
        raise WrongValueError(
            f"no vector cache at this {address.partition('://')[0]}:// address: give the path of a "
            "SQLite file, none, redis://[user:password@]host[:port][/database], the same with "
            "rediss:// for TLS, or unix:///path/of/socket (@ / ? # in a password: %40 %2F %3F %23)"
        )
    return "".join(part for part in found.groups() if part)


def _key(spec: EncoderSpec, content: str) -> str:
    fields = asdict(spec)
    text = json.dumps({name: fields[name] for name in _DECIDING}, sort_keys=True)
    return f"{hashlib.blake2b(text.encode(), digest_size=16).hexdigest()}:{content}"


def _vector(spec: EncoderSpec, data: object) -> Vectors | None:
    if not isinstance(data, bytes) or len(data) != 4 * spec.dimensions:
        return None
    vector = np.frombuffer(data, "<f4").astype(np.float32)[np.newaxis]  # (1, d)
    return vector if np.isfinite(vector).all() else None


class _NoCache:
    def get(self, spec: EncoderSpec, content: str) -> Vectors | None:
        return None

    def put(self, spec: EncoderSpec, content: str, vector: Vectors) -> None:
        pass

    def question(self) -> AbstractContextManager[None]:
        return nullcontext()

    def close(self) -> None:
        pass


class _GuardedCache:
    """A backend that is opened at the first use, and not used for a while after it failed."""

    def __init__(
        self,
        make: Callable[[], Place],
        pause_s: float,
        warn: Callable[[str], None],
        clock: Callable[[], float],
    ) -> None:
        self._make, self._pause_s, self._warn, self._clock = make, pause_s, warn, clock
        self._place: Place | None = None
        self._off_until_s = -math.inf
        self._warned = False
        self._lock = threading.Lock()
        # Of each thread: seconds that its question has spent here, None outside of questions.
        self._own = threading.local()

    def get(self, spec: EncoderSpec, content: str) -> Vectors | None:
        return _vector(spec, self._ask(lambda place, s: place.read(_key(spec, content), s)))

    def put(self, spec: EncoderSpec, content: str, vector: Vectors) -> None:
        if vector.shape != (1, spec.dimensions):
            raise ValueError(f"shape {vector.shape}, but {spec.name} has (1, {spec.dimensions})")
        if np.isfinite(vector).all():
            data = vector.astype("<f4").tobytes()
            self._ask(lambda place, s: place.write(_key(spec, content), data, s))

    @contextmanager
    def question(self) -> Iterator[None]:
        self._own.spent_s = 0.0
        try:
            yield
        finally:
            self._own.spent_s = None

    def close(self) -> None:
        with self._lock:
            self._leave(math.inf)

    def _ask(self, question: Callable[[Place, float], object]) -> object:
        came_s = time.monotonic()
        with self._lock:
            # Waiting for another thread's question counts; importing a backend does not.
            spent_s = (getattr(self._own, "spent_s", None) or 0.0) + time.monotonic() - came_s
            if self._clock() < self._off_until_s:
                return None
            place = self._place = self._place or self._make()
            started_s = time.monotonic()
            try:
                return _within(place, place.limit_s - spent_s, question)
            except place.errors as error:
                self._leave(self._clock() + self._pause_s)
                self._warn_once(place.name, error)
                return None
            finally:
                if getattr(self._own, "spent_s", None) is not None:
                    self._own.spent_s = spent_s + time.monotonic() - started_s

    def _leave(self, until_s: float) -> None:
        place, self._place, self._off_until_s = self._place, None, until_s
        if place:
            with suppress(*place.errors):
                place.close()

    def _warn_once(self, name: str, error: Exception) -> None:
        why = cause_of(error).rstrip(".")
        line = f"imgrec: the vector cache {name} cannot be used ({why}): continuing without it"
        if not self._warned:
            self._warned = True
            self._warn(" ".join(printable(line).split()))


def _within(place: Place, left_s: float, question: Callable[[Place, float], object]) -> object:
    if left_s <= 0:
        raise TimeoutError(f"it did not answer within {place.limit_s:g} s")
    return question(place, left_s)
