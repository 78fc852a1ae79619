"""The compiled loops, against the numpy functions that test_metrics.py compares with SciPy."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from imgrec.distances import kernels
from imgrec.distances.blockwise import (
    distances_between,
    distances_to_all,
    distances_to_rows,
    products_of,
)
from imgrec.distances.metrics import METRICS, Metric, chi2, scaled
from imgrec.store.composition import Composition, Halves
from imgrec.store.features import Block, FeatureStore, addresses_of
from imgrec.store.relations import RelatedFeature, Relation

PLAIN = [metric for metric in METRICS.values() if not metric.reduced and not metric.joins]
RNG = np.random.default_rng(3)


@st.composite
def _matrices(draw: st.DrawFn) -> tuple[np.ndarray, np.ndarray]:
    q, m, d = draw(st.integers(1, 4)), draw(st.integers(0, 20)), draw(st.integers(1, 70))
    values = st.floats(0, 4, width=16).map(lambda v: 0.0 if v < 1e-2 else v)
    return draw(arrays(np.float32, (q, d), elements=values)), draw(
        arrays(np.float32, (m, d), elements=values)
    )


@st.composite
def _halves(draw: st.DrawFn) -> tuple[np.ndarray, np.ndarray]:
    """Return rows (m, c) and (m, j) of small whole numbers, some of them zero or the mean."""
    m, c, j = draw(st.integers(4, 9)), draw(st.integers(1, 30)), draw(st.integers(1, 20))
    values = st.integers(-3, 3).map(float)
    return draw(arrays(np.float32, (m, c), elements=values)), draw(
        arrays(np.float32, (m, j), elements=values)
    )


@pytest.mark.parametrize("metric", PLAIN, ids=lambda metric: metric.name)
@given(matrices=_matrices())
def test_compiled_loops_equal_the_numpy_functions(
    metric: Metric, matrices: tuple[np.ndarray, np.ndarray]
) -> None:
    queries, vectors = matrices
    expected = metric.function(queries, vectors)
    # Importing the module of kernels selects the compiled loops.
    found = distances_between(metric, queries, vectors)
    # Cosine in float32 is exact to about 1e-6; both implementations round smaller distances to 0.
    assert np.allclose(found, expected, rtol=1e-4, atol=2e-6)


@pytest.mark.parametrize("metric", PLAIN, ids=lambda metric: metric.name)
@pytest.mark.parametrize("norm", [0, 1, 2])
def test_distances_to_all_and_to_some_rows_skip_removed_pictures(metric: Metric, norm: int) -> None:
    vectors = np.abs(RNG.normal(size=(400, 40))).astype(np.float32)
    queries = np.abs(RNG.normal(size=(2, 40))).astype(np.float32)
    kept = np.ones(400, bool)
    # Remove few rows of the first block and most of the second.
    kept[[3, 70, *range(100, 190)]] = False
    parts = [np.arange(s, s + 100) for s in range(0, 400, 100)]
    blocks = [Block(part + 1, vectors[part]).only(kept[part]) for part in parts]
    feature = FeatureStore("x", 40, blocks)
    alive = vectors[kept]
    if norm:
        queries_of, alive = scaled(queries, norm), scaled(alive, norm)
    else:
        queries_of = queries
    expected = metric.function(queries_of, alive)
    assert np.allclose(distances_to_all(feature, metric, queries, norm), expected, atol=1e-5)
    rows = RNG.permutation(len(feature))[:57]
    some = distances_to_rows(feature, metric, queries, rows, norm)
    assert np.allclose(some, expected[:, rows], atol=1e-5)


@given(halves=_halves(), queries=st.integers(1, 3))
def test_relations_are_compared_as_if_they_were_composed(
    halves: tuple[np.ndarray, np.ndarray], queries: int
) -> None:
    first, second = halves
    composition = Composition(first.mean(axis=0, dtype=np.float32), 0.5)
    ids = np.arange(len(first))
    # In two blocks, and in another order of the second feature's rows.
    parts = [
        FeatureStore(name, rows.shape[1], [Block(ids[s], rows[s]) for s in sliced])
        for name, rows, sliced in (
            ("lite0", first, (slice(0, 3), slice(3, None))),
            ("mini", second, (slice(0, 1), slice(1, None))),
        )
    ]
    feature = RelatedFeature(Relation("lite0"), composition, *parts)
    vectors = Halves(composition, first, second).composed()
    asked = np.concatenate([vectors[:1], RNG.normal(size=(queries - 1, vectors.shape[1]))])
    asked = np.asarray(asked, np.float32)
    for metric in (METRICS["cosine"], METRICS["euclidean"]):
        expected = metric.function(asked, vectors)
        assert np.allclose(distances_to_all(feature, metric, asked), expected, atol=3e-6)
        rows = RNG.permutation(len(ids))[:3]
        found = distances_to_rows(feature, metric, asked, rows)
        assert np.allclose(found, expected[:, rows], atol=3e-6)


def test_scaled_vectors_have_norm_1_and_zero_vectors_stay_zero() -> None:
    vectors = RNG.normal(size=(20, 6)).astype(np.float32)
    vectors[4] = 0
    for norm in (1, 2):
        lengths = np.linalg.norm(scaled(vectors, norm), norm, axis=1)
        assert np.allclose(np.delete(lengths, 4), 1, atol=1e-6)
        assert lengths[4] == 0


def test_chi2_of_empty_bins_is_zero() -> None:
    vectors = np.zeros((3, 5), np.float32)
    out = np.empty((1, 3), np.float32)
    addresses = addresses_of(vectors, 5)
    assert addresses is not None
    kernels.chi2(vectors[:1], addresses, out)
    assert out.tolist() == chi2(vectors[:1], vectors).tolist() == [[0, 0, 0]]


@pytest.mark.parametrize(
    ("q", "m", "d"), [(1, 1, 1), (1, 0, 7), (3, 5, 0), (1, 130, 2049), (5, 9, 33)]
)
def test_products_are_those_of_numpy(q: int, m: int, d: int) -> None:
    queries, rows = (RNG.normal(size=(n, d)).astype(np.float32) for n in (q, m))
    rows.flags.writeable = False
    found = products_of(queries, rows)
    assert found.dtype == np.float32
    assert np.allclose(found, queries.astype(float) @ rows.astype(float).T, atol=1e-4)
    strided = np.repeat(queries, 2, axis=1)[:, ::2]
    assert np.array_equal(products_of(strided, rows), found)
