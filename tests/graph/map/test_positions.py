"""Positions of the map: empty space becomes less, order and neighbors stay."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.stats import rankdata

from graph.map.positions import spread

_POSITIONS = arrays(
    np.float32,
    st.tuples(st.integers(1, 30), st.just(2)),
    elements=st.floats(-1, 1, width=32, allow_subnormal=False),
)


@given(_POSITIONS)
def test_the_order_along_each_axis_stays_within_the_square(positions: np.ndarray) -> None:
    found = spread(positions)
    assert np.abs(found).max() <= 0.94
    for axis in (0, 1):
        assert rankdata(found[:, axis]).tolist() == rankdata(positions[:, axis]).tolist()


@given(_POSITIONS)
def test_each_coordinate_is_the_mean_of_itself_and_its_rank(positions: np.ndarray) -> None:
    n = len(positions)
    # Ranks from 1 to n, at the middles of n equal parts of -1 to 1.
    ranks = (2 * rankdata(positions, axis=0) - 1) / n - 1
    assert np.allclose(spread(positions), 0.94 * (positions + ranks) / 2)


def test_an_island_far_away_leaves_the_others_more_room() -> None:
    rng = np.random.default_rng(0)
    near = rng.uniform(0.8, 1, (900, 2))
    island = rng.uniform(-1, -0.9, (100, 2))
    found = spread(np.concatenate([near, island]))
    assert np.ptp(found[:900], axis=0).min() > 4 * 0.2
    assert (found[900:] < found[:900].min(axis=0)).all()
