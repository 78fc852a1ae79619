"""The space of a question against SciPy: one feature, joined ones, and rows they share."""

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from scipy.spatial.distance import cdist

from imgrec.distances.metrics import metric_named
from imgrec.search.space import Part, Space
from imgrec.store.features import Block, FeatureStore

RNG = np.random.default_rng(11)
# Ids 1 to 9, and of them the odd ones and 4: the features share 1, 3, 4, 5, 7, 9.
WIDE = RNG.normal(size=(9, 5)).astype(np.float32)
FEW = np.abs(RNG.normal(size=(7, 3))).astype(np.float32)
WIDE_IDS = np.arange(1, 10)
FEW_IDS = np.array([1, 3, 4, 5, 7, 9, 11])
SHARED = [1, 3, 4, 5, 7, 9]
SCIPY = {"cosine": "cosine", "euclidean": "euclidean", "manhattan": "cityblock"}


def _feature(name: str, ids: np.ndarray, vectors: np.ndarray) -> FeatureStore:
    return FeatureStore(name, vectors.shape[1], [Block(ids, vectors)])


def _wide(**more: Any) -> Part:
    return Part(_feature("wide", WIDE_IDS, WIDE), **more)


def _few(**more: Any) -> Part:
    return Part(_feature("few", FEW_IDS, FEW), **more)


def _sketch(found: dict[str, np.ndarray]) -> Any:
    """Return a sketch that gives, by metric, estimates chosen before."""
    return SimpleNamespace(estimates=lambda metric, queries: found[metric].copy())


def _units(vectors: np.ndarray, norm: int) -> np.ndarray:
    wide = vectors.astype(float)
    return wide / np.linalg.norm(wide, norm, axis=1, keepdims=True)


def test_joined_features_have_the_rows_that_all_of_them_have() -> None:
    joined = Space(metric_named("cosine"), (_wide(), _few()))
    assert joined.ids.tolist() == SHARED
    assert joined.dimensions == 5 + 3
    assert Space(metric_named("cosine"), (_wide(),)).dimensions == 5
    assert joined.rows_of([9, 1, 2, 1, 11]).tolist() == [0, 5]
    assert joined.rows_of([2, 100]).tolist() == []
    # A picture without a row is none of the pictures beside it.
    assert joined.rows_of([3, 4, 6, 8]).tolist() == [1, 2]


@pytest.mark.parametrize("metric", SCIPY)
def test_distances_of_one_feature_are_not_scaled(metric: str) -> None:
    space = Space(metric_named(metric), (_wide(),))
    queries = RNG.normal(size=(2, 5)).astype(np.float32)
    expected = cdist(queries.astype(float), WIDE.astype(float), SCIPY[metric])
    assert np.allclose(space.distances([queries]), expected, atol=1e-5)
    rows = np.array([7, 0, 3])
    assert np.allclose(space.distances([queries], rows), expected[:, rows], atol=1e-5)
    others = RNG.normal(size=(3, 5)).astype(np.float32)
    between = cdist(queries.astype(float), others.astype(float), SCIPY[metric])
    assert np.allclose(space.between([queries], [others]), between, atol=1e-5)


@pytest.mark.parametrize("metric", SCIPY)
@pytest.mark.parametrize("order", [1, -1])
def test_distances_of_joined_features_are_the_weighted_mean_of_scaled_vectors(
    metric: str, order: int
) -> None:
    norm = 1 if metric == "manhattan" else 2
    parts = (_wide(weight=3.0), _few(weight=0.5))[::order]
    space = Space(metric_named(metric), parts)
    queries = [RNG.normal(size=(2, 5)).astype(np.float32), np.abs(RNG.normal(size=(2, 3)))]
    others = [RNG.normal(size=(4, 5)).astype(np.float32), np.abs(RNG.normal(size=(4, 3)))]
    wide, few = (np.asarray(one, np.float32) for one in queries)
    shared = np.array(SHARED) - 1, np.searchsorted(FEW_IDS, SHARED)

    def mean(there: np.ndarray, beside: np.ndarray) -> np.ndarray:
        of_wide = cdist(_units(wide, norm), _units(there, norm), SCIPY[metric])
        of_few = cdist(_units(few, norm), _units(beside, norm), SCIPY[metric])
        return np.asarray((3.0 * of_wide + 0.5 * of_few) / 3.5)

    asked = [wide, few][::order]
    expected = mean(WIDE[shared[0]], FEW[shared[1]])
    assert np.allclose(space.distances(asked), expected, atol=1e-5)
    rows = np.array([5, 1])
    assert np.allclose(space.distances(asked, rows), expected[:, rows], atol=1e-5)
    given = [np.asarray(one, np.float32) for one in others]
    assert np.allclose(space.between(asked, given[::order]), mean(*given), atol=1e-5)


def test_estimates_of_one_feature_are_those_of_its_sketch_under_the_metric() -> None:
    found = {name: RNG.random((2, 9)).astype(np.float32) for name in ("cosine", "euclidean")}
    queries = [np.zeros((2, 5), np.float32)]
    for name, estimates in found.items():
        space = Space(metric_named(name), (_wide(sketch=_sketch(found)),))
        assert np.array_equal(space.estimates(queries), estimates)


def test_estimates_of_joined_features_follow_from_cosine_between_unit_vectors() -> None:
    # Rounding may make an estimate negative, which has no root.
    wide = {"cosine": np.array([[0.5, -0.25, 0.02, 1, 2, 0.125, 0, 0.5, 1.5]], np.float32)}
    few = {"cosine": np.array([[0.5, 0.08, 0.5, 0.32, 2, 0, 1]], np.float32)}
    parts = _wide(weight=3.0, sketch=_sketch(wide)), _few(sketch=_sketch(few))
    queries = [np.zeros((1, 5), np.float32), np.zeros((1, 3), np.float32)]
    cosine = Space(metric_named("cosine"), parts).estimates(queries)
    expected = [
        [(3 * a + b) / 4]
        for a, b in zip([0.5, 0.02, 1, 2, 0, 1.5], [0.5, 0.08, 0.5, 0.32, 2, 0], strict=True)
    ]
    assert np.allclose(cosine.T, expected, atol=1e-6)
    euclidean = Space(metric_named("euclidean"), parts).estimates(queries)
    # |a - b| = √(2 · cosine distance) for vectors of length 1.
    lengths = [[1, 0.2, 2**0.5, 2, 0, 3**0.5], [1, 0.4, 1, 0.8, 2, 0]]
    assert np.allclose(euclidean, [(3 * a + b) / 4 for a, b in zip(*lengths, strict=True)])
    negative = Space(metric_named("euclidean"), (parts[0], _wide(sketch=_sketch(wide))))
    assert negative.estimates([queries[0], queries[0]])[0, 1] == 0


@pytest.mark.parametrize(
    ("metric", "sketches", "expected"),
    [
        ("cosine", (True,), True),
        ("euclidean", (True,), True),
        # Ordered as euclidean, which holds for one feature only.
        ("manhattan", (True,), True),
        ("manhattan", (True, True), False),
        ("cosine", (True, True), True),
        ("euclidean", (True, True), True),
        ("cosine", (True, False), False),
        ("cosine", (False,), False),
        ("chi2", (True,), False),
        ("combined", (True,), False),
    ],
)
def test_which_spaces_have_estimates(
    metric: str, sketches: tuple[bool, ...], expected: bool
) -> None:
    parts = tuple(_wide(sketch=_sketch({}) if there else None) for there in sketches)
    assert Space(metric_named(metric), parts).has_estimates is expected


def test_a_part_has_the_weight_one_and_no_index_unless_it_is_given() -> None:
    part = _wide()
    assert (part.weight, part.sketch, part.hnsw) == (1.0, None, None)
    assert not Space(metric_named("cosine"), (part,)).has_estimates


@pytest.mark.parametrize("metric", SCIPY)
def test_joined_features_of_the_same_pictures(metric: str) -> None:
    norm = 1 if metric == "manhattan" else 2
    more = RNG.normal(size=(9, 4)).astype(np.float32)
    parts = _wide(), Part(_feature("more", WIDE_IDS, more), weight=3.0)
    queries = [RNG.normal(size=(2, 5)).astype(np.float32), more[:2]]
    space = Space(metric_named(metric), parts)
    of_wide = cdist(_units(queries[0], norm), _units(WIDE, norm), SCIPY[metric])
    of_more = cdist(_units(queries[1], norm), _units(more, norm), SCIPY[metric])
    expected = (of_wide + 3 * of_more) / 4
    assert np.allclose(space.distances(queries), expected, atol=1e-5)
    rows = np.array([8, 2])
    assert np.allclose(space.distances(queries, rows), expected[:, rows], atol=1e-5)


def test_each_feature_needs_its_query_vectors() -> None:
    one = np.ones((1, 5), np.float32)
    estimates = {"cosine": np.zeros((1, 9), np.float32)}
    part = _wide(sketch=_sketch(estimates))
    space = Space(metric_named("cosine"), (part, part))
    with pytest.raises(ValueError, match="zip"):
        space.distances([one])
    with pytest.raises(ValueError, match="zip"):
        space.estimates([one])
    with pytest.raises(ValueError, match="zip"):
        space.between([one, one], [one])
