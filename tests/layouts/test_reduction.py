"""Principal components against numpy's SVD and scikit-learn; the bytes of the tensor file."""

import io
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as stn
from numpy.typing import NDArray
from sklearn.decomposition import PCA

from imgrec.distances.axes import fit_axes, sample_ids
from imgrec.errors import StoreError
from imgrec.layouts.reduction import Reduction, reduce_feature, unreduced
from imgrec.store.store import Store
from projector.files.formats import tensor_bytes
from vector_stores import add_part, add_pictures, make

Matrix = NDArray[np.float32]


def _matrix(n: int, d: int, seed: int = 0) -> Matrix:
    rng = np.random.default_rng(seed)
    # A decaying spectrum, as real pictures have.
    spread = 10 / (1 + np.arange(d))
    return (rng.normal(size=(n, d)) * spread + rng.normal(size=d)).astype(np.float32)


def _reduced(folder: Path, vectors: Matrix, dimensions: int) -> tuple[Reduction, Matrix]:
    """Reduce the feature of a new store with two parts; return the reduction and its columns."""
    path = make(folder / "store", {"flat": vectors}, part_rows=max(1, len(vectors) // 2))
    return _reduced_again(path, dimensions)


def _reduced_again(path: Path, dimensions: int) -> tuple[Reduction, Matrix]:
    with Store.open(path) as store:
        feature = store.feature("flat")
        reduction = reduce_feature(store, store.spec("flat"), feature, dimensions)
        return reduction, reduction.take(feature.ids)


@pytest.mark.parametrize(("n", "d", "dimensions"), [(200, 20, 5), (30, 64, 50), (600, 600, 3)])
def test_columns_equal_those_of_an_svd(tmp_path: Path, n: int, d: int, dimensions: int) -> None:
    vectors = _matrix(n, d)
    reduction, columns = _reduced(tmp_path, vectors, dimensions)
    u, s, _ = np.linalg.svd(vectors - vectors.mean(axis=0), full_matrices=False)
    c = min(dimensions, n, d)
    # Centered rows have rank n - 1: the last axis contains only rounding errors.
    assert c - 1 <= reduction.count <= c
    want = (u * s)[:, : reduction.count]
    scale = np.abs(want).max()
    assert np.allclose(np.abs(columns), np.abs(want), atol=2e-3 * scale)
    assert reduction.variance_kept == pytest.approx((s[:c] ** 2).sum() / (s**2).sum(), abs=1e-4)


@pytest.mark.parametrize(("n", "d"), [(2, 512), (2, 1), (3, 2), (5, 8), (60, 512)])
def test_small_collections_have_at_least_three_finite_columns(
    tmp_path: Path, n: int, d: int
) -> None:
    _, columns = _reduced(tmp_path, _matrix(n, d), 50)
    assert columns.shape[0] == n
    assert 3 <= columns.shape[1] <= max(3, min(50, n, d))
    assert np.isfinite(columns).all()
    assert np.abs(columns).max() > 0


@pytest.mark.parametrize("n", [2, 60, 500])
def test_equal_pictures_have_equal_coordinates(tmp_path: Path, n: int) -> None:
    reduction, columns = _reduced(tmp_path, np.tile(_matrix(1, 512), (n, 1)), 50)
    assert columns.shape == (n, 3)
    assert not columns.any()
    assert reduction.variance_kept == 1.0


@pytest.mark.parametrize("offset", [0, 100])
def test_axes_of_rounding_errors_are_zero(tmp_path: Path, offset: float) -> None:
    rng = np.random.default_rng(0)
    flat = rng.normal(size=(20, 2)) @ rng.normal(size=(2, 64)) + offset
    _, columns = _reduced(tmp_path, flat.astype(np.float32), 10)
    assert columns.any(axis=0).tolist() == [True, True, False]


def test_the_largest_loading_of_each_axis_is_positive() -> None:
    vectors = _matrix(100, 30)
    for sample in (vectors, -vectors):
        components = fit_axes(sample, 10).components
        largest = np.abs(components).argmax(axis=1)
        assert (components[np.arange(10), largest] > 0).all()


def test_the_same_input_gives_the_same_columns(tmp_path: Path) -> None:
    first, second = (_reduced(tmp_path / n, _matrix(700, 600), 50)[1] for n in "ab")
    assert np.array_equal(first, second)


def test_columns_of_old_pictures_stay_the_same_when_pictures_are_added(tmp_path: Path) -> None:
    vectors = _matrix(400, 12)
    path = make(tmp_path / "store", {"flat": vectors[:300]})
    _, before = _reduced_again(path, 3)
    add_pictures(path, range(301, 401))
    add_part(path, "flat", np.arange(301, 401), vectors[300:])
    _, after = _reduced_again(path, 3)
    assert np.array_equal(after[:300], before)
    axes = fit_axes(vectors[:300], 3)
    assert np.allclose(np.abs(after[300:]), np.abs(axes.project(vectors[300:])), atol=1e-2)


def test_columns_do_not_depend_on_the_block_size(tmp_path: Path) -> None:
    reduction, whole = _reduced(tmp_path, _matrix(500, 12), 3)
    assert np.array_equal(reduction.take(np.arange(1, 501), block_rows=77), whole)


def test_rows_follow_the_ids_asked_for(tmp_path: Path) -> None:
    reduction, columns = _reduced(tmp_path, _matrix(40, 6), 6)
    some = np.array([40, 9, 3, 12, 30, 11])
    assert np.array_equal(reduction.take(some), columns[some - 1])


def test_without_reduction_the_vectors_are_unchanged(tmp_path: Path) -> None:
    vectors = _matrix(40, 2)
    path = make(tmp_path / "store", {"flat": vectors})
    with Store.open(path) as store:
        columns = unreduced(store.feature("flat")).take(np.arange(1, 41))
    assert np.array_equal(columns[:, :2], vectors)
    assert columns.shape == (40, 3)
    assert not columns[:, 2].any()


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_the_error_for_a_value_that_is_not_finite_names_the_picture(
    tmp_path: Path, value: float
) -> None:
    vectors = _matrix(10, 4)
    vectors[6, 1] = value
    with pytest.raises(StoreError, match="flat vector of picture 7 is not finite"):
        _reduced(tmp_path, vectors, 3)


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
def test_a_tensor_file_round_trips_and_is_never_mistaken_for_text(columns: Matrix) -> None:
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


@pytest.mark.parametrize("shape", [(300, 12), (7, 12), (300, 128), (300, 129)])
def test_axes_equal_those_of_scikit_learn(shape: tuple[int, int]) -> None:
    vectors = _matrix(*shape) + np.float32(3)
    axes, pca = fit_axes(vectors, 5), PCA(5, svd_solver="full").fit(vectors.astype(np.float64))
    along = np.abs((axes.components * pca.components_).sum(axis=1))
    assert np.allclose(along, 1, atol=1e-4)
    assert axes.variance_kept == pytest.approx(pca.explained_variance_ratio_.sum(), rel=1e-4)
    assert np.allclose(axes.mean, vectors.mean(axis=0), atol=1e-5)
