"""Estimates of the sketch: by the compiled scan, by NumPy, and by the formula in float64."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from imgrec.derived import sketch as sketch_module
from imgrec.derived.hnsw import HnswRecipe
from imgrec.derived.pca import PcaRecipe
from imgrec.derived.rows import Derived, Recipe, derive
from imgrec.derived.sketch import Sketch, SketchRecipe
from imgrec.distances.blockwise import load_kernels
from imgrec.store.features import Block, FeatureStore

Vectors = NDArray[np.float32]


def _feature(vectors: Vectors, first: int = 0) -> FeatureStore:
    ids = np.arange(first, first + len(vectors))
    return FeatureStore("x", vectors.shape[1], [Block(ids, vectors, source="one")])


def _by_formula(kept: Derived, metric: str, queries: Vectors) -> NDArray[np.float64]:
    """Return q·x ≈ q·μ + (V q)·z as the module explains it, as a distance."""
    model = {name: values.astype(float) for name, values in kept.model.items()}
    wide, lengths = queries.astype(float), kept.rows["lengths"].astype(float)
    coordinates = kept.rows["codes"] * model["scales"]
    products = wide @ model["mean"][:, None] + wide @ model["components"].T @ coordinates.T
    of_queries = np.linalg.norm(wide, axis=1)[:, None]
    if metric == "cosine":
        both = of_queries * np.where(lengths > 0, lengths, 1)
        found: NDArray[np.float64] = 1 - products / np.where(both > 0, both, 1)
        return found
    return np.sqrt(np.maximum(of_queries**2 + lengths**2 - 2 * products, 0))


@pytest.mark.parametrize("metric", ["cosine", "euclidean", "manhattan"])
@pytest.mark.parametrize("compiled", [True, False])
@settings(max_examples=30)
@given(
    st.sampled_from([3, 40, 150]),
    st.integers(2, 400),
    st.integers(1, 5),
    st.integers(0, 1 << 30),
)
def test_estimates_follow_the_formula(
    compiled: bool, metric: str, d: int, n: int, q: int, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    vectors = rng.normal(size=(n, d)).astype(np.float32) + np.float32(0.3)
    vectors[rng.random(n) < 0.1] = 0
    feature = _feature(vectors)
    kept = derive(SketchRecipe(), feature)
    queries = np.concatenate([vectors[:1], rng.normal(size=(q, d)), np.zeros((1, d))]).astype("f4")
    with pytest.MonkeyPatch.context() as patch:
        loops = load_kernels() if compiled else None
        patch.setattr(sketch_module, "kernels_for", lambda seconds: loops)
        # Pieces of which the last is not full.
        for bound in ("_LEAST_ROWS", "_MOST_ROWS"):
            patch.setattr(sketch_module, bound, 64)
        patch.setattr(sketch_module, "_LEAST_STEP", 24)
        patch.setattr(sketch_module, "_ALONE", 1)
        patch.setattr(sketch_module, "_WORTH_THREADS", 200 * q * d)
        found = Sketch(feature, kept).estimates(metric, queries)
    assert (found.dtype, found.shape) == (np.float32, (len(queries), n))
    # Under the root, and in units of the squared lengths.
    expected = _by_formula(kept, metric, queries)
    if metric == "cosine":
        long = kept.rows["lengths"] > 0.5
        assert np.allclose(found[:, long], expected[:, long], atol=2e-3)
    else:
        scale = max(1.0, float(np.square(vectors).sum(axis=1).max()))
        assert np.allclose(np.square(found), np.square(expected), atol=1e-3 * scale)


@pytest.mark.parametrize("metric", ["cosine", "euclidean"])
def test_vectors_without_a_row_have_exact_distances(metric: str) -> None:
    rng = np.random.default_rng(1)
    vectors = rng.normal(size=(90, 20)).astype(np.float32)
    kept = derive(SketchRecipe(), _feature(vectors[:80]))
    load_kernels()
    # Two pictures went, ten came.
    block = Block(np.arange(80), vectors[:80], source="one")
    fresh = Block(np.arange(80, 90), vectors[80:], source="two")
    feature = FeatureStore("x", 20, [block.only(~np.isin(np.arange(80), [0, 33])), fresh])
    sketch = Sketch(feature, kept)
    assert sketch.uncovered.tolist() == list(range(78, 88))
    queries = rng.normal(size=(3, 20)).astype(np.float32)
    found = sketch.estimates(metric, queries)
    carried = _by_formula(kept, metric, queries)[:, np.delete(np.arange(80), [0, 33])]
    assert np.allclose(found[:, :78], carried, atol=2e-3)
    wide, new = queries.astype(float), vectors[80:].astype(float)
    lengths = np.linalg.norm(wide, axis=1)[:, None] * np.linalg.norm(new, axis=1)
    exact = (
        1 - wide @ new.T / lengths
        if metric == "cosine"
        else np.linalg.norm(wide[:, None] - new[None], axis=2)
    )
    assert np.allclose(found[:, 78:], exact, atol=1e-5)


@pytest.mark.parametrize("recipe", [SketchRecipe(), PcaRecipe(), HnswRecipe()])
def test_rows_do_not_depend_on_the_number_of_threads(recipe: Recipe) -> None:
    rng = np.random.default_rng(5)
    common = rng.standard_normal((3000, 40)) @ rng.standard_normal((40, 300))
    vectors = (common + 0.1 * rng.standard_normal((3000, 300))).astype(np.float32)
    found = []
    for count in (1, 2, 3):
        with threadpool_limits(count, "blas"):
            model = recipe.fit(vectors)
            found.append(model | recipe.rows(model, vectors))
    for other in found[1:]:
        for name, values in found[0].items():
            assert np.array_equal(values, other[name]), name
