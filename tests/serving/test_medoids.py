"""Medoids against the definition: the least sum of distances within each cluster."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from imgrec.serving.medoids import medoids_of, sampled
from vector_stores import clustered


def _distances(vectors: NDArray[np.float32]) -> NDArray[np.float64]:
    exact = vectors.astype(np.float64)
    exact /= np.linalg.norm(exact, axis=1, keepdims=True)
    found: NDArray[np.float64] = 1 - exact @ exact.T
    return found


@given(seed=st.integers(0, 40), count=st.integers(1, 120), k=st.integers(1, 5))
def test_each_has_the_least_sum_of_distances_in_its_cluster(seed: int, count: int, k: int) -> None:
    vectors = clustered(count, 16, seed)
    medoids = medoids_of(vectors, k)
    distances = _distances(vectors)
    assert len(set(medoids.tolist())) == len(medoids) == min(k, count)
    clusters = distances[:, medoids].argmin(axis=1)
    sizes = np.bincount(clusters, minlength=len(medoids))
    assert sizes.tolist() == sorted(sizes.tolist(), reverse=True)
    for cluster, medoid in enumerate(medoids.tolist()):
        members = np.flatnonzero(clusters == cluster)
        sums = distances[np.ix_(members, members)].sum(axis=1)
        own = float(sums[members == medoid][0])
        # A round short of the end may leave one that is near the least.
        assert own <= sums.min() * 1.1 + 1e-5


def test_groups_that_lie_apart_have_one_each() -> None:
    rng = np.random.default_rng(3)
    sizes = [50, 30, 20, 9, 4]
    centers = np.eye(8, dtype=np.float32)[:5] * 5
    vectors = np.concatenate(
        [
            center + rng.normal(0, 0.2, (size, 8))
            for center, size in zip(centers, sizes, strict=True)
        ]
    ).astype(np.float32)
    group = np.repeat(np.arange(5), sizes)
    order = rng.permutation(len(group))
    assert group[order][medoids_of(vectors[order], 5)].tolist() == [0, 1, 2, 3, 4]


@pytest.mark.parametrize(("rows", "expected"), [(0, 0), (1, 1), (3, 1)])
def test_copies_have_one(rows: int, expected: int) -> None:
    assert len(medoids_of(np.ones((rows, 4), np.float32), 5)) == expected


@given(st.integers(0, 5000), st.integers(1, 300))
def test_a_sample_is_even(count: int, most: int) -> None:
    found = sampled(count, most)
    assert len(found) == min(count, most) == len(set(found.tolist()))
    steps = np.diff(found)
    assert not len(steps) or steps.max() - steps.min() <= 1
