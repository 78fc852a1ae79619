"""Several transfers of contents at once: all of them, or the first error.

Each thread moves one content at a time, so memory is bounded by the number of threads. On Ctrl-C or
the first error no other transfer is begun, and those in progress end or fail.
"""

from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from typing import TypeVar

from imgrec.system.progress import progress

_THREADS = 16
_Item = TypeVar("_Item")
_Result = TypeVar("_Result")


def transferred(
    transfer: Callable[[_Item], _Result],
    items: Sequence[_Item],
    sizes: Sequence[int],
    stage_name: str,
    *,
    quiet: bool,
) -> list[_Result]:
    """Return what a function returns for each item, called in threads.

    Args:
        transfer: moves the content of an item.
        items: to move.
        sizes: bytes of each, for the progress.
        stage_name: as the progress shows it.
        quiet: show no progress.

    Raises:
        Exception: the first, in the order of the items, that a call raised.
    """
    if not items:
        return []
    # An empty content counts too.
    weights = [size + 1 for size in sizes]
    stage = progress(stage_name, total=len(items), unit="files", weights=weights, quiet=quiet)
    with stage, ThreadPoolExecutor(min(_THREADS, len(items))) as pool:
        tasks = [pool.submit(transfer, item) for item in items]
        for task in tasks:
            task.add_done_callback(lambda _: stage.update())
        try:
            wait(tasks, return_when=FIRST_EXCEPTION)
        finally:
            pool.shutdown(wait=True, cancel_futures=True)
        return [task.result() for task in tasks if not task.cancelled()]
