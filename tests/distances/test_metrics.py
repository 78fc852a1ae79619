"""Metrics against SciPy, fusion against numpy, and the exact index against brute force."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.spatial.distance import cdist

from imgrec import ImgrecError
from imgrec.distances import metrics
from imgrec.distances.blockwise import distances_to_all
from imgrec.distances.metrics import (
    COSINE_NOISE,
    FUSIONS,
    METRICS,
    chi2,
    cosine,
    euclidean,
    fuse,
    manhattan,
    metric_named,
    scaled,
)
from imgrec.encoders.spec import EncoderSpec
from imgrec.neighbors.neighbors import top_k
from imgrec.pictures.preprocessing import Preprocessing
from imgrec.store.features import Block, FeatureStore

RNG = np.random.default_rng(0)
QUERIES = RNG.normal(size=(3, 70)).astype(np.float32)
VECTORS = RNG.normal(size=(500, 70)).astype(np.float32)


@pytest.mark.parametrize(
    ("function", "scipy_name"),
    [(cosine, "cosine"), (euclidean, "euclidean"), (manhattan, "cityblock")],
)
@pytest.mark.parametrize("few", [0, 1 << 22])
@pytest.mark.parametrize("alone", [1, 100 * QUERIES.size, 1 << 18])
def test_distances_equal_those_of_scipy(
    function: object, scipy_name: str, few: int, alone: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Products in one piece, and in pieces of one row, of a hundred and of all of them.
    monkeypatch.setattr(metrics, "_FEW_VALUES", few)
    monkeypatch.setattr(metrics, "_ALONE_VALUES", alone)
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
    with pytest.raises(
        ImgrecError,
        match=r"'cosin'; did you mean cosine or pca-cosine\? known: " + ", ".join(METRICS),
    ):
        metric_named("cosin")


@pytest.mark.parametrize("name", sorted(METRICS))
def test_all_blocks_are_compared(name: str) -> None:
    vectors = np.abs(VECTORS)
    blocks = [Block(np.arange(s, s + 125) + 1, vectors[s : s + 125]) for s in range(0, 500, 125)]
    feature = FeatureStore("x", 70, blocks)
    whole = METRICS[name].function(np.abs(QUERIES), vectors)
    assert feature.ids.tolist() == list(range(1, 501))
    assert np.allclose(distances_to_all(feature, METRICS[name], np.abs(QUERIES)), whole, atol=1e-6)


def test_cosine_of_zero_vectors_of_opposites_and_of_nearly_equal_vectors() -> None:
    vectors = np.array([[0, 0], [3, 0], [-2, 0], [1, 1], [1, 5e-4], [1, 4e-3]], np.float32)
    found = cosine(np.array([[0, 0], [2, 0]], np.float32), vectors)
    # Zero vectors are at 0 from each other and at 1 from all others.
    assert found[0].tolist() == [0, 1, 1, 1, 1, 1]
    assert found[1, :3].tolist() == [1, 0, 2]
    assert found[1, 3] == pytest.approx(1 - 0.5**0.5)
    # 1 - cos is half the square of a small angle: 1.25e-7 is noise, 8e-6 is not.
    assert found[1, 4] == 0
    assert found[1, 5] == pytest.approx(8e-6, rel=0.05)
    assert COSINE_NOISE == 1e-6


def test_euclidean_of_copies_far_from_zero_is_zero() -> None:
    vectors = np.array([[1000, 1000.25], [1000, 1000], [0, 0], [500, 0]], np.float32)
    found = euclidean(vectors[:2], vectors)
    assert found[0, 0] == found[1, 1] == 0
    assert found[0, 1] == found[1, 0] == 0.25
    assert found[1].tolist() == pytest.approx([0.25, 0, 1414.2136, 1118.034])


@pytest.mark.parametrize("norm", [1, 2])
def test_scaled_vectors_have_norm_one_and_zero_vectors_stay_zero(norm: int) -> None:
    vectors = np.array([[3, -4], [0, 0], [0, 0.5]], np.float32)
    found = scaled(vectors, norm)
    length = 7 if norm == 1 else 5
    assert np.allclose(found, [[3 / length, -4 / length], [0, 0], [0, 1]])
    assert found.dtype == np.float32
    assert vectors.tolist() == [[3, -4], [0, 0], [0, 0.5]]


@pytest.mark.parametrize("how", ["mean", "min", "max"])
def test_one_query_needs_no_fusion_and_its_distances_are_not_changed_later(how: str) -> None:
    distances = np.array([[0.5, 0.25, 1]], np.float32)
    fused = fuse(distances, how)
    assert fused.tolist() == [0.5, 0.25, 1]
    fused[0] = 9
    assert distances[0, 0] == 0.5


def test_ranks_count_from_zero_with_ties_in_catalog_order() -> None:
    one = np.array([[0.5, 0.25, 0.5, 0.1]], np.float32)
    assert fuse(one, "rank").tolist() == [2, 1, 3, 0]
    two = np.array([[0.5, 0.25, 0.5, 0.1], [1, 2, 3, 4]], np.float32)
    found = fuse(two, "rank")
    assert found.tolist() == [1, 1, 2.5, 1.5]
    assert found.dtype == np.float32


# The rows of one chunk, of several, and one less and more, of 4,096 dimensions: 64 rows a MiB.
@pytest.mark.parametrize("count", [0, 1, 63, 64, 65, 130])
@pytest.mark.parametrize("function", [manhattan, chi2])
def test_metrics_computed_by_chunks_fill_every_row(function: object, count: int) -> None:
    vectors = np.abs(np.random.default_rng(count).normal(size=(count, 4096))).astype(np.float32)
    queries = np.abs(np.random.default_rng(99).normal(size=(2, 4096))).astype(np.float32)
    found = function(queries, vectors)  # type: ignore[operator]
    a, b = queries[:, None].astype(float), vectors[None].astype(float)
    terms = np.abs(a - b) if function is manhattan else 0.5 * (a - b) ** 2 / (a + b)
    assert found.shape == (2, count)
    assert found.dtype == np.float32
    assert np.allclose(found, terms.sum(axis=2), rtol=1e-5)


def test_what_each_metric_is_defined_for() -> None:
    table = {
        name: (
            metric.function.__name__,
            metric.histograms_only,
            metric.has_similarity,
            metric.reduced,
            metric.joins,
            metric.norm,
        )
        for name, metric in METRICS.items()
    }
    assert table == {
        "cosine": ("cosine", False, True, False, (), 2),
        "euclidean": ("euclidean", False, False, False, (), 2),
        "manhattan": ("manhattan", False, False, False, (), 1),
        "chi2": ("chi2", True, True, False, (), 0),
        "pca-cosine": ("cosine", True, True, True, (), 0),
        "combined": ("cosine", False, True, False, ("cosine", "euclidean", "manhattan"), 0),
    }


@pytest.mark.parametrize("name", sorted(METRICS))
def test_metrics_of_histograms_refuse_other_vectors(name: str) -> None:
    histogram = EncoderSpec("rgb", 6, Preprocessing(8, 8), kind="histogram")
    embedding = EncoderSpec("mini", 6, Preprocessing(8, 8))
    METRICS[name].check(histogram)
    if name not in ("chi2", "pca-cosine"):
        METRICS[name].check(embedding)
        return
    with pytest.raises(ImgrecError) as error:
        METRICS[name].check(embedding)
    assert str(error.value) == (
        f"{name} compares histograms, and mini is not one: use encoder rgb, or "
        "metric cosine or euclidean or manhattan or combined"
    )
