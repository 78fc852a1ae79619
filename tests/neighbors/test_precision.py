"""Precision at k, against the exact neighbors of scikit-learn."""

import numpy as np
import pytest
from sklearn.neighbors import NearestNeighbors

from imgrec.distances.metrics import METRICS
from imgrec.neighbors.precision import precision_at_k


def reference(vectors: np.ndarray, labels: np.ndarray, k: int, metric: str = "cosine") -> float:
    index = NearestNeighbors(metric=metric, algorithm="brute").fit(vectors)
    nearest = index.kneighbors(n_neighbors=k, return_distance=False)
    return float((labels[nearest] == labels[:, None]).mean())


@pytest.mark.parametrize("metric", ["cosine", "euclidean", "manhattan"])
@pytest.mark.parametrize("block_rows", [1, 7, 60, 512])
def test_agrees_with_scikit_learn(block_rows, metric):
    rng = np.random.default_rng(3)
    labels = np.array(["hat", "shoe", "skirt"])[rng.integers(0, 3, 60)]
    vectors = rng.normal(size=(60, 8)).astype(np.float32)
    vectors[labels == "hat", 0] += 2
    found = precision_at_k(vectors, labels, (1, 3, 10), block_rows, METRICS[metric])
    assert found == {k: pytest.approx(reference(vectors, labels, k, metric)) for k in (1, 3, 10)}


def test_a_vector_is_not_its_own_neighbor():
    assert precision_at_k(np.eye(4), [0, 1, 2, 3], ks=(1,)) == {1: 0.0}


def test_the_norm_of_a_vector_does_not_matter():
    vectors = np.array([[1.0, 0.0], [100.0, 1.0], [0.0, 1.0], [1.0, 100.0]])
    assert precision_at_k(vectors, ["a", "a", "b", "b"], ks=(1, 3)) == {1: 1.0, 3: 1 / 3}


def test_ties_keep_the_order_of_the_rows():
    assert precision_at_k(np.ones((3, 2)), [0, 0, 1], ks=(1,)) == {1: pytest.approx(2 / 3)}


def test_zero_vectors_are_far_from_everything():
    vectors = np.array([[0.0, 0.0], [1.0, 0.0], [1.0, 0.1]])
    assert precision_at_k(vectors, [0, 1, 1], ks=(1,)) == {1: pytest.approx(2 / 3)}


@pytest.mark.parametrize(
    ("shape", "labels", "options", "message"),
    [
        ((3, 2), [0, 1], {}, "2 labels"),
        ((3,), [0, 1, 2], {}, r"shape \(3,\)"),
        ((3, 2), [0, 1, 2], {"ks": (5,)}, "less one"),
        ((3, 2), [0, 1, 2], {"ks": (0,)}, "from 1"),
        ((3, 2), [0, 1, 2], {"ks": ()}, "one k or more"),
        ((3, 2), [0, 1, 2], {"ks": (1,), "block_rows": 0}, "block_rows is 0"),
    ],
)
def test_errors_for_wrong_arguments_say_what_to_do(shape, labels, options, message):
    with pytest.raises(ValueError, match=message):
        precision_at_k(np.ones(shape), labels, **options)
