"""Reads the pictures of a task ahead of their decoding, where each read waits for a network.

While a picture is decoded the next ones are fetched by a few threads, which wait without the GIL.
What is fetched and not yet decoded is bounded in number and in bytes. A local file is read when its
turn comes: the system reads ahead by itself.
"""

from collections import deque
from collections.abc import Callable, Generator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from functools import cache, partial

from imgrec.sources.opening import source_of
from imgrec.sources.source import VersionedSource

# Requests at a time, pictures fetched and not yet decoded, and bytes above which no other begins.
THREADS, MOST_AHEAD, MOST_BYTES = 8, 16, 64 << 20

Read = Callable[[], bytes]
# Id, description of the source, path within it, and the version that was listed (`Listed.token`).
File = tuple[int, str, str, str]


def reads(files: Sequence[File]) -> Generator[Read]:
    """Yield for each picture a function that waits for its bytes and returns them.

    The function raises what `PictureSource.read` does. Close the generator to begin no more reads.

    Args:
        files: (id, description of the source, path within it, version) of each picture.
    """
    waiting: deque[tuple[Read, Future[bytes] | None]] = deque()
    begun = 0
    try:
        while begun < len(files) or waiting:
            while begun < len(files) and _has_room(waiting):
                waiting.append(_begun(*files[begun][1:]))
                begun += 1
            yield waiting.popleft()[0]
    finally:
        for _, future in waiting:
            if future:
                future.cancel()


def _begun(root: str, path: str, version: str) -> tuple[Read, Future[bytes] | None]:
    source = source_of(root)
    if not source.is_remote:
        return partial(source.read, path), None
    if isinstance(source, VersionedSource):
        future = _threads().submit(source.read_version, path, version)
    else:
        future = _threads().submit(source.read, path)
    return future.result, future


def _has_room(waiting: Sequence[tuple[Read, Future[bytes] | None]]) -> bool:
    if not waiting:
        return True
    fetched = [future for _, future in waiting if future and future.done()]
    held = sum(len(future.result()) for future in fetched if not future.exception())
    return len(waiting) < MOST_AHEAD and held < MOST_BYTES


@cache
def _threads() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(THREADS, thread_name_prefix="imgrec-read")
