"""Vectors that are compared where they lie, beside SciPy's distances of copies of them."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial.distance import cdist

from imgrec.distances import in_place as in_place_module
from imgrec.distances import kernels
from imgrec.distances.blockwise import distances_to_all, distances_to_rows
from imgrec.distances.in_place import in_place
from imgrec.distances.metrics import METRICS
from imgrec.store.arrays import load_array
from imgrec.store.composition import Composition, Halves
from imgrec.store.features import Block, FeatureStore, addresses_of
from imgrec.store.relations import RelatedFeature, Relation

SCIPY = {"cosine": "cosine", "euclidean": "euclidean", "manhattan": "cityblock"}
RNG = np.random.default_rng(11)


def _mapped(folder: Path, vectors: np.ndarray, ends: list[int]) -> FeatureStore:
    """Return a feature of files, the rows between two ends in each."""
    blocks = []
    for number, (start, end) in enumerate(zip([0, *ends], [*ends, len(vectors)], strict=True)):
        file = folder / f"{number}.npy"
        np.save(file, vectors[start:end])
        blocks.append(Block(np.arange(start, end), np.asarray(load_array(file))))
    return FeatureStore("x", vectors.shape[1], blocks)


@pytest.mark.parametrize("metric", SCIPY)
@given(st.integers(1, 70), st.integers(1, 40), st.integers(1, 6), st.integers(1, 9), st.integers())
def test_distances_of_any_rows_of_any_blocks(
    metric: str, d: int, n: int, q: int, parts: int, seed: int
) -> None:
    rng = np.random.default_rng(seed % (1 << 32))
    vectors = rng.normal(size=(n, d)).astype(np.float32)
    queries = rng.normal(size=(q, d)).astype(np.float32)
    # Rows of the blocks interleave, some rows are dead, and some blocks have one row or none.
    of_block, alive = rng.integers(parts, size=n), rng.random(n) < 0.8
    blocks = [
        Block(np.flatnonzero(of_block == p), vectors[of_block == p]).only(alive[of_block == p])
        for p in range(parts)
    ]
    feature = FeatureStore("x", d, blocks)
    expected = cdist(queries.astype(float), vectors[alive].astype(float), SCIPY[metric])
    read = in_place(feature, METRICS[metric], queries, 0, kernels)
    assert read is not None
    assert np.allclose(read.distances(), expected, rtol=1e-4, atol=2e-6)
    rows = rng.integers(0, max(1, len(feature)), size=rng.integers(0, 50) * bool(len(feature)))
    some = in_place(feature, METRICS[metric], queries, 0, kernels, rows)
    assert some is not None
    # The same bytes, whichever rows are compared with it.
    assert np.array_equal(some.distances(), read.distances()[:, rows])


@pytest.mark.parametrize("d", [1, 1024, 1025, 2048])
@pytest.mark.parametrize("metric", SCIPY)
def test_rows_whose_pages_are_touched_first_have_the_same_distances(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, metric: str, d: int
) -> None:
    monkeypatch.setattr(in_place_module, "_TOUCHED_ROWS", 20)
    feature = _mapped(tmp_path, RNG.normal(size=(120, d)).astype(np.float32), [1, 50])
    query, rows = RNG.normal(size=(1, d)).astype(np.float32), RNG.permutation(120)[:97]
    every = distances_to_all(feature, METRICS[metric], query)
    assert np.array_equal(distances_to_rows(feature, METRICS[metric], query, rows), every[:, rows])


@pytest.mark.parametrize("metric", [*SCIPY, "chi2"])
def test_equal_vectors_tie_wherever_they_lie(tmp_path: Path, metric: str) -> None:
    vectors = np.tile(np.abs(RNG.normal(size=(1, 333))).astype(np.float32), (50, 1))
    feature = _mapped(tmp_path, vectors, [7, 8, 31])
    query = np.abs(RNG.normal(size=(3, 333))).astype(np.float32)
    found = distances_to_all(feature, METRICS[metric], query)
    assert (found == found[:, :1]).all()


@pytest.mark.parametrize("count", [1, 3, 16, 17, 500])
@pytest.mark.parametrize("rows_at_once", [1, 7, 1000])
def test_many_rows_are_compared_in_pieces_by_threads(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, count: int, rows_at_once: int
) -> None:
    monkeypatch.setattr(in_place_module, "_ALONE_BYTES", rows_at_once * 20 - 20)
    monkeypatch.setattr(in_place_module, "_TASK_BYTES", rows_at_once * 20 - 20)
    vectors = RNG.normal(size=(count, 5)).astype(np.float32)
    feature = _mapped(tmp_path, vectors, [count // 2])
    queries = RNG.normal(size=(2, 5)).astype(np.float32)
    expected = cdist(queries.astype(float), vectors.astype(float))
    found = distances_to_all(feature, METRICS["euclidean"], queries)
    assert np.allclose(found, expected, atol=1e-5)
    rows = RNG.permutation(count)
    found = distances_to_rows(feature, METRICS["euclidean"], queries, rows)
    assert np.allclose(found, expected[:, rows], atol=1e-5)


@pytest.mark.parametrize("cold", [True, False])
def test_rows_that_wait_for_the_disk_are_asked_for_at_once(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, cold: bool
) -> None:
    asked: list[tuple[list[int], int]] = []
    monkeypatch.setattr(in_place_module, "_COLD_S", -1 if cold else 1e9)
    monkeypatch.setattr(in_place_module, "will_need", lambda at, length: asked.append((at, length)))
    vectors = RNG.normal(size=(60, 5)).astype(np.float32)
    feature = _mapped(tmp_path, vectors, [20, 40])
    queries = RNG.normal(size=(1, 5)).astype(np.float32)
    rows = RNG.permutation(60)[:40]
    expected = cdist(queries.astype(float), vectors.astype(float))
    found = distances_to_rows(feature, METRICS["euclidean"], queries, rows)
    assert np.allclose(found, expected[:, rows], atol=1e-5)
    later = feature.addresses(rows[16:])
    assert later is not None
    assert asked == ([(later.tolist(), 20)] if cold else [])
    # All vectors are read in the order of their files: the kernel reads ahead by itself.
    asked.clear()
    assert np.allclose(distances_to_all(feature, METRICS["euclidean"], queries), expected)
    assert asked == []


@pytest.mark.parametrize("metric", ["cosine", "euclidean"])
def test_what_cannot_be_read_in_place_is_compared_all_the_same(metric: str) -> None:
    vectors, queries = RNG.normal(size=(30, 6)), RNG.normal(size=(2, 6)).astype(np.float32)
    half, strided = vectors.astype(np.float16), np.asfortranarray(vectors, np.float32)
    expected = cdist(queries.astype(float), vectors, metric)
    for stored, tolerance in ((half, 1e-2), (strided, 1e-5)):
        plain = Block(np.arange(10), vectors[:10].astype(np.float32))
        feature = FeatureStore("x", 6, [plain, Block(np.arange(10, 30), stored[10:])])
        assert feature.addresses() is None
        assert in_place(feature, METRICS[metric], queries, 0, kernels) is None
        found = distances_to_all(feature, METRICS[metric], queries)
        assert np.allclose(found, expected, atol=tolerance)
        rows = np.array([29, 3, 3, 11])
        found = distances_to_rows(feature, METRICS[metric], queries, rows)
        assert np.allclose(found, expected[:, rows], atol=tolerance)


def test_what_is_not_compared_in_place() -> None:
    vectors = RNG.normal(size=(9, 6)).astype(np.float32)
    feature = FeatureStore("x", 6, [Block(np.arange(9), vectors)])
    queries = RNG.normal(size=(2, 6)).astype(np.float32)
    for metric, norm, possible in (
        ("cosine", 0, True),
        ("cosine", 2, True),
        ("euclidean", 0, True),
        ("euclidean", 2, False),
        ("manhattan", 1, False),
    ):
        read = in_place(feature, METRICS[metric], queries, norm, kernels)
        assert (read is not None) is possible
    # Its distance depends on whether a vector is zero.
    queries[1] = 0
    assert in_place(feature, METRICS["cosine"], queries, 0, kernels) is None
    assert in_place(feature, METRICS["euclidean"], queries, 0, kernels) is not None
    # A loop would read beyond the rows.
    wide = np.ones((1, 7), np.float32)
    assert in_place(feature, METRICS["euclidean"], wide, 0, kernels) is None


@pytest.mark.parametrize("missing", [(), (2, 5)])
def test_relations_are_compared_in_place(missing: tuple[int, ...]) -> None:
    ids = np.arange(12)
    others = np.setdiff1d(ids, missing)
    first = RNG.normal(size=(12, 7)).astype(np.float32)
    second = RNG.normal(size=(len(others), 4)).astype(np.float32)
    composition = Composition(first.mean(axis=0), 0.5)
    left = FeatureStore("lite0", 7, [Block(ids[:5], first[:5]), Block(ids[5:], first[5:])])
    right = FeatureStore("mini", 4, [Block(others[:2], second[:2]), Block(others[2:], second[2:])])
    feature = RelatedFeature(Relation("lite0"), composition, left, right)
    vectors = Halves(composition, first[others], second).composed()
    queries = np.concatenate([3 * vectors[:1], RNG.normal(size=(2, 11))]).astype(np.float32)
    expected = METRICS["cosine"].function(queries, vectors)
    read = in_place(feature, METRICS["cosine"], queries, 0, kernels)
    assert read is not None
    assert np.allclose(read.distances(), expected, atol=3e-6)
    rows = np.array([9, 0, 4, 4, 2])
    some = in_place(feature, METRICS["cosine"], queries, 0, kernels, rows)
    assert some is not None
    assert np.array_equal(some.distances(), read.distances()[:, rows])
    assert in_place(feature, METRICS["manhattan"], queries, 0, kernels) is None


@pytest.mark.parametrize("d", [1, 7, 64, 513, 2048])
def test_lengths_that_are_known_give_the_same_bytes(d: int) -> None:
    vectors = RNG.normal(size=(300, d)).astype(np.float32)
    vectors[[0, 120]] = 0
    ids, alive = np.arange(300), np.arange(300) % 7 != 3
    blocks = [Block(ids[:100], vectors[:100]), Block(ids[100:], vectors[100:]).only(alive[100:])]
    feature, rows = FeatureStore("x", d, blocks), np.array([5, 0, 250, 5, 120])
    kept = np.concatenate([vectors[:100], vectors[100:][alive[100:]]])
    one, three = kept[1:2], kept[[2, 9, 90]]

    def asked(of: FeatureStore) -> list[np.ndarray]:
        some = distances_to_rows(of, METRICS["cosine"], one, rows)
        # Some rows alone do not tell the lengths of all.
        assert of is feature or of.lengths is None
        return [some, *(distances_to_all(of, METRICS["cosine"], to) for to in (one, three))]

    found = asked(feature)
    assert feature.lengths is not None
    assert np.allclose(feature.lengths, np.linalg.norm(kept, axis=1))
    new = FeatureStore("x", d, blocks)
    for again in (asked(feature), asked(new)):
        assert all(map(np.array_equal, again, found))
    new = FeatureStore("x", d, blocks)
    # Other metrics need none.
    distances_to_all(new, METRICS["euclidean"], one)
    assert new.lengths is None


def test_addresses_are_those_of_rows_of_plain_float32_matrices() -> None:
    matrix = RNG.normal(size=(5, 3)).astype(np.float32)
    found = addresses_of(matrix, 3)
    assert found is not None
    assert found.tolist() == [row.ctypes.data for row in matrix]
    assert addresses_of(matrix[2:3], 3).tolist() == [matrix[2].ctypes.data]  # type: ignore[union-attr]
    assert addresses_of(matrix[:0], 3).tolist() == []  # type: ignore[union-attr]
    for other in (matrix[::2], matrix.T, matrix.astype(">f4"), matrix.astype("f2"), matrix[0], [1]):
        assert addresses_of(other, 3) is None
    assert addresses_of(matrix, 2) is None
