"""A function called for many pictures, several at a time where each call waits for a network.

A few threads wait without the GIL. How many calls are begun ahead is bounded, and so are the bytes
that those under way may hold. For a picture on a disk the function is called when its turn comes.
"""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import NamedTuple, TypeVar

from imgrec.sources.opening import source_of

# Calls at a time, calls begun ahead, and bytes under way above which no other call begins.
THREADS, MOST_AHEAD, MOST_BYTES = 8, 16, 64 << 20

_Item = TypeVar("_Item")
_Result = TypeVar("_Result")


class Place(NamedTuple):
    """What a call reads.

    Attributes:
        root: description of the source.
        size: bytes that the call holds while it runs, at most.
    """

    root: str
    size: int


def side_by_side(
    function: Callable[[_Item], _Result],
    items: Iterable[_Item],
    place_of: Callable[[_Item], Place],
) -> Iterator[_Result]:
    """Yield the results of a function for each item, in the order of the items.

    Args:
        function: may be called in other threads; its results are small.
        items: drawn as calls are begun.
        place_of: returns what the call for an item reads.

    Raises:
        Exception: what the function raises, at its turn; calls that have not begun are dropped.
    """
    left = iter(items)
    waiting: deque[tuple[Callable[[], _Result], Future[_Result] | None, int]] = deque()
    pool = ThreadPoolExecutor(THREADS, "imgrec-side-by-side")
    try:
        while True:
            while _has_room(waiting) and (item := next(left, None)) is not None:
                waiting.append(_begun(pool, function, item, place_of(item)))
            if not waiting:
                return
            yield waiting.popleft()[0]()
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _begun(
    pool: ThreadPoolExecutor, function: Callable[[_Item], _Result], item: _Item, place: Place
) -> tuple[Callable[[], _Result], Future[_Result] | None, int]:
    if not source_of(place.root).is_remote:
        return lambda: function(item), None, 0
    future = pool.submit(function, item)
    return future.result, future, place.size


def _has_room(
    waiting: Iterable[tuple[Callable[[], _Result], Future[_Result] | None, int]],
) -> bool:
    begun = [*waiting]
    under_way = sum(size for _, future, size in begun if future and not future.done())
    return not begun or (len(begun) < MOST_AHEAD and under_way < MOST_BYTES)
