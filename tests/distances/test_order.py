"""The k-th smallest of many values, beside a full sort."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from imgrec.distances.order import kth_smallest


def _values(kind: str, count: int, seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    values = rng.normal(size=count).astype(np.float32)
    if kind == "sorted":
        values.sort()
    elif kind == "ties":
        values = np.round(values)
    elif kind == "filtered":
        values[rng.random(count) < 0.99] = np.inf
    elif kind == "periodic":
        # The sample sees the largest values only.
        values[::64] += 100
    elif kind == "equal":
        values[:] = 0.5
    return values


@pytest.mark.parametrize(
    "kind", ["any", "sorted", "reversed", "ties", "filtered", "periodic", "equal"]
)
@given(st.integers(1, 20_000), st.floats(0, 1), st.integers(0, 1 << 30))
def test_it_is_that_of_a_sort(kind: str, count: int, share: float, seed: int) -> None:
    values = _values("sorted" if kind == "reversed" else kind, count, seed)
    values = values[::-1] if kind == "reversed" else values
    before = values.copy()
    # Small k are those that are asked for.
    k = int((count - 1) * share**4)
    assert kth_smallest(values, k) == np.sort(values)[k]
    assert np.array_equal(values, before)
