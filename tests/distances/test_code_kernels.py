"""The compiled scan of codes, beside the same sums in 64-bit integers and floats."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from imgrec.distances import code_kernels
from imgrec.distances.code_kernels import rounded

WIDTHS = st.sampled_from([1, 2, 31, 64, 127, 128, 129, 200])


@given(WIDTHS, st.integers(0, 200), st.integers(1, 6), st.integers(0, 1 << 30))
def test_estimates_are_those_of_sums_that_cannot_overflow(
    c: int, m: int, q: int, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    codes = rng.integers(-127, 128, (m, c)).astype(np.int8)
    weights, steps = rounded(rng.normal(size=(q, c)).astype(np.float32))
    means, lengths = rng.normal(size=q).astype("f4"), rng.uniform(0, 2, q).astype("f4")
    inverse, squares = rng.uniform(0.5, 2, m).astype("f4"), rng.uniform(0, 4, m).astype("f4")
    sums = weights.astype(np.int64) @ codes.astype(np.int64).T
    products = sums * steps[:, None].astype(float) + means[:, None]
    # More columns than there are rows: the loops fill a part of a larger array.
    found = np.full((q, m + 3), 7, np.float32)
    code_kernels.cosine(codes, weights, steps, means, inverse, found[:, 1 : m + 1])
    scale = np.abs(products).max(initial=1)
    assert np.allclose(found[:, 1 : m + 1], 1 - products * inverse, atol=1e-5 * scale)
    assert (found[:, [0, m + 1, m + 2]] == 7).all()
    code_kernels.euclidean(codes, weights, steps, means, lengths, squares, found[:, 1 : m + 1])
    expected = np.maximum(squares + lengths[:, None] - 2 * products, 0)
    assert np.allclose(np.square(found[:, 1 : m + 1]), expected, atol=1e-4 * scale)
    assert (found[:, [0, m + 1, m + 2]] == 7).all()


@pytest.mark.parametrize("width", [1, 127, 128, 129, 4096])
@pytest.mark.parametrize("code", [127, -127, -128])
def test_the_largest_sums_do_not_overflow(width: int, code: int) -> None:
    codes = np.full((3, width), code, np.int8)
    weights, steps = rounded(np.full((1, width), 2, np.float32))
    zero, one = np.zeros(1, np.float32), np.ones(3, np.float32)
    found = np.empty((1, 3), np.float32)
    code_kernels.cosine(codes, weights, steps, zero, one, found)
    assert np.allclose(found, 1 - 2 * width * code, rtol=2e-4)


@given(st.integers(1, 300), st.integers(0, 1 << 30), st.floats(1e-20, 1e20))
def test_weights_are_rounded_to_sixteen_bits(c: int, seed: int, scale: float) -> None:
    weights = (np.random.default_rng(seed).normal(size=(3, c)) * scale).astype(np.float32)
    weights[1] = 0
    found, steps = rounded(weights)
    assert (found.dtype, steps.dtype) == (np.int16, np.float32)
    assert not found[1].any()
    assert np.isfinite(steps).all()
    largest = np.abs(weights).max(axis=1, keepdims=True)
    assert (np.abs(found * steps[:, None] - weights) <= 0.51 / 27_000 * largest).all()
