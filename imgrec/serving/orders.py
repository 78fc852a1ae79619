"""Answers that are read in parts: the order of a question is kept, and continued when asked for.

A cursor names a kept order and the place in it where the next part begins, so that a cursor that is
asked twice gives the same part. An order is searched some pictures deep, and deeper once a part
lies beyond; what was there stays as it is.

To search deeper takes the features of the state that was searched. While another process indexes,
each commit makes a new state, so only those of the last few are kept: older orders are answered as
deep as they were searched, and then the question has to be asked again.
"""

import threading
from dataclasses import dataclass, field

from imgrec.search.ranked import Ranked
from imgrec.search.ranking import Ranking
from imgrec.search.view import StoreView
from imgrec.serving.errors import GoneError, RequestError
from imgrec.serving.shelf import Shelf

# Pictures of an order at first: those of one part of the page.
FIRST = 60
# Pictures after which an answer ends.
DEEPEST = 5000
_DEEPER = 4
_MOST_ORDERS = 256
_MOST_BYTES = 128 << 20
# States of the store whose features stay open for kept orders.
_MOST_VIEWS = 4
_GONE = "this answer is no longer kept: ask again"


@dataclass
class Order:
    """The pictures of one question, the nearest first; thread-safe.

    Attributes:
        ranking: what was searched; None once it is detached.
        within: the greatest distance; None for no limit.
        warnings: lines for the answer, beside those of the search.
        ranked: those found so far, within the distance that was asked for.
        ended: True if there are no more.
    """

    ranking: Ranking | None
    within: float | None = None
    warnings: tuple[str, ...] = ()
    ranked: Ranked = field(init=False)
    ended: bool = field(init=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def __post_init__(self) -> None:
        assert self.ranking is not None
        self._take(self.ranking, deepest=False)

    @property
    def view(self) -> StoreView | None:
        """The state that was searched; None once it is detached."""
        ranking = self.ranking
        return ranking.view if ranking else None

    @property
    def bytes(self) -> int:
        """The bytes of its arrays, those shared with other orders too."""
        allowed = self.ranking.question.allowed if self.ranking else None
        return self.ranked.bytes + (0 if allowed is None else allowed.nbytes)

    def detach(self) -> None:
        """Let go of the features that were searched; the order can then not be continued."""
        with self._lock:
            self.ranking = None

    def part(self, start: int, k: int) -> tuple[Ranked, int | None]:
        """Return k pictures from the place `start`, and the place after them; None at the end.

        A metric that joins the k nearest of several others has up to as many times k.

        Raises:
            GoneError: the order was detached, and has no picture there.
        """
        with self._lock:
            joined = self._reach(start, start + k)
            part = self.ranked.part(start, None if joined else start + k)
            stop = start + len(part)
            return part, None if self.ended and stop >= len(self.ranked) else stop

    def _reach(self, start: int, stop: int) -> bool:
        """Search until there is a picture at `stop` or no more; return True for a joining metric.

        Raises:
            GoneError: see `part`.
        """
        # With a limit of distance only a farther picture tells that there are no more.
        least = stop if self.within is None else stop + 1
        joins = bool(self.ranking and self.ranking.compared.space.metric.joins)
        while not self.ended and len(self.ranked) < (start + 1 if joins else least):
            if self.ranking is None:
                if start >= len(self.ranked):
                    raise GoneError(_GONE)
                break
            further = self.ranking.k + stop - start if joins else max(FIRST, _DEEPER * stop)
            depth = min(further, DEEPEST)
            self._take(self.ranking.deeper(depth), deepest=depth == DEEPEST)
        return joins

    def _take(self, ranking: Ranking, *, deepest: bool) -> None:
        ranked = ranking.ranked()
        within = ranked if self.within is None else ranked.within(self.within)
        whole = len(ranked) >= len(ranking.rows())
        self.ranking, self.ranked = ranking, within
        self.ended = deepest or whole or len(within) < len(ranked)


@dataclass(frozen=True)
class Part:
    """A part of an order.

    Attributes:
        ranked: its pictures.
        start: number of pictures that are nearer than these.
        cursor: of the next part; None at the end.
        warnings: those of the order.
    """

    ranked: Ranked
    start: int
    cursor: str | None
    warnings: tuple[str, ...]


class Orders:
    """The orders that were answered in part; thread-safe."""

    def __init__(self) -> None:
        self._kept: Shelf[Order] = Shelf(
            _MOST_ORDERS, _MOST_BYTES, lambda order: order.bytes, _GONE
        )

    def first(self, order: Order, k: int) -> Part:
        """Return the first part of an order, which is kept if there is more of it."""
        part, stop = order.part(0, k)
        if stop is None:
            return Part(part, 0, None, order.warnings)
        token = self._kept.keep(order)
        self._detach_old()
        return Part(part, 0, f"{token}.{stop}", order.warnings)

    def next(self, cursor: str, k: int) -> Part:
        """Return a further part of an order.

        Raises:
            GoneError: the order was dropped.
            RequestError: it is no cursor.
        """
        token, start = place_of(cursor)
        order = self._kept.get(token)
        part, stop = order.part(start, k)
        return Part(part, start, None if stop is None else f"{token}.{stop}", order.warnings)

    def __len__(self) -> int:
        return len(self._kept)

    def _detach_old(self) -> None:
        """Detach the orders of all views but the last few; drop those of a store that is gone."""
        views: dict[int, StoreView] = {}
        for order in reversed(self._kept.things()):
            view = order.view
            if view is None:
                continue
            if len(views) < _MOST_VIEWS:
                views[id(view)] = view
            elif id(view) not in views:
                order.detach()
        stores = {id(view.store) for view in views.values()}
        self._kept.drop(lambda order: id(order.ranked.store) not in stores)


def place_of(cursor: str) -> tuple[str, int]:
    """Return the token of a cursor, and the place where its part begins.

    Raises:
        RequestError: it is no cursor.
    """
    token, _, place = cursor.rpartition(".")
    if not (token and place.isascii() and place.isdigit() and len(place) <= 9):
        raise RequestError("this is no cursor of an answer")
    return token, int(place)
