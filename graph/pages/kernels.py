"""The compiled loops of `graph.pages.layout`: springs, and boxes that are pushed apart.

Sums are computed in the order in which they are written, and no loop calls a function that
processors round differently, so positions do not depend on the processor. Importing this module
imports numba (half a second); the first use on a machine compiles the loops, and numba caches the
machine code on disk.
"""

import numpy as np
from numba import types
from numpy.typing import NDArray

from imgrec.system.compiling import compiled

_POINTS = types.Array(types.float64, 2, "C")
_HALVES = types.Array(types.float64, 2, "C", readonly=True)
_LINE = types.Array(types.float32, 1, "C")
_PULLS = types.Array(types.float32, 2, "C", readonly=True)
# Squared distance that is added to each, so that two nodes at one place do not divide by 0.
_NEAREST = np.float32(1e-12)
# Margin of the pairs that `push` looks at, in moves of the box that moved farthest.
_MARGIN_STEPS = 16.0
# A little of the margin is left for rounding.
_SAFE = 0.499


@compiled(_LINE, _LINE, _PULLS, types.int64, as_written=True)
def settle(
    x: NDArray[np.float32], y: NDArray[np.float32], pulls: NDArray[np.float32], steps: int
) -> None:
    """Move nodes by the forces of Fruchterman and Reingold.

    Each pair repels by 1 / distance and attracts by pull times distance squared. A node moves by
    its force, at most by the temperature, which falls evenly from sqrt(n) / 10 to 0.

    Args:
        x: of the nodes (n,); changed in place.
        y: the same.
        pulls: (n, n), symmetric.
        steps: number of moves of each node.
    """
    n = x.shape[0]
    hottest = np.float32(np.sqrt(n) / 10)
    force_x, force_y = np.empty(n, np.float32), np.empty(n, np.float32)
    for step in range(steps):
        force_x[:] = np.float32(0)
        force_y[:] = np.float32(0)
        for other in range(n):
            there_x, there_y = x[other], y[other]
            # Over the nodes, not over those that act on one: no sum is divided among lanes.
            for node in range(n):
                along_x, along_y = x[node] - there_x, y[node] - there_y
                square = along_x * along_x + along_y * along_y + _NEAREST
                force = np.float32(1) / square - pulls[other, node] * np.sqrt(square)
                force_x[node] += along_x * force
                force_y[node] += along_y * force
        most = hottest * np.float32(1 - step / steps)
        for node in range(n):
            length = np.sqrt(force_x[node] * force_x[node] + force_y[node] * force_y[node])
            share = most / max(length, most)
            x[node] += force_x[node] * share
            y[node] += force_y[node] * share


@compiled(_POINTS, _HALVES, types.int64, types.float64, returns=types.boolean, as_written=True)
def push(
    points: NDArray[np.float64], halves: NDArray[np.float64], rounds: int, enough: float
) -> bool:
    """Move the centers of boxes until none overlap; return False if the rounds did not suffice.

    In a round each pair that overlaps moves apart along the axis of less overlap, each box by half
    of it. A box with many overlaps is damped, or it would oscillate. Only pairs within a margin
    are looked at; they are listed anew before two boxes can have moved by more than that.

    Args:
        points: centers (n, 2); changed in place.
        halves: half widths and half heights (n, 2).
        rounds: at most.
        enough: overlap that is tolerated, and the surplus of a move.
    """
    n = points.shape[0]
    moved = np.empty((n, 2))
    others, counts = np.empty((n, n), np.int32), np.empty(n, np.int64)
    farthest, margin, traveled = halves.mean() / 8, 0.0, np.inf
    for _ in range(rounds):
        if traveled > _SAFE * margin:
            margin = _MARGIN_STEPS * farthest
            for k in range(n):
                count = 0
                # Those behind this box first, as if all pairs were visited in order.
                for place in range(n - 1):
                    other = k + 1 + place if place < n - 1 - k else place - (n - 1 - k)
                    gap_x = abs(points[k, 0] - points[other, 0]) - halves[k, 0] - halves[other, 0]
                    gap_y = abs(points[k, 1] - points[other, 1]) - halves[k, 1] - halves[other, 1]
                    others[k, count] = other
                    count += 1 if gap_x < margin and gap_y < margin else 0
                counts[k] = count
            traveled = 0.0
        farthest = 0.0
        for k in range(n):
            shift_x, shift_y, hits_x, hits_y = 0.0, 0.0, 0, 0
            for place in range(counts[k]):
                other = others[k, place]
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
            farthest = max(farthest, abs(moved[k, 0]), abs(moved[k, 1]))
        if farthest == 0:
            return True
        for k in range(n):
            points[k, 0] += moved[k, 0]
            points[k, 1] += moved[k, 1]
        traveled += farthest
    return False
