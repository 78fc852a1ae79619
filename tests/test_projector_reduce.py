"""Principal components against numpy, and the bytes of the tensor."""

import io

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as stn
from numpy.typing import NDArray

from imgrec.features import Block, FeatureStore
from imgrec.projection import fit_axes, sample_ids
from projector import reduce
from projector.errors import ProjectorError
from projector.reduce import reduce_feature
from projector.tensor import tensor_bytes

Matrix = NDArray[np.float32]


def _matrix(n: int, d: int, seed: int = 0) -> Matrix:
    rng = np.random.default_rng(seed)
    spread = 10 / (1 + np.arange(d))  # as of real pictures, few directions say most
    return (rng.normal(size=(n, d)) * spread + rng.normal(size=d)).astype(np.float32)


def _feature(vectors: Matrix) -> FeatureStore:
    ids = np.arange(1, len(vectors) + 1)
    half = len(ids) // 2
    blocks = [Block(ids[:half], vectors[:half]), Block(ids[half:], vectors[half:])]
    return FeatureStore("flat", vectors.shape[1], blocks)


@pytest.mark.parametrize(("n", "d", "dimensions"), [(200, 20, 5), (30, 64, 50), (600, 600, 3)])
def test_columns_are_those_of_an_svd(n: int, d: int, dimensions: int) -> None:
    vectors = _matrix(n, d)
    feature = _feature(vectors)
    got = reduce_feature(feature, feature.ids, dimensions)
    u, s, _ = np.linalg.svd(vectors - vectors.mean(axis=0), full_matrices=False)
    c = min(dimensions, n, d)
    assert got.columns.shape == (n, c)
    want = (u * s)[:, :c]
    scale = np.abs(want).max()
    assert np.allclose(np.abs(got.columns), np.abs(want), atol=2e-3 * scale)
    assert got.variance_kept == pytest.approx((s[:c] ** 2).sum() / (s**2).sum(), abs=1e-4)


@pytest.mark.parametrize(("n", "d"), [(2, 512), (2, 1), (3, 2), (5, 8), (60, 512)])
def test_small_collections_have_at_least_three_finite_columns(n: int, d: int) -> None:
    feature = _feature(_matrix(n, d))
    columns = reduce_feature(feature, feature.ids, 50).columns
    assert columns.shape == (n, max(3, min(50, n, d)))
    assert np.isfinite(columns).all()
    assert np.abs(columns).max() > 0


@pytest.mark.parametrize("n", [2, 60, 500])
def test_equal_pictures_fall_on_one_point(n: int) -> None:
    feature = _feature(np.tile(_matrix(1, 512), (n, 1)))
    got = reduce_feature(feature, feature.ids, 50)
    assert got.columns.shape == (n, max(3, min(50, n)))
    assert not got.columns.any()
    assert got.variance_kept == 1.0


@pytest.mark.parametrize("offset", [0, 100])
def test_axes_of_rounding_errors_are_zero(offset: float) -> None:
    rng = np.random.default_rng(0)
    flat = rng.normal(size=(20, 2)) @ rng.normal(size=(2, 64)) + offset
    feature = _feature(flat.astype(np.float32))
    columns = reduce_feature(feature, feature.ids, 10).columns
    assert columns.any(axis=0).tolist() == [True, True] + [False] * 8


def test_the_largest_loading_of_each_axis_is_positive() -> None:
    vectors = _matrix(100, 30)
    for sample in (vectors, -vectors):
        components = fit_axes(sample, 10).components
        largest = np.abs(components).argmax(axis=1)
        assert (components[np.arange(10), largest] > 0).all()


def test_the_same_input_gives_the_same_columns() -> None:
    feature = _feature(_matrix(700, 600))
    first, second = (reduce_feature(feature, feature.ids, 50, seed=3) for _ in range(2))
    assert np.array_equal(first.columns, second.columns)


def test_blocks_and_a_sampled_fit_give_nearly_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    feature = _feature(_matrix(4_000, 12))
    whole = reduce_feature(feature, feature.ids, 3)
    monkeypatch.setattr(reduce, "_BLOCK_ROWS", 77)
    in_blocks = reduce_feature(feature, feature.ids, 3)
    assert np.allclose(whole.columns, in_blocks.columns, atol=1e-4)
    monkeypatch.setattr(reduce, "FIT_ROWS", 2_000)
    sampled = reduce_feature(feature, feature.ids, 3)
    correlation = [np.corrcoef(whole.columns[:, c], sampled.columns[:, c])[0, 1] for c in range(3)]
    assert np.abs(correlation).min() > 0.95
    assert sampled.variance_kept == pytest.approx(whole.variance_kept, abs=0.05)


def test_rows_follow_the_ids_asked_for() -> None:
    feature = _feature(_matrix(40, 6))
    some = np.array([3, 9, 11, 12, 30, 40])
    taken = reduce_feature(feature, some, 6).columns
    turned = reduce_feature(feature, some[::-1].copy(), 6).columns
    assert np.allclose(np.abs(taken), np.abs(turned[::-1]), atol=1e-4)


def test_a_value_that_is_not_finite_is_named() -> None:
    vectors = _matrix(10, 4)
    vectors[6, 1] = np.nan
    feature = _feature(vectors)
    with pytest.raises(ProjectorError, match="flat vector of picture 7 is not finite"):
        reduce_feature(feature, feature.ids, 3)


@given(st.integers(1, 5_000), st.integers(1, 500), st.integers(0, 9))
def test_a_sample_is_ascending_and_spread_evenly(n: int, count: int, seed: int) -> None:
    ids = np.arange(n) * 3
    sample = sample_ids(ids, count, seed)
    assert len(sample) == min(n, count)
    assert (np.diff(sample) > 0).all()
    assert np.isin(sample, ids).all()
    if n > count:
        stretch = n / count
        assert np.abs(sample / 3 - (np.arange(count) + 0.5) * stretch).max() <= stretch / 2 + 1
    assert np.array_equal(sample, sample_ids(ids, count, seed))


@given(
    stn.arrays(
        np.float32,
        stn.array_shapes(min_dims=2, max_dims=2),
        elements=st.floats(width=32, allow_nan=False, allow_infinity=False),
    )
)
def test_a_tensor_comes_back_and_is_never_text(columns: Matrix) -> None:
    data = tensor_bytes(columns)
    with pytest.raises(UnicodeDecodeError):
        next(iter(io.TextIOWrapper(io.BytesIO(data), "utf-8")))
    back = np.frombuffer(data, "<f4").reshape(columns.shape)
    assert np.array_equal(back[:, 1:], columns[:, 1:])
    first = columns[:, 0].astype(np.float64)
    assert (np.abs(back[:, 0] - first) <= np.maximum(2**-15 * np.abs(first), 1e-42)).all()


def test_equal_values_stay_equal_in_the_tensor() -> None:
    columns = np.zeros((5, 3), np.float32)
    assert len(np.unique(np.frombuffer(tensor_bytes(columns), "<f4")[::3])) == 1
