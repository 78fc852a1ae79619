"""Coordinates in bytes: their rounding error, and exact products by either library."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from imgrec.neighbors import codes
from imgrec.neighbors.codes import Codes, one_thread_each, products

WAYS = [products, codes._by_torch, codes._by_numpy]


def test_a_code_is_off_by_half_a_step_at_most() -> None:
    coordinates = np.random.default_rng(0).standard_normal((500, 7), np.float32)
    coded = Codes.of(coordinates)
    step = coded.scale**0.5
    assert np.abs(coded.values * step - coordinates).max() <= 0.501 * step
    assert abs(coded.values).max() == 127


def test_coordinates_of_zeros_have_codes_of_zeros() -> None:
    coded = Codes.of(np.zeros((3, 4), np.float32))
    assert not coded.values.any()
    assert coded.scale > 0


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("shape", [(1, 1, 1), (1, 3, 9), (40, 1, 256), (33, 17, 5), (2, 2, 1000)])
def test_products_are_exact(way: object, shape: tuple[int, int, int]) -> None:
    rng, (b, m, a) = np.random.default_rng(1), shape
    one = rng.integers(-127, 128, (b, a), np.int8)
    other = rng.integers(-127, 128, (m, a), np.int8)
    with one_thread_each():
        found = way(one, other)  # type: ignore[operator]
    assert found.dtype == np.int32
    assert np.array_equal(found, one.astype(np.int64) @ other.astype(np.int64).T)


@pytest.mark.parametrize("way", WAYS)
@given(sign=st.sampled_from([-127, 127]))
def test_the_largest_products_are_exact(way: object, sign: int) -> None:
    rows = np.full((2, 1000), 127, np.int8), np.full((3, 1000), sign, np.int8)
    assert (way(*rows) == 1000 * 127 * sign).all()  # type: ignore[operator]
