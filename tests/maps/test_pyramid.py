"""The pyramid against a direct search of each cell, and its promise: what is visible stays so."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from imgrec.maps.format import CELLS
from imgrec.maps.pyramid import Pyramid, centers, deepest_level, side_of


@st.composite
def _pyramids(draw: st.DrawFn) -> Pyramid:
    depth = draw(st.integers(1, 3))
    side = side_of(depth)
    numbers = draw(st.lists(st.integers(0, side**2 - 1), min_size=1, max_size=60, unique=True))
    cells = np.array([(n % side, n // side) for n in numbers], np.uint16)
    ranks = np.array(draw(st.permutations(range(len(numbers)))), np.int64)
    return Pyramid(cells, ranks, depth)


@given(_pyramids())
def test_each_cell_shows_its_first_picture(pyramid: Pyramid) -> None:
    for level in range(pyramid.depth + 1):
        wanted: dict[int, int] = {}
        for row in np.argsort(-pyramid.ranks).tolist():
            x, y = (pyramid.cells[row].astype(int) >> (pyramid.depth - level)).tolist()
            wanted[y * side_of(level) + x] = row
        cells, rows = pyramid.shown(level)
        assert dict(zip(cells.tolist(), rows.tolist(), strict=True)) == wanted
        assert cells.tolist() == sorted(wanted)


@given(_pyramids())
def test_what_a_level_shows_is_shown_below_and_the_deepest_shows_all(pyramid: Pyramid) -> None:
    shown = [set(pyramid.shown(level)[1].tolist()) for level in range(pyramid.depth + 1)]
    for above, below in pairwise(shown):
        assert above <= below
    assert shown[-1] == set(range(len(pyramid.cells)))
    firsts = [min(z for z, rows in enumerate(shown) if row in rows) for row in shown[-1]]
    assert pyramid.first_levels().tolist() == firsts


@given(_pyramids())
def test_tiles_hold_the_cells_of_their_level_in_order(pyramid: Pyramid) -> None:
    for level in range(pyramid.depth + 1):
        cells, rows = pyramid.shown(level)
        found, places = {}, []
        for tile in pyramid.tiles(level):
            assert tile.level == level
            assert (np.diff(tile.slots.astype(int)) > 0).all()
            places.append([tile.x, tile.y])
            for slot, row in zip(tile.slots.tolist(), tile.rows.tolist(), strict=True):
                x, y = tile.x * CELLS + slot % CELLS, tile.y * CELLS + slot // CELLS
                found[y * side_of(level) + x] = row
        assert found == dict(zip(cells.tolist(), rows.tolist(), strict=True))
        assert places == sorted(places, key=lambda place: place[::-1])
        assert places == pyramid.tile_places(level).tolist()


@pytest.mark.parametrize(
    ("pictures", "level"),
    [(1, 1), (512, 1), (513, 2), (2048, 2), (2049, 3), (400_000, 6), (10**8, 9)],
)
def test_the_deepest_level_has_two_cells_for_each_picture(pictures: int, level: int) -> None:
    assert deepest_level(pictures) == level


def test_the_first_row_of_cells_is_at_the_top() -> None:
    cells = np.array([(0, 0), (31, 31), (16, 15)], np.uint16)
    step = 1 / 16
    wanted = [[-1 + step / 2, 1 - step / 2], [1 - step / 2, -1 + step / 2], [step / 2, step / 2]]
    assert centers(cells, 1).tolist() == wanted
