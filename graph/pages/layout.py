"""Positions of pictures on a page: alike near each other, none over another."""

from collections.abc import Sequence

import igraph
import numpy as np
from numpy.typing import NDArray

from graph.communities.louvain import seeded

Points = NDArray[np.float64]  # (n, 2), x to the right, y down
Edge = tuple[int, int, float]  # two positions in the list of boxes, and a weight

_ENOUGH = 1e-3
_ROUNDING = 0.1  # of the positions on the page
GAP = 1.08  # of a box; the room left around it
_ROUNDS = 300
_EVENNESS = 0.7  # 1: a grid that forgets the groups, 0: the bare force layout
_FILL = 0.62  # share of the ground that the boxes cover before they are pushed apart


def layout(edges: Sequence[Edge], boxes: Points, aspect: float, seed: int = 0) -> Points:
    """Return the centers (n, 2) of boxes so that none overlaps another, around (0, 0).

    Args:
        edges: what pulls together; the greater the weight, the more.
        boxes: (n, 2) widths and heights.
        aspect: width over height of the ground to fill.
        seed: of the start of the force layout.
    """
    return place(springs(edges, len(boxes), seed), boxes, aspect)


def springs(edges: Sequence[Edge], n: int, seed: int = 0) -> Points:
    """Return force-directed positions (n, 2), their longer axis along x.

    Source: Fruchterman, Reingold 1991, as in igraph, from a random start of our own.
    """
    start = np.random.default_rng(seed).normal(size=(n, 2)) * np.sqrt(n)
    graph = igraph.Graph(n, [(a, b) for a, b, _ in edges])
    with seeded(seed):  # it also jitters what it moves
        found = graph.layout_fruchterman_reingold(
            weights=[weight for _, _, weight in edges], niter=500, seed=start.tolist(), grid=False
        )
    points = np.asarray(found.coords, np.float64).reshape(n, 2)
    centered: Points = points - points.mean(axis=0)
    return _upright(centered)


def place(points: Points, boxes: Points, aspect: float) -> Points:
    """Return points (n, 2) spread over ground of an aspect ratio, boxes pushed apart."""
    area = float(np.prod(boxes * GAP, axis=1).sum()) / _FILL
    extent = np.sqrt(np.array([area * aspect, area / aspect]))  # (2,)
    spread = _evened(points, aspect) * (extent - boxes.max(axis=0)).clip(min=0)
    apart = push_apart(spread, boxes * (GAP / 2) + _ROUNDING)
    low, high = (apart - boxes / 2).min(axis=0), (apart + boxes / 2).max(axis=0)
    middle: Points = (low + high) / 2
    return np.round(apart - middle, 1)


def push_apart(points: Points, halves: Points) -> Points:
    """Return points (n, 2) moved until no box overlaps another.

    Args:
        points: centers.
        halves: (n, 2) half widths and half heights.
    """
    points = points.copy()
    reaches = halves.T[:, :, None] + halves.T[:, None]  # (2, n, n)
    reaches[:, *np.tril_indices(len(points))] = 0  # each pair once, none with itself
    while True:
        for _ in range(_ROUNDS):
            shifts = _shifts(points, reaches)
            if not shifts.any():
                return points
            points += shifts
        points *= 1.05  # too tight: a little more room ends it


def _shifts(points: Points, reaches: NDArray[np.float64]) -> Points:
    """Half of what each pair of boxes lacks, along the axis where it lacks less."""
    x, y = points.T
    lack_x = reaches[0] - np.abs(x[:, None] - x)  # (n, n)
    lack_y = reaches[1] - np.abs(y[:, None] - y)  # (n, n)
    first, second = np.nonzero((lack_x > _ENOUGH) & (lack_y > _ENOUGH))
    of_pairs = lack_x[first, second], lack_y[first, second]
    axis, lack = (of_pairs[1] < of_pairs[0]).astype(np.intp), np.minimum(*of_pairs)
    sign = np.where(points[first, axis] < points[second, axis], -1.0, 1.0)
    shifts, hits = np.zeros_like(points), np.zeros_like(points)
    for boxes, side in ((first, sign), (second, -sign)):
        np.add.at(shifts, (boxes, axis), side * (lack / 2 + _ENOUGH))
        np.add.at(hits, (boxes, axis), 1)
    return shifts / np.maximum(1, hits / 2)  # crowded boxes move with care


def _evened(points: Points, aspect: float) -> Points:
    """Map a cloud to the square from -0.5 to 0.5 so that it fills it, the corners included.

    Most of a position is its rank: along x in all, along y in the strip of ground it falls
    into. The rest is the distance, so that close groups stay close.
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
    """Turn the longer principal axis to x; the signs are settled by the first point."""
    if len(points) < 2:
        return points
    _, axes = np.linalg.eigh(points.T @ points)
    turned: Points = points @ axes[:, ::-1]
    turned *= np.where(turned[0] < 0, -1, 1)
    return turned
