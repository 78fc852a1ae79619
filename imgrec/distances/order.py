"""The order of many distances, without sorting them."""

import numpy as np
from numpy.typing import NDArray

# One value in so many makes the sample.
_STEP = 64
# The sampled limit is this much above the place looked for, so that it is seldom too low.
_FACTOR, _MORE = 1.25, 16
# Where so large a share of the values lies below the limit, the sample saves nothing.
_LARGEST_SHARE = 0.25


def kth_smallest(values: NDArray[np.float32], k: int) -> np.float32:
    """Return the value that `np.sort(values)[k]` would be; ten times sooner where k is small.

    An even sample gives a limit that a few more than k values lie below, and only those are
    partitioned. If there are fewer, all values are.

    Args:
        values: (n,) distances, none of them NaN.
        k: from 0 to n - 1.
    """
    sample = values[::_STEP]
    place = int(_FACTOR * k / _STEP) + _MORE
    if place < _LARGEST_SHARE * len(sample):
        few = values[values <= np.partition(sample, place)[place]]
        if len(few) > k:
            values = few
    found: np.float32 = np.partition(values, k)[k]
    return found
