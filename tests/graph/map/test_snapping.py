"""Cells of pictures: no two alike, near their positions, and in the order of their neighbors."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from graph.map.snapping import snapped
from imgrec.maps.pyramid import centers, deepest_level, side_of


def _numbers(cells: np.ndarray, depth: int) -> list[int]:
    return (cells[:, 1].astype(int) * side_of(depth) + cells[:, 0]).tolist()


@given(
    arrays(
        np.float32, st.tuples(st.integers(0, 40), st.just(2)), elements=st.floats(-1, 1, width=32)
    )
)
def test_no_two_pictures_get_the_same_cell(positions: np.ndarray) -> None:
    cells = snapped(positions, 1)
    assert cells.shape == positions.shape
    assert (cells < side_of(1)).all()
    assert len(set(_numbers(cells, 1))) == len(positions)


def test_a_picture_alone_gets_the_cell_it_lies_in() -> None:
    wanted = np.array([(x, y) for x in range(0, 32, 5) for y in range(0, 32, 7)], np.uint16)
    assert snapped(centers(wanted, 1), 1).tolist() == wanted.tolist()


def test_the_cell_of_each_is_the_nearest_that_those_before_left() -> None:
    rng = np.random.default_rng(3)
    # On whole parts of a cell, so that the reference has no other rounding.
    positions = rng.integers(-900, 900, (300, 2)) * 2 / (side_of(1) * 256)
    cells = snapped(positions, 1)
    side = side_of(1)
    grid = np.stack(np.meshgrid(np.arange(side), np.arange(side)), axis=-1).reshape(-1, 2)
    places = (positions * (1, -1) + 1) / 2 * side
    taken = np.linalg.norm(places - cells - 0.5, axis=1)
    free = np.ones(len(grid), bool)
    free[_numbers(cells, 1)] = False
    # A free cell that is nearer than one's own would have been taken.
    for place, distance in zip(places, taken, strict=True):
        left = np.linalg.norm(grid[free] + 0.5 - place, axis=1).min()
        assert left >= distance - 1e-9


def test_a_crowd_stays_together_and_in_its_order() -> None:
    rng = np.random.default_rng(0)
    middles = np.array([(-0.5, 0.5), (0.5, 0.5), (0.5, -0.5)])
    group = np.repeat(np.arange(3), 300)
    positions = middles[group] + rng.normal(size=(900, 2)) * 0.05
    depth = deepest_level(900)
    found = centers(snapped(positions, depth), depth)
    nearest = np.linalg.norm(found[:, None] - middles, axis=2).argmin(axis=1)
    assert (nearest == group).all()
    for number in range(3):
        for axis in (0, 1):
            at = positions[group == number, axis]
            moved = found[group == number, axis]
            assert np.corrcoef(at, moved)[0, 1] > 0.9


def test_all_at_one_point_fill_a_disk_around_it() -> None:
    cells = snapped(np.zeros((400, 2)), 1)
    away = np.linalg.norm(cells + 0.5 - side_of(1) / 2, axis=1)
    # The radius of a disk of 400 cells, and one cell more.
    assert away.max() < np.sqrt(400 / np.pi) + 1


def test_a_full_grid_is_filled() -> None:
    cells = snapped(np.full((1024, 2), 0.99), 1)
    assert sorted(_numbers(cells, 1)) == list(range(1024))


@pytest.mark.parametrize("corner", [-1, 1])
def test_the_edges_of_the_square_belong_to_it(corner: int) -> None:
    wanted = [[31, 0]] if corner == 1 else [[0, 31]]
    assert snapped(np.array([(corner, corner)]), 1).tolist() == wanted


def test_the_same_layout_gives_the_same_cells() -> None:
    positions = np.random.default_rng(1).normal(size=(2000, 2)) / 5
    assert np.array_equal(snapped(positions, 2), snapped(positions, 2))
