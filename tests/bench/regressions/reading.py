"""The least that a scan can take: all bytes of an array read once and summed, on all cores."""

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numba
import numpy as np
from numpy.typing import NDArray

_CORES = os.cpu_count() or 1


def summing(array: NDArray[Any], times: int) -> Callable[[], object]:
    """Return a function that sums an array `times` times, an equal share on each core."""
    shares = np.array_split(array.reshape(-1), _CORES)
    threads = ThreadPoolExecutor(_CORES)
    return lambda: [list(threads.map(_summed, shares)) for _ in range(times)]


@numba.njit(fastmath=True, nogil=True)
def _summed(values):  # type: ignore[no-untyped-def]
    total = values.dtype.type(0)
    for i in range(len(values)):
        total += values[i]
    return total
