"""Values that chance hardly draws: zero vectors, equal ones, opposite ones, tiny and large ones."""

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray

from imgrec.distances import kernels
from imgrec.distances.axes import fit_axes
from imgrec.distances.blockwise import distances_between
from imgrec.distances.metrics import (
    COSINE_NOISE,
    METRICS,
    chi2,
    cosine,
    euclidean,
    fuse,
    manhattan,
    scaled,
)
from imgrec.encoders.spec import check_finite
from imgrec.errors import EncoderError
from imgrec.neighbors.neighbors import top_k

Vectors = NDArray[np.float32]
FINITE = st.floats(-100, 100, width=32).filter(lambda x: x == 0 or abs(x) > 1e-2)
ROWS = arrays(np.float32, (5, 4), elements=FINITE)

ZERO_AND_ONE = np.vstack([np.zeros((2, 4)), np.ones((3, 4))]).astype(np.float32)
OPPOSITE = np.vstack([np.ones((2, 4)), -np.ones((3, 4))]).astype(np.float32)
TINY = np.vstack([np.full((2, 4), 1e-30), np.ones((3, 4))]).astype(np.float32)
SCALES = np.outer([1e-8, 1e-3, 1, 1e3, 1e8], [1, 2, -3, 4]).astype(np.float32)
RARE = {
    "zeros": np.zeros((5, 4), np.float32),
    "equal": np.ones((5, 4), np.float32),
    "zero and one": ZERO_AND_ONE,
    "opposite": OPPOSITE,
    "tiny": TINY,
    "scales": SCALES,
    "axes": np.eye(5, 4, dtype=np.float32),
}


def _cosine(a: NDArray[np.float64], b: NDArray[np.float64]) -> float:
    """Return the distance by its definition; a vector whose squares underflow counts as zero."""
    short = [not np.square(x.astype(np.float32)).any() for x in (a, b)]
    if any(short):
        both_zero = not a.any() and not b.any()
        return 0.0 if both_zero else 1.0
    return float(1 - a @ b / np.sqrt((a @ a) * (b @ b)))


_DEFINED = {
    cosine: _cosine,
    euclidean: lambda a, b: float(np.sqrt(((a - b) ** 2).sum())),
    manhattan: lambda a, b: float(np.abs(a - b).sum()),
}


def _expected(function: object, vectors: Vectors) -> NDArray[np.float64]:
    wide, of_pair = vectors.astype(np.float64), _DEFINED[function]  # type: ignore[index]
    return np.array([[of_pair(a, b) for b in wide] for a in wide])


@pytest.mark.parametrize("function", _DEFINED, ids=lambda function: function.__name__)
@given(vectors=ROWS)
@example(vectors=RARE["zeros"])
@example(vectors=RARE["equal"])
@example(vectors=RARE["zero and one"])
@example(vectors=RARE["opposite"])
@example(vectors=RARE["scales"])
@example(vectors=RARE["axes"])
def test_distances_are_those_of_their_definitions(function: object, vectors: Vectors) -> None:
    expected = _expected(function, vectors)
    found = function(vectors, vectors)  # type: ignore[operator]
    assert np.allclose(found, expected, rtol=2e-3, atol=3e-3)
    assert found.dtype == np.float32
    assert (found >= 0).all()
    if function is cosine:
        assert (found <= 2).all()
        # Copies are exactly at 0, so that they tie.
        assert (found[expected < COSINE_NOISE / 4] == 0).all()


@pytest.mark.parametrize("name", RARE)
@pytest.mark.parametrize("metric", ["cosine", "euclidean", "manhattan", "chi2"])
def test_compiled_loops_give_the_same_of_rare_vectors(name: str, metric: str) -> None:
    assert kernels
    vectors = RARE[name]
    if metric == "chi2":
        vectors = np.abs(vectors)
    expected = METRICS[metric].function(vectors, vectors)
    found = distances_between(METRICS[metric], vectors, vectors)
    assert np.isfinite(found).all()
    assert np.allclose(found, expected, rtol=1e-4, atol=2e-6)


def test_histograms_of_empty_bins() -> None:
    rows = np.array([[0, 0], [1, 0], [0, 1], [0.5, 0.5]], np.float32)
    assert chi2(rows[:1], rows)[0].tolist() == [0, 0.5, 0.5, 0.5]
    assert chi2(rows[1:2], rows)[0] == pytest.approx([0.5, 0, 1, 1 / 3])


@pytest.mark.parametrize("norm", [1, 2])
@pytest.mark.parametrize("name", RARE)
def test_a_vector_of_zeros_stays_one_when_it_is_scaled(norm: int, name: str) -> None:
    vectors = RARE[name]
    found = scaled(vectors, norm)
    lengths = np.linalg.norm(found.astype(float), norm, axis=1)
    assert np.isfinite(found).all()
    filled = vectors.any(axis=1) & (np.abs(vectors).max(axis=1) > 1e-20)
    assert lengths[filled] == pytest.approx(1, rel=1e-5)
    assert not found[~vectors.any(axis=1)].any()
    assert not np.shares_memory(found, vectors)


@pytest.mark.parametrize("name", RARE)
def test_principal_axes_of_rare_vectors_are_finite_and_orthonormal(name: str) -> None:
    vectors = RARE[name]
    axes = fit_axes(vectors, 3)
    products = axes.components.astype(float) @ axes.components.T.astype(float)
    assert products == pytest.approx(np.eye(len(products)), abs=1e-4)
    assert np.isfinite(axes.project(vectors)).all()
    assert 0 <= axes.variance_kept <= 1 + 1e-6


@pytest.mark.parametrize("how", ["mean", "min", "max", "rank"])
@pytest.mark.parametrize("queries", [1, 2])
def test_fused_distances_of_copies_tie(how: str, queries: int) -> None:
    distances = np.tile(np.array([0.5, 0.5, 0.0, 2.0], np.float32), (queries, 1))
    found = fuse(distances, how)
    wanted = {"rank": [1, 2, 0, 3]}.get(how, [0.5, 0.5, 0.0, 2.0])
    assert found.tolist() == wanted
    # A copy: the caller may write into it.
    found[:] = 9
    assert distances.max() == 2


@pytest.mark.parametrize("k", [0, 1, 2, 3, 4, 5, 9])
@pytest.mark.parametrize(
    "values",
    [[], [0.5], [1, 1, 1, 1], [3, 2, 1, 0], [0, np.inf, 0, np.inf], [np.inf] * 3, [2, 1, 1, 2]],
)
def test_the_nearest_of_few_and_of_equal_ones(values: list[float], k: int) -> None:
    distances = np.array(values, np.float32)
    assert top_k(distances, k).tolist() == np.argsort(distances, kind="stable")[:k].tolist()


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("place", [(0, 0), (1, 3), (4, 2)])
def test_a_value_that_is_not_finite_is_refused_wherever_it_is(
    value: float, place: tuple[int, int]
) -> None:
    vectors = np.ones((5, 4), np.float32)
    check_finite("mini", [vectors])
    check_finite("mini", [np.zeros((0, 4), np.float32)])
    check_finite("mini", [np.full((5, 4), np.finfo(np.float32).max)])
    vectors[place] = value
    with pytest.raises(EncoderError, match="mini"):
        check_finite("mini", [vectors])
    with pytest.raises(EncoderError, match="mini"):
        check_finite("mini", [np.ones((2, 4), np.float32), vectors])
