"""Coordinates rounded to one byte each, and their products.

Products of whole numbers have no rounding error, so they are the same by any library and in any
order; the processors of today multiply bytes about four times as fast as float32. An estimate from
codes is used to choose candidates only: their exact distances are computed from the vectors.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from imgrec.encoders.spec import Vectors
from imgrec.neighbors.lists import parts

Values = NDArray[np.int8]
_MOST = 127
_STEP_ROWS = 8192
# By oneDNN, where there are AVX2 and AVX-512: elsewhere torch multiplies bytes slowly.
_FAST = ("AVX2", "AVX512")


@dataclass(frozen=True)
class Codes:
    """Coordinates (n, a) of n rows in bytes.

    Attributes:
        values: (n, a) int8.
        scale: of a product of two rows of `values`.
    """

    values: Values
    scale: float

    @classmethod
    def of(cls, coordinates: Vectors) -> "Codes":
        """Return rounded coordinates (n, a); those that vary alike along all axes lose least."""
        largest = max(float(coordinates.max(initial=0)), -float(coordinates.min(initial=0))) or 1.0
        values = np.empty(coordinates.shape, np.int8)
        for part in parts(len(values), _STEP_ROWS):
            values[part] = np.rint(coordinates[part] * np.float32(_MOST / largest))
        return cls(values, (largest / _MOST) ** 2)


@contextmanager
def one_thread_each() -> Iterator[None]:
    """Let a product use the thread that calls it alone, because all cores have one."""
    if not _is_fast():
        with threadpool_limits(1, "blas"):
            yield
        return
    import torch

    before = torch.get_num_threads()
    try:
        with threadpool_limits(1, "blas"):
            yield
    finally:
        torch.set_num_threads(before)


def products(one: Values, other: Values) -> NDArray[np.int32]:
    """Return the products (b, m) of rows (b, a) with rows (m, a), up to 1,000 columns exactly."""
    return _by_torch(one, other) if _is_fast() else _by_numpy(one, other)


def _by_torch(one: Values, other: Values) -> NDArray[np.int32]:
    import torch

    # The number of threads is one of each thread.
    torch.set_num_threads(1)
    return np.asarray(torch._int_mm(torch.from_numpy(one), torch.from_numpy(other).T).numpy())


def _by_numpy(one: Values, other: Values) -> NDArray[np.int32]:
    # Below 2²⁴ float32 holds every whole number.
    return np.asarray((one.astype(np.float32) @ other.astype(np.float32).T).astype(np.int32))


def _is_fast() -> bool:
    # Imported here: it takes a second, which only large collections need.
    import torch

    return (
        hasattr(torch, "_int_mm")
        and torch.backends.mkldnn.is_available()  # type: ignore[no-untyped-call]
        and torch.backends.cpu.get_cpu_capability() in _FAST
    )
