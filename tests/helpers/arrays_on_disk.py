"""Where the values of an array lie."""

import mmap
from typing import Any

from numpy.typing import NDArray


def is_mapped(array: NDArray[Any]) -> bool:
    """Return True if an array is a view of a mapped file."""
    base: object = array
    while base is not None and not isinstance(base, mmap.mmap):
        base = base.obj if isinstance(base, memoryview) else getattr(base, "base", None)
    return base is not None
