"""The compiled loop of `graph.pages.layout`: push overlapping boxes apart.

Sums are computed in the order in which they are written, so positions do not depend on the
processor. Importing this module imports numba (half a second); the first use on a machine compiles
the loop, and numba caches the machine code on disk.
"""

import numpy as np
from numba import types
from numpy.typing import NDArray

from imgrec.system.compiling import compiled

_POINTS = types.Array(types.float64, 2, "C")
_HALVES = types.Array(types.float64, 2, "C", readonly=True)


@compiled(_POINTS, _HALVES, types.int64, types.float64, returns=types.boolean, as_written=True)
def push(
    points: NDArray[np.float64], halves: NDArray[np.float64], rounds: int, enough: float
) -> bool:
    """Move the centers of boxes until none overlap; return False if the rounds did not suffice.

    In a round each pair that overlaps moves apart along the axis of less overlap, each box by half
    of it. A box with many overlaps is damped, or it would oscillate.

    Args:
        points: centers (n, 2); changed in place.
        halves: half widths and half heights (n, 2).
        rounds: at most.
        enough: overlap that is tolerated, and the surplus of a move.
    """
    n = points.shape[0]
    moved = np.empty((n, 2))
    for _ in range(rounds):
        still = True
        for k in range(n):
            shift_x, shift_y, hits_x, hits_y = 0.0, 0.0, 0, 0
            # Those behind this box first, as if all pairs were visited in order.
            for place in range(n - 1):
                other = k + 1 + place if place < n - 1 - k else place - (n - 1 - k)
                lack_x = halves[k, 0] + halves[other, 0] - abs(points[k, 0] - points[other, 0])
                lack_y = halves[k, 1] + halves[other, 1] - abs(points[k, 1] - points[other, 1])
                if lack_x <= enough or lack_y <= enough:
                    continue
                axis = 1 if lack_y < lack_x else 0
                low, high = min(k, other), max(k, other)
                step = (lack_y if axis else lack_x) / 2 + enough
                # Of two at the same place the first one moves up.
                if (points[low, axis] < points[high, axis]) == (k == low):
                    step = -step
                if axis:
                    shift_y += step
                    hits_y += 1
                else:
                    shift_x += step
                    hits_x += 1
            moved[k, 0] = shift_x / max(1.0, hits_x / 2)
            moved[k, 1] = shift_y / max(1.0, hits_y / 2)
            still = still and moved[k, 0] == 0 and moved[k, 1] == 0
        if still:
            return True
        for k in range(n):
            points[k, 0] += moved[k, 0]
            points[k, 1] += moved[k, 1]
    return False
