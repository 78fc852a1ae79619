"""Exact distances block by block: which rows are computed by what, and where they end up."""

import ctypes
import sys
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from scipy.spatial.distance import cdist

from imgrec.distances import blockwise
from imgrec.distances.blockwise import (
    distances_between,
    distances_to_all,
    distances_to_rows,
    kernels_for,
)
from imgrec.distances.metrics import METRICS, Metric
from imgrec.store.composition import Composition, Halves
from imgrec.store.features import Block, FeatureStore
from imgrec.store.relations import RelatedFeature, Relation

RNG = np.random.default_rng(2)
QUERIES = RNG.normal(size=(2, 6)).astype(np.float32)
VECTORS = RNG.normal(size=(40, 6)).astype(np.float32)
SCIPY = {"cosine": "cosine", "euclidean": "euclidean", "manhattan": "cityblock"}
COSINE, MANHATTAN = METRICS["cosine"], METRICS["manhattan"]


def _feature(*parts: range, dead: tuple[int, ...] = ()) -> FeatureStore:
    """Return a feature of parts of the vectors; row i belongs to the picture i + 1."""
    blocks = []
    for part in parts:
        ids = np.array(part) + 1
        block = Block(ids, VECTORS[np.array(part)])
        blocks.append(block.only(~np.isin(ids, np.array(dead) + 1)))
    return FeatureStore("x", 6, blocks)


def _expected(name: str, rows: Any, norm: int = 0) -> np.ndarray:
    queries, vectors = QUERIES.astype(float), VECTORS[rows].astype(float)
    if norm:
        queries = queries / np.linalg.norm(queries, norm, axis=1, keepdims=True)
        vectors = vectors / np.linalg.norm(vectors, norm, axis=1, keepdims=True)
    return np.asarray(cdist(queries, vectors, SCIPY[name]))


@pytest.fixture
def in_numpy(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let NumPy compute everything, whether or not the compiled loops are imported."""
    monkeypatch.setattr(blockwise, "kernels_for", lambda seconds: None)


@pytest.mark.usefixtures("in_numpy")
@pytest.mark.parametrize("norm", [0, 1, 2])
@pytest.mark.parametrize("name", SCIPY)
@pytest.mark.parametrize(
    "dead", [(), (3,), tuple(range(20, 36)), tuple(range(15, 30))], ids=["none", "1", "most", "all"]
)
def test_every_live_row_gets_its_own_distance(name: str, norm: int, dead: tuple[int, ...]) -> None:
    # Interleaved parts: the rows of a block are no slice. Of the last part most rows are live, few,
    # or none.
    feature = _feature(range(0, 20, 2), range(1, 20, 2), range(20, 40), dead=dead)
    live = [row for row in range(40) if row not in dead]
    found = distances_to_all(feature, METRICS[name], QUERIES, norm)
    assert (found.shape, found.dtype) == ((2, len(live)), np.float32)
    assert np.allclose(found, _expected(name, live, norm), atol=1e-5)
    rows = np.array([5, 0, len(live) - 1, 5])
    some = distances_to_rows(feature, METRICS[name], QUERIES, rows, norm)
    assert np.allclose(some, _expected(name, np.array(live)[rows], norm), atol=1e-5)
    between = distances_between(METRICS[name], QUERIES, VECTORS[:7], norm)
    assert np.allclose(between, _expected(name, range(7), norm), atol=1e-5)


@pytest.mark.usefixtures("in_numpy")
def test_all_rows_of_a_block_are_computed_if_most_of_them_are_live() -> None:
    seen: list[int] = []

    def noted(queries: np.ndarray, vectors: np.ndarray) -> np.ndarray:
        seen.append(len(vectors))
        return METRICS["manhattan"].function(queries, vectors)

    metric = Metric("noted", noted)
    for dead, computed in (((), 20), (range(9), 20), (range(10), 10), (range(11), 9)):
        feature = _feature(range(20), dead=tuple(dead))
        live = [row for row in range(20) if row not in dead]
        found = distances_to_all(feature, metric, QUERIES)
        assert np.allclose(found, _expected("manhattan", live), atol=1e-5)
        assert seen == [computed]
        seen.clear()


@pytest.mark.usefixtures("in_numpy")
@pytest.mark.parametrize("count", [0, 1, 3, 4, 5, 9])
def test_rows_are_gathered_in_pieces(monkeypatch: pytest.MonkeyPatch, count: int) -> None:
    # Four vectors of 6 float32 values at a time.
    monkeypatch.setattr(blockwise, "_COPIED_BYTES", 4 * 24)
    seen: list[int] = []

    def noted(queries: np.ndarray, vectors: np.ndarray) -> np.ndarray:
        seen.append(len(vectors))
        return METRICS["cosine"].function(queries, vectors)

    rows = np.arange(count)[::-1].copy()
    found = distances_to_rows(_feature(range(40)), Metric("noted", noted), QUERIES, rows)
    assert found.shape == (2, count)
    assert np.allclose(found, _expected("cosine", rows), atol=1e-5)
    assert sorted(seen, reverse=True) == [4] * (count // 4) + [count % 4] * (count % 4 > 0)


@pytest.mark.usefixtures("in_numpy")
@pytest.mark.parametrize("count", [1, 7, 8, 9, 20])
def test_every_block_is_computed_however_many_there_are(count: int) -> None:
    feature = _feature(*(range(2 * number, 2 * number + 2) for number in range(count)))
    for name in SCIPY:
        found = distances_to_all(feature, METRICS[name], QUERIES)
        assert np.allclose(found, _expected(name, range(2 * count)), atol=1e-5)


@pytest.mark.usefixtures("in_numpy")
@pytest.mark.parametrize("name", ["cosine", "manhattan"])
def test_threads_are_used_except_for_what_runs_in_those_of_blas(
    monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    items: list[object] = []

    def in_threads(fill: Any, given: Any) -> None:
        for item in given:
            items.append(item)
            fill(item)

    monkeypatch.setattr(blockwise, "in_threads", in_threads)
    monkeypatch.setattr(blockwise, "cores", lambda: 2)
    feature = _feature(*(range(2 * number, 2 * number + 2) for number in range(20)))
    distances_to_all(feature, METRICS[name], QUERIES)
    # A quarter of the blocks of a core at a time.
    pieces = [range(s, s + 2) for s in range(0, 20, 2)]
    assert items == ([] if name == "cosine" else pieces)
    items.clear()
    monkeypatch.setattr(blockwise, "_TASK_BLOCKS", 1)
    distances_to_all(feature, METRICS[name], QUERIES)
    assert items == ([] if name == "cosine" else [range(s, s + 1) for s in range(20)])


@pytest.fixture
def compiled(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[tuple[int, int]]]:
    """Replace the compiled loops; return (queries, vectors) of each call of them."""
    calls: list[tuple[int, int]] = []

    def cosine(
        queries: np.ndarray, addresses: np.ndarray, found: np.ndarray, out: np.ndarray
    ) -> None:
        assert found.shape == addresses.shape
        assert queries.flags.c_contiguous
        norms = np.linalg.norm(queries, axis=1)
        assert np.allclose(norms, norms > 0.5, atol=1e-5)
        calls.append((len(queries), len(addresses)))
        vectors = _read(addresses, queries.shape[1])
        lengths = np.linalg.norm(vectors, axis=1)
        out[:] = 1 - queries @ vectors.T / np.where(lengths > 0, lengths, 1)

    def manhattan(queries: np.ndarray, addresses: np.ndarray, out: np.ndarray) -> None:
        calls.append((len(queries), len(addresses)))
        out[:] = cdist(queries, _read(addresses, queries.shape[1]), "cityblock")

    def composed_cosine(
        units: np.ndarray,
        first: np.ndarray,
        second: np.ndarray,
        mean: np.ndarray,
        weight: np.float32,
        out: np.ndarray,
    ) -> None:
        assert isinstance(weight, np.float32)
        assert np.allclose(np.linalg.norm(units, axis=1), 1, atol=1e-5)
        calls.append((len(units), len(first)))
        halves = _read(first, len(mean)), _read(second, units.shape[1] - len(mean))
        vectors = Halves(Composition(mean, float(weight)), *halves).composed()
        out[:] = METRICS["cosine"].function(units, vectors)

    loops = SimpleNamespace(cosine=cosine, manhattan=manhattan, composed_cosine=composed_cosine)
    monkeypatch.setattr(blockwise, "kernels_for", lambda seconds: loops)
    yield calls


def _read(addresses: np.ndarray, length: int) -> np.ndarray:
    """Return the rows of float32 values at some addresses, as the compiled loops read them."""
    assert (addresses.dtype, addresses.flags.c_contiguous) == (np.int64, True)
    rows = [(ctypes.c_float * length).from_address(address) for address in addresses.tolist()]
    return np.array(rows, np.float32).reshape(-1, length)


@pytest.mark.parametrize("name", ["cosine", "manhattan"])
@pytest.mark.parametrize("count", [0, 1, 2, 3, 8])
def test_the_compiled_loops_get_rows_wherever_they_lie(
    compiled: list[tuple[int, int]], name: str, count: int
) -> None:
    found = distances_between(METRICS[name], QUERIES, VECTORS[:count])
    assert np.allclose(found, _expected(name, np.arange(count)), atol=1e-5)
    assert compiled == [(2, count)]
    strided = np.asfortranarray(VECTORS[:count])
    assert np.allclose(distances_between(METRICS[name], QUERIES, strided), found)


def test_metrics_without_a_compiled_loop_are_computed_by_numpy(
    compiled: list[tuple[int, int]],
) -> None:
    found = distances_between(METRICS["euclidean"], QUERIES, VECTORS[:5])
    assert np.allclose(found, _expected("euclidean", range(5)), atol=1e-5)
    assert compiled == []


def test_a_zero_query_is_at_one_from_all_but_zero_vectors(compiled: list[tuple[int, int]]) -> None:
    queries = np.stack([np.zeros(6, np.float32), QUERIES[0]])
    vectors = VECTORS[:5].copy()
    vectors[2] = 0
    found = distances_between(COSINE, queries, vectors)
    assert found[0].tolist() == [1, 1, 0, 1, 1]
    expected = cdist(queries[1:], np.delete(vectors, 2, axis=0), "cosine")[0]
    assert np.allclose(np.delete(found[1], 2), expected, atol=1e-5)
    # For other metrics it is a query like any other.
    away = distances_between(MANHATTAN, queries, vectors)
    assert np.allclose(away, cdist(queries, vectors, "cityblock"), atol=1e-5)


@pytest.mark.parametrize("there", [True, False])
def test_the_compiled_loops_are_imported_where_it_pays(
    monkeypatch: pytest.MonkeyPatch, there: bool
) -> None:
    loops = SimpleNamespace()
    monkeypatch.setattr(blockwise, "load_kernels", lambda: loops)
    if there:
        monkeypatch.setitem(sys.modules, "imgrec.distances.kernels", loops)  # type: ignore[arg-type]
    else:
        monkeypatch.delitem(sys.modules, "imgrec.distances.kernels", raising=False)
    assert kernels_for(0.51) is loops
    # Half a second is what importing them takes.
    assert kernels_for(0.5) is (loops if there else None)
    assert kernels_for(0) is (loops if there else None)


@pytest.mark.parametrize(
    ("name", "seconds"),
    [("cosine", 1 / 6), ("euclidean", 0.25), ("manhattan", 1 / 0.7), ("chi2", 2.5)],
)
def test_the_time_that_numpy_would_take_is_estimated(
    monkeypatch: pytest.MonkeyPatch, name: str, seconds: float
) -> None:
    estimates: list[float] = []
    monkeypatch.setattr(blockwise, "kernels_for", lambda s: estimates.append(s))
    # A thousandth of a billion values: 2 queries, 40 rows of 6 values.
    distances_to_all(_feature(range(40)), METRICS[name], QUERIES)
    distances_to_rows(_feature(range(40)), METRICS[name], QUERIES, np.arange(20))
    distances_between(METRICS[name], QUERIES, VECTORS[:10])
    whole = seconds * 480 / 1e9
    asked = [estimate for estimate in estimates if estimate]
    assert asked == pytest.approx([whole, whole / 2, whole / 4])


def _related(dtype: type = np.float16) -> tuple[RelatedFeature, np.ndarray]:
    """Return a relation of two features in two blocks, and its composed vectors (10, 10).

    Halves that are stored as float16 cannot be read in place.
    """
    first, second = VECTORS[:10], VECTORS[10:20, :4].astype(dtype)
    composition = Composition(np.full(6, 0.5, np.float32), 0.25)
    ids = np.arange(1, 11)
    parts = [
        FeatureStore(name, half.shape[1], [Block(ids[:3], half[:3]), Block(ids[3:], half[3:])])
        for name, half in (("lite0", first), ("mini", second))
    ]
    feature = RelatedFeature(Relation("lite0"), composition, *parts)
    return feature, Halves(composition, first, second).composed()


def test_the_vectors_of_a_relation_are_not_composed_for_the_compiled_loop(
    compiled: list[tuple[int, int]], monkeypatch: pytest.MonkeyPatch
) -> None:
    feature, vectors = _related()
    expected = METRICS["cosine"].function(3 * vectors[:2], vectors)
    assert np.allclose(distances_to_all(feature, COSINE, 3 * vectors[:2]), expected, atol=1e-6)
    assert sorted(compiled) == [(2, 3), (2, 7)]
    compiled.clear()
    # Three rows at a time: of both features they have 10 values.
    monkeypatch.setattr(blockwise, "_COPIED_BYTES", 3 * 40)
    rows = np.array([9, 0, 4, 3])
    found = distances_to_rows(feature, COSINE, vectors[:2], rows)
    assert np.allclose(found, expected[:, rows], atol=1e-6)
    assert sorted(compiled) == [(2, 1), (2, 3)]


def test_other_metrics_and_zero_queries_need_composed_vectors(
    compiled: list[tuple[int, int]],
) -> None:
    feature, vectors = _related()
    found = distances_to_all(feature, MANHATTAN, vectors[:2])
    assert np.allclose(found, cdist(vectors[:2], vectors, "cityblock"), atol=1e-5)
    queries = np.stack([vectors[0], np.zeros(10, np.float32)])
    # The loop for stored vectors, a block at a time.
    compiled.clear()
    found = distances_to_all(feature, COSINE, queries)
    assert found[1].tolist() == [1] * 10
    assert np.allclose(found[0], METRICS["cosine"].function(vectors[:1], vectors)[0], atol=1e-6)
    assert sorted(compiled) == [(2, 3), (2, 7)]
    assert np.allclose(distances_to_rows(feature, COSINE, queries, np.arange(3))[1], 1)


def test_a_relation_is_composed_where_the_compiled_loops_are_not_imported(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delitem(sys.modules, "imgrec.distances.kernels", raising=False)
    monkeypatch.delattr(blockwise, "load_kernels")
    feature, vectors = _related()
    expected = METRICS["cosine"].function(vectors[:2], vectors)
    assert np.allclose(distances_to_all(feature, COSINE, vectors[:2]), expected, atol=1e-6)
    found = distances_to_rows(feature, COSINE, vectors[:2], np.array([8, 1]))
    assert np.allclose(found, expected[:, [8, 1]], atol=1e-6)
