"""Tests of page layouts: no overlap, neighbors are near, reproducible."""

import igraph
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graph.pages.kernels import settle
from graph.pages.layout import layout, push_apart, springs
from graph.pages.network import picture_sizes


def overlapping(points: np.ndarray, boxes: np.ndarray) -> list[tuple[int, int]]:
    """Return the overlapping pairs, by brute force."""
    return [
        (i, j)
        for i in range(len(points))
        for j in range(i)
        if (np.abs(points[i] - points[j]) < (boxes[i] + boxes[j]) / 2).all()
    ]


@settings(max_examples=30)
@given(st.integers(1, 60), st.integers(0, 2**32 - 1), st.sampled_from([0.5, 1.6]))
def test_no_box_overlaps_another(n: int, seed: int, aspect: float) -> None:
    rng = np.random.default_rng(seed)
    boxes = np.round(rng.uniform(2, 150, size=(n, 2)), 1)
    pairs = rng.integers(0, n, size=(3 * n, 2))
    edges = [(int(a), int(b), float(rng.uniform(0.001, 1))) for a, b in pairs if a != b]
    points = layout(edges, boxes, aspect, seed)
    assert overlapping(points, boxes) == []
    low, high = (points - boxes / 2).min(axis=0), (points + boxes / 2).max(axis=0)
    assert low + high == pytest.approx(0, abs=0.11)


def test_no_picture_is_a_line_and_the_others_keep_their_shape() -> None:
    shapes = [(128, 1), (1, 128), (128, 96), (64, 64), (3, 1)]
    cells = [(0, 0, width, height) for width, height in shapes]
    sizes = picture_sizes(cells, [100.0] * len(cells))
    assert sizes[:2].tolist() == [[150, 50], [50, 150]]
    ratios = [width / height for width, height in shapes]
    assert sizes[2:, 0] / sizes[2:, 1] == pytest.approx(ratios[2:], rel=0.01)


def test_boxes_all_at_one_point_are_parted() -> None:
    boxes = np.full((30, 2), 10.0)
    assert overlapping(push_apart(np.zeros((30, 2)), boxes / 2), boxes) == []


@pytest.mark.parametrize("n", [1, 2, 3])
def test_few_boxes_without_edges(n: int) -> None:
    boxes = np.full((n, 2), 100.0)
    points = layout([], boxes, 1.6)
    assert points.shape == (n, 2)
    assert np.isfinite(points).all()


def test_the_ground_has_the_shape_asked_for() -> None:
    boxes = np.full((120, 2), 100.0)
    edges = [
        (i, (i * 7 + j) % 120, 0.5) for i in range(120) for j in (1, 2) if i != (i * 7 + j) % 120
    ]
    for aspect in (1.6, 0.625):
        width, height = np.ptp(layout(edges, boxes, aspect), axis=0) + 100
        assert width / height == pytest.approx(aspect, rel=0.25)
        assert boxes.prod(axis=1).sum() / (width * height) > 0.4


def test_groups_stay_together() -> None:
    rng = np.random.default_rng(0)
    group = np.repeat([0, 1], 30)
    edges = [
        (i, j, 1.0 if group[i] == group[j] else 0.01)
        for i in range(60)
        for j in range(i)
        if rng.random() < 0.3
    ]
    points = layout(edges, np.full((60, 2), 50.0), 1.6)
    distances = np.linalg.norm(points[:, None] - points[None], axis=2)
    np.fill_diagonal(distances, np.inf)
    nearest = distances.argmin(axis=1)
    assert (group[nearest] == group).mean() > 0.85


def test_the_same_seed_gives_the_same_points() -> None:
    edges = [(i, (i + 1) % 20, 0.5) for i in range(20)]
    boxes = np.full((20, 2), 50.0)
    first, second, other = (layout(edges, boxes, 1.6, seed) for seed in (4, 4, 5))
    assert np.array_equal(first, second)
    assert not np.array_equal(first, other)


def _pushed(points: np.ndarray, halves: np.ndarray) -> np.ndarray:
    """Return centers pushed apart, by numpy over all pairs of each round."""
    points = points.copy()
    first, second = np.triu_indices(len(points), 1)
    while True:
        for _ in range(300):
            lack = halves[first] + halves[second] - np.abs(points[first] - points[second])
            some = (lack > 1e-3).all(axis=1)
            axis = (lack[some, 1] < lack[some, 0]).astype(int)
            pairs = first[some], second[some]
            before = points[pairs[0], axis] < points[pairs[1], axis]
            step = np.where(before, -1.0, 1.0) * (lack[some, axis] / 2 + 1e-3)
            shifts, hits = np.zeros_like(points), np.zeros_like(points)
            for boxes, sign in zip(pairs, (1, -1), strict=True):
                np.add.at(shifts, (boxes, axis), sign * step)
                np.add.at(hits, (boxes, axis), 1)
            if not shifts.any():
                return points
            points += shifts / np.maximum(1, hits / 2)
        points *= 1.05


@settings(max_examples=25, deadline=None)
@given(st.integers(1, 50), st.integers(0, 2**32 - 1), st.sampled_from([0.0, 1.0, 60.0]))
def test_boxes_are_pushed_as_numpy_pushes_them_bit_by_bit(n: int, seed: int, wide: float) -> None:
    rng = np.random.default_rng(seed)
    points, halves = rng.normal(size=(n, 2)) * wide, rng.uniform(5, 30, (n, 2))
    before = points.copy()
    assert np.array_equal(push_apart(points, halves), _pushed(points, halves))
    assert np.array_equal(points, before)


def _settled(start: np.ndarray, pulls: np.ndarray, steps: int) -> np.ndarray:
    """Return nodes moved by springs in numpy, one acting node after the other, in float32."""
    x, y = start.T.astype(np.float32)
    for step in range(steps):
        across, down = np.zeros_like(x), np.zeros_like(y)
        for other in range(len(x)):
            dx, dy = x - x[other], y - y[other]
            square = dx * dx + dy * dy + np.float32(1e-12)
            force = np.float32(1) / square - pulls[other] * np.sqrt(square)
            across += dx * force
            down += dy * force
        most = np.float32(np.sqrt(len(x)) / 10) * np.float32(1 - step / steps)
        length = np.sqrt(across * across + down * down)
        share = most / np.maximum(length, most)
        x, y = x + across * share, y + down * share
    return np.stack([x, y], axis=1)


@pytest.mark.parametrize("n", [1, 2, 7, 40])
def test_springs_move_nodes_as_numpy_moves_them_bit_by_bit(n: int) -> None:
    rng = np.random.default_rng(n)
    start = rng.normal(size=(n, 2)).astype(np.float32) * 5
    pulls = (rng.random((n, n)) * (rng.random((n, n)) < 0.2)).astype(np.float32)
    pulls += pulls.T
    x, y = np.ascontiguousarray(start.T)
    settle(x, y, pulls, 60)
    assert np.array_equal(np.stack([x, y], axis=1), _settled(start, pulls, 60))


def _near_edges(points: np.ndarray, k: int) -> list[tuple[int, int, float]]:
    """Return an edge from each point to its k nearest, the nearer the stronger."""
    distances = np.linalg.norm(points[:, None] - points[None], axis=2)
    nearest = np.argsort(distances, axis=1)[:, 1 : k + 1]
    pairs = {(min(i, j), max(i, j)) for i, of in enumerate(nearest.tolist()) for j in of}
    return [(a, b, float(np.exp(-distances[a, b]))) for a, b in sorted(pairs)]


@pytest.mark.parametrize("parts", [1, 3])
def test_springs_are_as_good_as_those_of_igraph(parts: int) -> None:
    rng = np.random.default_rng(parts)
    points = rng.normal(size=(90, 5)) + 20 * (np.arange(90) % parts)[:, None]
    edges = _near_edges(points, 6)
    ends, weights = [edge[:2] for edge in edges], [edge[2] for edge in edges]
    graph = igraph.Graph(90, ends)
    assert len(graph.connected_components()) == parts
    start = (np.random.default_rng(0).normal(size=(90, 2)) * np.sqrt(90)).tolist()
    layout = graph.layout_fruchterman_reingold(weights=weights, seed=start, grid=False)
    lengths = [_mean_edge(np.array(one), edges) for one in (springs(edges, 90), layout.coords)]
    assert lengths[0] == pytest.approx(lengths[1], rel=0.05)


def _mean_edge(points: np.ndarray, edges: list[tuple[int, int, float]]) -> float:
    """Return the weighted mean length of edges, of the mean distance of all pairs."""
    distances = np.linalg.norm(points[:, None] - points[None], axis=2)
    ends = np.array([edge[:2] for edge in edges]).T
    mean = np.average(distances[tuple(ends)], weights=[edge[2] for edge in edges])
    return float(mean / distances.mean())
