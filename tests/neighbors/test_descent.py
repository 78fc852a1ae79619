"""Neighbors of neighbors: what a round compares, by plain Python, and lists that get better."""

from itertools import pairwise

import numpy as np
import pytest
from numpy.typing import NDArray

from imgrec.neighbors import descent
from imgrec.neighbors.codes import Codes
from imgrec.neighbors.descent import Estimates, descend
from vector_stores import clustered

K = 6


def _started(n: int, count: int, seed: int = 0) -> tuple[Estimates, Codes, NDArray[np.float32]]:
    """Return lists of random rows with their estimates, and codes and offsets."""
    rng = np.random.default_rng(seed)
    codes = Codes.of(clustered(n, 32))
    offsets = rng.standard_normal(n).astype(np.float32) / 50
    scores = _scores(codes, offsets)
    estimates = Estimates.none(n, count)
    for row in range(n):
        drawn = rng.choice(np.delete(np.arange(n), row), count, replace=False)
        drawn = drawn[np.argsort(-scores[row, drawn], kind="stable")]
        estimates.found[row], estimates.best[row] = drawn, scores[row, drawn]
    return estimates, codes, offsets


def _scores(codes: Codes, offsets: NDArray[np.float32]) -> NDArray[np.float32]:
    whole = codes.values.astype(np.int64)
    products = (whole @ whole.T).astype(np.float32)
    return np.asarray(products * np.float32(codes.scale) + offsets, np.float32)


def _share(estimates: Estimates, scores: NDArray[np.float32]) -> float:
    best = np.argsort(-scores, axis=1)
    found = estimates.found[:, :K]
    return float(
        np.mean([np.isin(found[i], best[i][best[i] != i][:K]).mean() for i in range(len(found))])
    )


def test_random_lists_become_nearly_those_of_all_pairs() -> None:
    estimates, codes, offsets = _started(600, 12)
    scores = _scores(codes, offsets)
    before = _share(estimates, scores)
    descend(estimates, codes, offsets, K)
    assert before < 0.1
    assert _share(estimates, scores) > 0.9
    rows = np.arange(600)[:, None]
    assert (estimates.found != rows).all()
    assert all(len({*row}) == 12 for row in estimates.found.tolist())
    assert (np.diff(estimates.best, axis=1) <= 0).all()
    assert np.allclose(estimates.best, scores[rows, estimates.found], atol=1e-5)


def test_a_round_compares_neighbors_of_neighbors_in_both_directions(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(descent, "_ROUNDS", 1)
    n, count = 80, 79
    estimates, codes, offsets = _started(n, count)
    estimates.found[:, K:], estimates.best[:, K:] = -1, -1e30
    lists = [set(row[:K]) for row in estimates.found.tolist()]
    near = [lists[i] | {j for j in range(n) if i in lists[j]} for i in range(n)]
    # Of a row that is in many lists only some count.
    assert max(map(len, near)) > 2 * K
    descend(estimates, codes, offsets, K)
    most = [near[i].union(*(near[j] for j in near[i])) - {i} for i in range(n)]
    least = [lists[i].union(*(lists[j] for j in lists[i])) - {i} for i in range(n)]
    for row, found in enumerate(estimates.found.tolist()):
        assert least[row] <= {*found} - {-1} <= most[row]


def test_rounds_do_not_depend_on_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    found = []
    for threads in (1, 3):
        estimates, codes, offsets = _started(500, 12)
        monkeypatch.setattr(descent, "cores", lambda threads=threads: threads)
        descend(estimates, codes, offsets, K)
        found.append(estimates)
    assert np.array_equal(found[0].found, found[1].found)
    assert np.array_equal(found[0].best, found[1].best)


def test_reverse_neighbors_are_those_that_have_a_row_nearest_to_the_front() -> None:
    lists = np.array([[1, 2], [2, 0], [0, -1], [2, 1], [1, 2]], np.int32)
    fresh = np.array([[1, 0], [0, 1], [1, 0], [1, 1], [0, 0]], bool)
    rows, new, starts = descent._reversed(lists, fresh)
    by_row = [rows[a:b].tolist() for a, b in pairwise(starts)]
    assert by_row == [[2, 1], [0, 4], [1, 3], [], []]
    assert new.tolist() == [True, True, True, False, False, True]


def test_whole_lists_stay_as_they_are() -> None:
    estimates, codes, offsets = _started(60, 59)
    before = estimates.found.copy()
    descend(estimates, codes, offsets, K)
    assert np.array_equal(estimates.found, before)
