"""Stable numbers: a community keeps its number from run to run if most members stay."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import count

import numpy as np
from numpy.typing import NDArray

from graph.communities.bundles import Bundles
from graph.communities.start import Paths
from graph.communities.tree import Community
from graph.communities.weights import Rows
from imgrec.collection import Catalog
from imgrec.collection.kinds import COMMUNITY
from imgrec.labels.community_names import LONERS

_DEEPEST = 16


def parsed(labels: Sequence[str | None]) -> Paths:
    """Return the numbers (n, depth) of labels such as "3.1.2"; an invalid label counts as none."""
    paths = [_numbers(label) for label in labels]
    depth = max(map(len, paths), default=0)
    found = np.full((len(paths), max(1, depth)), -1)
    for row, path in enumerate(paths):
        found[row, : len(path)] = path
    return found


def numbered(group: Community, before: Paths, weights: NDArray[np.float64]) -> Community:
    """Return the tree with numbers, taken over from the previous run where communities match.

    At each level a community takes over a number if it has more than half of that community's
    former members, or if these are more than half of its own; larger overlaps are matched first.
    The others get the smallest free numbers, in descending order of size.

    Args:
        group: the whole tree, or a subtree.
        before: (m, depth) the former paths of its members, from this level down.
        weights: (m,) the number of pictures of each member.
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


def community_labels(tree: Community, bundles: Bundles) -> dict[int, str]:
    """Return the path of the community whose page shows it, for each picture by ascending id."""
    paths = np.empty(len(bundles), object)
    for path, group in tree.walk():
        if not group.children:
            paths[group.rows] = path
    return dict(zip(bundles.ids.tolist(), paths[bundles.node].tolist(), strict=True))


def labels_before(catalog: Catalog, bundles: Bundles) -> Paths:
    """Return the paths (u, depth) under which the nodes stood in the run before."""
    kept = catalog.labels.of_kind(COMMUNITY)
    return parsed([kept.get(bundles.picture(node)) for node in range(len(bundles))])


def _numbers_of(group: Community, old: Rows, weights: NDArray[np.float64]) -> list[int]:
    """Return the numbers of the children of a group; `old` (m,) are its members' former numbers."""
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
