"""The scores of a linear head: those of a matrix product, and no bit depends on the batch."""

import numpy as np
import pytest
from threadpoolctl import threadpool_limits

from imgrec.encoders.classifier import LinearHead

COUNT = 140


@pytest.fixture(scope="module", params=[(1000, 1280), (10, 2048), (7, 3)], ids=str)
def made(request: pytest.FixtureRequest) -> tuple[LinearHead, np.ndarray]:
    """Return a head of (C, d) and vectors (140, d)."""
    classes, dimensions = request.param
    rng = np.random.default_rng(0)
    weights = rng.normal(size=(classes, dimensions)).astype(np.float32)
    head = LinearHead(weights, rng.normal(size=classes).astype(np.float32))
    return head, rng.uniform(0, 6, (COUNT, dimensions)).astype(np.float32)


def test_scores_are_those_of_the_matrix_product(made: tuple[LinearHead, np.ndarray]) -> None:
    head, vectors = made
    expected = vectors.astype(float) @ head.weights.T.astype(float) + head.biases
    found = head.scores(vectors)
    assert found.dtype == np.float32
    assert np.allclose(found, expected, rtol=1e-4, atol=1e-2)
    assert head.scores(vectors[:0]).shape == (0, len(head.biases))


def test_no_bit_depends_on_the_batch_the_row_or_the_threads(
    made: tuple[LinearHead, np.ndarray],
) -> None:
    head, vectors = made
    expected = head.scores(vectors)
    with threadpool_limits(1, user_api="blas"):
        for size in range(1, 71):
            for start in (0, 1 + size % 7, COUNT - size):
                rows = slice(start, start + size)
                assert np.array_equal(head.scores(vectors[rows]), expected[rows]), (size, start)
