"""The k smallest of many values, beside a full sort."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from imgrec.distances.order import smallest


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
    elif kind == "low sample":
        # The sample sees the smallest values only.
        values[::64] -= 100
    elif kind == "equal":
        values[:] = 0.5
    return values


@pytest.mark.parametrize(
    "kind", ["any", "sorted", "reversed", "ties", "filtered", "periodic", "low sample", "equal"]
)
@given(st.integers(1, 20_000), st.floats(0, 1), st.integers(0, 1 << 30))
def test_it_is_that_of_a_sort(kind: str, count: int, share: float, seed: int) -> None:
    values = _values("sorted" if kind == "reversed" else kind, count, seed)
    values = values[::-1] if kind == "reversed" else values
    before = values.copy()
    # Small k are those that are asked for.
    k = int((count - 1) * share**4)
    limit, places = smallest(values, k)
    assert limit == np.sort(values)[k]
    assert places.tolist() == np.flatnonzero(before <= limit).tolist()
    assert len(places) > k
    assert np.array_equal(values, before)


@pytest.mark.parametrize("share", [0.3, 0.05, 0.001])
def test_a_limit_that_is_too_low_is_raised(share: float) -> None:
    rng = np.random.default_rng(5)
    values = rng.random(50_000, np.float32)
    # The sample takes most of its values where few of all are.
    values[::64] *= np.float32(share)
    limit, places = smallest(values, 400)
    order = np.argsort(values, kind="stable")
    assert limit == values[order[400]]
    assert places.tolist() == sorted(order[:401].tolist())


@pytest.mark.parametrize("finite", [0, 1, 400, 401, 402, 5_000])
def test_infinite_values_are_the_last(finite: int) -> None:
    rng = np.random.default_rng(6)
    values = np.full(40_000, np.inf, np.float32)
    rows = np.sort(rng.choice(40_000, finite, replace=False))
    values[rows] = rng.random(finite)
    limit, places = smallest(values, 400)
    assert limit == np.sort(values)[400]
    if finite <= 400:
        assert (limit, len(places)) == (np.inf, 40_000)
    else:
        assert places.tolist() == np.sort(np.argsort(values, kind="stable")[:401]).tolist()
