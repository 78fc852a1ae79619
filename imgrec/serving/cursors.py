"""Long orders of pictures that are answered in parts, kept for a while under unguessable tokens."""

import secrets
import threading
from collections import OrderedDict
from typing import Generic, TypeVar

from imgrec.serving.errors import GoneError

_Kept = TypeVar("_Kept")


class Cursors(Generic[_Kept]):
    """Keeps the newest orders; thread-safe. A token names an order and where to go on in it."""

    def __init__(self, most: int) -> None:
        """Make an empty collection.

        Args:
            most: number of orders kept; the one that was not asked for longest is dropped.
        """
        self._most = most
        self._kept: OrderedDict[str, _Kept] = OrderedDict()
        self._lock = threading.Lock()

    def keep(self, order: _Kept) -> str:
        """Return a token for an order."""
        token = secrets.token_urlsafe(12)
        self.put(token, order)
        return token

    def put(self, token: str, order: _Kept) -> None:
        """Keep an order under a token, in the place of what is there."""
        with self._lock:
            self._kept[token] = order
            self._kept.move_to_end(token)
            while len(self._kept) > self._most:
                self._kept.popitem(last=False)

    def get(self, token: str) -> _Kept:
        """Return the order of a token.

        Raises:
            GoneError: it was dropped, or never given.
        """
        with self._lock:
            if token not in self._kept:
                raise GoneError("this answer is no longer kept: ask again")
            self._kept.move_to_end(token)
            return self._kept[token]

    def __len__(self) -> int:
        return len(self._kept)
