"""What is kept for a while under unguessable tokens, as much of it as memory allows.

Tokens are random, so that nobody finds what another asked or uploaded. What was not asked for
longest is dropped first.
"""

import secrets
import threading
from collections import OrderedDict
from collections.abc import Callable
from typing import Generic, TypeVar

from imgrec.serving.errors import GoneError

_Kept = TypeVar("_Kept")
_TOKEN_BYTES = 15


class Shelf(Generic[_Kept]):
    """Keeps the newest things, bounded in number and in bytes; thread-safe."""

    def __init__(
        self, most: int, most_bytes: int, bytes_of: Callable[[_Kept], int], gone: str = ""
    ) -> None:
        """Make an empty collection.

        Args:
            most: number of things kept.
            most_bytes: bytes of all of them, but for the newest, which is kept in any case.
            bytes_of: returns the bytes that one takes now.
            gone: what to say to who asks for one that was dropped.
        """
        self._most, self._most_bytes, self._bytes_of, self._gone = most, most_bytes, bytes_of, gone
        self._kept: OrderedDict[str, _Kept] = OrderedDict()
        self._lock = threading.Lock()

    def keep(self, thing: _Kept) -> str:
        """Return a token for a thing."""
        token = secrets.token_urlsafe(_TOKEN_BYTES)
        self.put(token, thing)
        return token

    def put(self, key: str, thing: _Kept) -> None:
        """Keep a thing under a key, in the place of what is there."""
        with self._lock:
            self._kept[key] = thing
            self._kept.move_to_end(key)
            self._bound()

    def get(self, token: str) -> _Kept:
        """Return the thing of a token.

        Raises:
            GoneError: it was dropped, or never given.
        """
        found = self.find(token)
        if found is None:
            raise GoneError(self._gone)
        return found

    def find(self, key: str) -> _Kept | None:
        """Return the thing of a key; None if there is none."""
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
            return self._kept.get(key)

    def things(self) -> list[_Kept]:
        """Return what is kept, the longest unasked first."""
        with self._lock:
            return list(self._kept.values())

    def drop(self, is_unwanted: Callable[[_Kept], bool]) -> None:
        """Drop all things of some kind."""
        with self._lock:
            for token in [token for token, thing in self._kept.items() if is_unwanted(thing)]:
                del self._kept[token]

    def __len__(self) -> int:
        return len(self._kept)

    def _bound(self) -> None:
        # Counted anew each time: what is kept may have grown.
        total = sum(map(self._bytes_of, self._kept.values()))
        while len(self._kept) > 1 and (len(self._kept) > self._most or total > self._most_bytes):
            _, dropped = self._kept.popitem(last=False)
            total -= self._bytes_of(dropped)
