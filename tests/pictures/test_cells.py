"""Pictures in cells with repeated edges, against numpy.pad."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from imgrec.pictures.cells import put_into


@given(st.tuples(*[st.integers(0, 5)] * 4), st.integers(1, 7), st.integers(1, 7))
def test_edges_are_repeated_as_numpy_does(
    rims: tuple[int, int, int, int], height: int, width: int
) -> None:
    above, below, left, right = rims
    picture = np.random.default_rng(0).integers(0, 255, (height, width, 3), np.uint8)
    padded = np.pad(picture, ((above, below), (left, right), (0, 0)), mode="edge")
    around = np.full((padded.shape[0] + 2, padded.shape[1] + 2, 3), 255, np.uint8)
    put_into(around[1:-1, 1:-1], picture, above, left)
    assert np.array_equal(around[1:-1, 1:-1], padded)
    around[1:-1, 1:-1] = 255
    assert (around == 255).all()
