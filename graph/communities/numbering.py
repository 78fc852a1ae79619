"""Numbers of communities that stay with the bulk of their members from run to run."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import count

import numpy as np
from numpy.typing import NDArray

from graph.communities.tree import LONERS, Community
from graph.communities.weights import Rows

Paths = NDArray[np.int64]  # (n, depth): the numbers of a path, from the top; -1 beyond its end
_DEEPEST = 16


def parsed(labels: Sequence[str | None]) -> Paths:
    """Return the numbers (n, depth) of labels such as 3.1.2; what is none counts as none."""
    paths = [_numbers(label) for label in labels]
    depth = max(map(len, paths), default=0)
    found = np.full((len(paths), max(1, depth)), -1)
    for row, path in enumerate(paths):
        found[row, : len(path)] = path
    return found


def numbered(group: Community, before: Paths, weights: NDArray[np.float64]) -> Community:
    """Return a tree whose groups have numbers, those of the run before where they are the same.

    At each level a group takes the number under which most of its members stood, where it
    holds more than half of what stood there or that was more than half of it; the largest
    overlap chooses first. The others get the smallest numbers that are free, by size.

    Args:
        group: the collection, or one below it.
        before: (m, depth) the paths of its members in the run before, from its level down.
        weights: (m,) pictures of each member.
    """
    found = []
    for child, number in zip(
        group.children, _numbers_of(group, before[:, 0], weights), strict=True
    ):
        rows = np.searchsorted(group.rows, child.rows)
        below = np.where(before[rows, :1] == number, before[rows, 1:], -1)
        if not below.shape[1]:
            below = np.full((len(rows), 1), -1)
        found.append(replace(numbered(child, below, weights[rows]), number=number))
    order = sorted(found, key=lambda child: (child.number == LONERS, child.number))
    return replace(group, children=tuple(order))


def _numbers_of(group: Community, old: Rows, weights: NDArray[np.float64]) -> list[int]:
    """The numbers of the children of a group whose members stood under `old` (m,)."""
    sizes = {number: float(weights[old == number].sum()) for number in np.unique(old).tolist()}
    overlaps = []
    for i, child in enumerate(group.children):
        rows = np.searchsorted(group.rows, child.rows)
        own, of_own = old[rows], weights[rows]
        for number in np.unique(own[own > LONERS]).tolist() if child.number != LONERS else ():
            overlap = float(of_own[own == number].sum())
            if 2 * overlap > min(float(of_own.sum()), sizes[number]):
                overlaps.append((-overlap, number, i))
    taken = {i: LONERS for i, child in enumerate(group.children) if child.number == LONERS}
    for _, number, i in sorted(overlaps):
        if i not in taken and number not in taken.values():
            taken[i] = number
    free = (number for number in count(1) if number not in sizes)
    return [taken[i] if i in taken else next(free) for i in range(len(group.children))]


def _numbers(label: str | None) -> list[int]:
    parts = (label or "").split(".")[:_DEEPEST]
    if not all(part.isascii() and part.isdigit() and len(part) < 10 for part in parts):
        return []
    return [int(part) for part in parts]
