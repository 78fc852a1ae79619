"""The grid: a cell for each picture, a full rectangle, neighbors side by side."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from imgrec.layouts.grid import grid_cells, grid_layout, grid_shape

_POSITIONS = arrays(
    np.float32,
    st.tuples(st.integers(1, 60), st.just(2)),
    # Few values, so that many pictures lie on one point or on one line.
    elements=st.sampled_from([-1.0, -0.5, 0.0, 0.25, 1.0]),
)


def _nearest(positions: NDArray[np.floating], k: int) -> NDArray[np.intp]:
    """Return the k nearest others (n, k) of each point."""
    return np.asarray(cKDTree(positions).query(positions, k + 1)[1][:, 1:])


def _kept(positions: NDArray[np.floating], others: NDArray[np.floating], k: int = 8) -> float:
    """Return the share of the k nearest of each point that are among its k nearest there."""
    pairs = zip(_nearest(positions, k), _nearest(others, k), strict=True)
    return float(np.mean([len(np.intersect1d(a, b)) / k for a, b in pairs]))


@given(_POSITIONS)
def test_the_cells_are_a_full_rectangle_but_the_end_of_the_last_row(positions: np.ndarray) -> None:
    n = len(positions)
    cells = grid_cells(positions).tolist()
    columns = max(column for _, column in cells) + 1
    assert sorted(cells) == [[i // columns, i % columns] for i in range(n)]
    rows = max(row for row, _ in cells) + 1
    assert (rows, columns) == grid_shape(n)
    assert rows in (columns, columns - 1)


@given(_POSITIONS)
def test_no_two_pictures_are_in_one_place(positions: np.ndarray) -> None:
    places = grid_layout(positions)
    assert places.dtype == np.float32
    assert np.abs(places).max() <= 1
    assert len(np.unique(places, axis=0)) == len(positions)


@given(_POSITIONS)
def test_the_same_pictures_get_the_same_cells(positions: np.ndarray) -> None:
    before = positions.copy()
    assert np.array_equal(grid_cells(positions), grid_cells(np.asfortranarray(positions)))
    assert np.array_equal(positions, before)


@given(_POSITIONS, st.floats(0.5, 4), st.floats(-2, 2))
def test_only_the_order_along_each_axis_counts(
    positions: np.ndarray, scale: float, shift: float
) -> None:
    other = scale * positions.astype(np.float64) ** 3 + shift
    assert np.array_equal(grid_cells(positions), grid_cells(other))


@pytest.mark.parametrize("shape", [(1, 1), (1, 2), (4, 4), (6, 7), (16, 16), (31, 32)])
def test_a_lattice_stays_as_it_is(shape: tuple[int, int]) -> None:
    cells = np.argwhere(np.ones(shape))
    positions = np.stack([cells[:, 1], -cells[:, 0]], axis=1).astype(np.float32)
    order = np.random.default_rng(0).permutation(len(cells))
    assert np.array_equal(grid_cells(positions[order]), cells[order])
    places = grid_layout(positions)
    apart = np.linalg.norm(places[:, None] - places[None], axis=2)
    beside = np.abs(cells[:, None] - cells[None]).sum(axis=2) == 1
    # Cells are squares: the next one to the right is as far as the next one below.
    assert np.allclose(apart[beside], 2 / max(1, shape[1] - 1), atol=1e-6)


def test_neighbors_stay_near_in_a_map_of_dense_groups_and_empty_space() -> None:
    rng = np.random.default_rng(0)
    centers = rng.uniform(-1, 1, (20, 2))
    groups = rng.integers(20, size=2_000)
    positions = centers[groups] + 0.03 * rng.normal(size=(2_000, 2))
    places = grid_layout(positions)
    by_chance = _kept(positions, rng.permutation(places))
    assert by_chance < 0.02
    assert _kept(positions, places) > 0.4
    same = groups[_nearest(places, 8)] == groups[:, None]
    assert same.mean() > 0.8
