"""Metrics against SciPy, fusion against numpy, and the exact index against brute force."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.spatial.distance import cdist

from imgrec import ImgrecError
from imgrec.distances.blockwise import distances_to_all
from imgrec.distances.metrics import (
    FUSIONS,
    METRICS,
    chi2,
    cosine,
    euclidean,
    fuse,
    manhattan,
    metric_named,
)
from imgrec.neighbors.neighbors import top_k
from imgrec.store.features import Block, FeatureStore

RNG = np.random.default_rng(0)
QUERIES = RNG.normal(size=(3, 70)).astype(np.float32)
VECTORS = RNG.normal(size=(500, 70)).astype(np.float32)


@pytest.mark.parametrize(
    ("function", "scipy_name"),
    [(cosine, "cosine"), (euclidean, "euclidean"), (manhattan, "cityblock")],
)
def test_distances_equal_those_of_scipy(function: object, scipy_name: str) -> None:
    expected = cdist(QUERIES.astype(float), VECTORS.astype(float), scipy_name)
    found = function(QUERIES, VECTORS)  # type: ignore[operator]
    assert found.dtype == np.float32
    assert np.allclose(found, expected, rtol=1e-5, atol=1e-5)


def test_chi2_is_half_the_sum_over_bins_that_are_not_empty_in_both() -> None:
    queries, vectors = np.abs(QUERIES) * (QUERIES > 0), np.abs(VECTORS) * (VECTORS > 0)
    queries, vectors = queries / queries.sum(1)[:, None], vectors / vectors.sum(1)[:, None]

    def one(a: np.ndarray, b: np.ndarray) -> float:
        return 0.5 * sum((x - y) ** 2 / (x + y) for x, y in zip(a, b, strict=True) if x + y > 0)

    expected = cdist(queries.astype(float), vectors.astype(float), one)
    assert np.allclose(chi2(queries, vectors), expected, atol=1e-6)


@given(
    arrays(np.float32, (4, 9), elements=st.floats(0, 100, width=32)),
    st.sampled_from(sorted(METRICS)),
)
def test_equal_vectors_have_distance_zero_and_no_distance_is_negative(
    vectors: np.ndarray, name: str
) -> None:
    distances = METRICS[name].function(vectors, vectors)
    assert (distances >= 0).all()
    assert np.allclose(distances, distances.T, rtol=1e-3, atol=1e-3)
    # Leave out vectors so short that their squares underflow to 0.
    filled = (vectors * vectors).any(axis=1)
    assert np.allclose(np.diag(distances)[filled], 0, atol=1e-5)


def test_euclidean_has_no_cancellation_between_near_vectors() -> None:
    vectors = RNG.normal(size=(2, 2048)).astype(np.float32)
    vectors[1] = vectors[0]
    vectors[1, 0] += np.float32(1e-3)
    expected = cdist(vectors.astype(float), vectors.astype(float))
    assert np.allclose(euclidean(vectors, vectors), expected, rtol=1e-3)


def test_ties_between_duplicates_keep_catalog_order() -> None:
    rng = np.random.default_rng(5)
    for _ in range(20):
        vectors = np.repeat(rng.normal(size=(1, 2048)).astype(np.float32), 1100, axis=0)
        distances = cosine(vectors[:1], vectors)[0]
        assert top_k(distances, 5).tolist() == [0, 1, 2, 3, 4]


def test_a_zero_vector_has_cosine_distance_1_to_everything() -> None:
    assert cosine(np.zeros((1, 70), np.float32), VECTORS).tolist() == [[1.0] * 500]


@given(
    arrays(np.float32, st.integers(0, 60), elements=st.integers(0, 5).map(float)),
    st.integers(0, 70),
)
def test_top_k_equals_the_head_of_a_stable_sort(distances: np.ndarray, k: int) -> None:
    assert top_k(distances, k).tolist() == np.argsort(distances, kind="stable")[:k].tolist()


def test_fuse() -> None:
    distances = np.array([[0.1, 0.4, 0.2], [0.5, 0.1, 0.3]], np.float32)
    assert np.allclose(fuse(distances, "mean"), [0.3, 0.25, 0.25])
    assert np.allclose(fuse(distances, "min"), [0.1, 0.1, 0.2])
    assert np.allclose(fuse(distances, "max"), [0.5, 0.4, 0.3])
    assert np.allclose(fuse(distances, "rank"), [1.0, 1.0, 1.0])
    with pytest.raises(ImgrecError, match="'sum'; known: " + ", ".join(FUSIONS)):
        fuse(distances, "sum")


def test_an_unknown_metric_lists_the_known_ones() -> None:
    with pytest.raises(ImgrecError, match="'cosin'; known: " + ", ".join(METRICS)):
        metric_named("cosin")


@pytest.mark.parametrize("name", sorted(METRICS))
def test_all_blocks_are_compared(name: str) -> None:
    vectors = np.abs(VECTORS)
    blocks = [Block(np.arange(s, s + 125) + 1, vectors[s : s + 125]) for s in range(0, 500, 125)]
    feature = FeatureStore("x", 70, blocks)
    whole = METRICS[name].function(np.abs(QUERIES), vectors)
    assert feature.ids.tolist() == list(range(1, 501))
    assert np.allclose(distances_to_all(feature, METRICS[name], np.abs(QUERIES)), whole, atol=1e-6)
