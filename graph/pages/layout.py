"""Lay out the pictures of a page: similar ones near each other, no two overlapping.

Three steps. A force-directed layout pulls connected nodes together. Its point cloud is evened out
to fill the rectangle of the page, mostly by rank, so that dense groups do not form a ball in an
empty page. Then overlapping boxes are pushed apart until none overlap, which is the invariant.
The same seed gives the same positions.
"""

from collections.abc import Sequence

import igraph
import numpy as np
from numpy.typing import NDArray

# Positions (n, 2), x to the right, y down.
Points = NDArray[np.float64]
# Indices of two boxes, and a weight.
Edge = tuple[int, int, float]

# Moves of each node by the springs.
_STEPS = 500
# Overlap that is tolerated, and the surplus of a push.
_ENOUGH = 1e-3
# Resolution to which positions are rounded.
_ROUNDING = 0.1
# Factor from a box to the room that it takes up.
GAP = 1.08
_ROUNDS = 300
# 1 is a grid without groups, 0 the bare force-directed layout.
_EVENNESS = 0.7
# Share of the page that the boxes cover before they are pushed apart.
_FILL = 0.62


def layout(edges: Sequence[Edge], boxes: Points, aspect: float, seed: int = 0) -> Points:
    """Return the centers (n, 2) of boxes that do not overlap, around (0, 0).

    Args:
        edges: attract their nodes in proportion to their weights.
        boxes: widths and heights (n, 2).
        aspect: aspect ratio (width / height) of the area to fill.
        seed: of the initial positions.
    """
    return place(springs(edges, len(boxes), seed), boxes, aspect)


def springs(edges: Sequence[Edge], n: int, seed: int = 0) -> Points:
    """Return force-directed positions (n, 2), their longer principal axis along x.

    Source: Fruchterman and Reingold, Graph drawing by force-directed placement, 1991, with the
    cooling of igraph's `layout_fruchterman_reingold`, and as there a weak pull between all nodes
    of a graph that is not connected, which keeps its parts in sight of each other.
    """
    # Imported here: it takes half a second.
    from graph.pages.kernels import settle

    start = np.random.default_rng(seed).normal(size=(n, 2)) * np.sqrt(n)
    pulls = np.zeros((n, n), np.float32)
    for a, b, weight in edges:
        pulls[a, b] += weight
        pulls[b, a] += weight
    if not _is_connected(edges, n):
        pulls += np.float32(1 / (n * np.sqrt(n)))
    x, y = np.ascontiguousarray(start.T, np.float32)
    settle(x, y, pulls, _STEPS)
    points = np.stack([x, y], axis=1).astype(np.float64)
    centered: Points = points - points.mean(axis=0)
    return _upright(centered)


def _is_connected(edges: Sequence[Edge], n: int) -> bool:
    return bool(igraph.Graph(n, [(a, b) for a, b, _ in edges]).is_connected())


def place(points: Points, boxes: Points, aspect: float) -> Points:
    """Return points (n, 2) spread over an area of an aspect ratio, with overlaps removed."""
    area = float(np.prod(boxes * GAP, axis=1).sum()) / _FILL
    extent = np.sqrt(np.array([area * aspect, area / aspect]))  # (2,)
    spread = _evened(points, aspect) * (extent - boxes.max(axis=0)).clip(min=0)
    apart = push_apart(spread, boxes * (GAP / 2) + _ROUNDING)
    low, high = (apart - boxes / 2).min(axis=0), (apart + boxes / 2).max(axis=0)
    middle: Points = (low + high) / 2
    return np.round(apart - middle, 1)


def push_apart(points: Points, halves: Points) -> Points:
    """Return centers (n, 2) moved apart until no two boxes overlap.

    Args:
        points: centers (n, 2).
        halves: half widths and half heights (n, 2).
    """
    # Imported here: it takes half a second.
    from graph.pages.kernels import push

    points = np.array(points, np.float64, order="C")
    halves = np.ascontiguousarray(halves, np.float64)
    while not push(points, halves, _ROUNDS, _ENOUGH):
        # The boxes are too crowded to settle. More room guarantees termination.
        points *= 1.05
    return points


def _evened(points: Points, aspect: float) -> Points:
    """Return points (n, 2) mapped to fill the square from -0.5 to 0.5, corners included.

    A position is a weighted mean of its rank and its scaled coordinate. The rank is taken over all
    points along x, and along y within the vertical strip of the point. The coordinate keeps close
    groups close.
    """
    count = len(points)
    spans = np.ptp(points, axis=0)
    scaled = (points - points.min(axis=0)) / np.where(spans > 0, spans, 1) - 0.5  # (n, 2)
    strips = max(1, round(np.sqrt(count * aspect)))
    order = np.argsort(points[:, 0], kind="stable")
    even = np.empty((count, 2))
    even[order, 0] = (np.arange(count) + 0.5) / count - 0.5
    for strip in np.array_split(order, strips):
        of_strip = strip[np.argsort(points[strip, 1], kind="stable")]
        even[of_strip, 1] = (np.arange(len(strip)) + 0.5) / max(1, len(strip)) - 0.5
    evened: Points = _EVENNESS * even + (1 - _EVENNESS) * scaled
    return evened


def _upright(points: Points) -> Points:
    """Return points rotated so that the longer principal axis is x; the first point fixes signs."""
    if len(points) < 2:
        return points
    _, axes = np.linalg.eigh(points.T @ points)
    turned: Points = points @ axes[:, ::-1]
    turned *= np.where(turned[0] < 0, -1, 1)
    return turned
