"""A grown graph, against one built from scratch and the exact one; two hops, against sets."""

import numpy as np
import pytest

from imgrec.derived.rows import Coverage
from imgrec.neighbors.by_products import SMALL, exact_lists
from imgrec.neighbors.growth import grown_lists, refined, two_hops, without_twins
from imgrec.neighbors.lists import Lists, compared
from imgrec.neighbors.neighbors import Neighbors
from imgrec.store.features import Block, FeatureStore
from knn_reference import Vectors, check_lists, feature_of, share_found, true_lists
from vector_stores import clustered

_K = 8
_N = 900


def _part(vectors: Vectors, ids: "np.ndarray[tuple[int], np.dtype[np.int64]]", name: str) -> Block:
    return Block(ids, vectors[ids], source=name)


def _grown(
    before: list[Block], now: list[Block], small: float = SMALL
) -> tuple[FeatureStore, Lists, bool]:
    old, new = FeatureStore("x", 24, before), FeatureStore("x", 24, now)
    lists = exact_lists(old, _K)
    kept = Neighbors(old.ids, old.ids[lists.rows], lists.distances)
    done: list[int] = []
    found = grown_lists(new, kept, Coverage.of(old), done.append, small)
    assert found is not None
    assert sum(done) == len(new)
    return new, *found


def _changes(vectors: Vectors) -> dict[str, tuple[list[Block], list[Block]]]:
    ids = np.arange(_N)
    first, rest = ids[::2], ids[1::2]
    gone = ~np.isin(ids, [4, 5, 6, 77, 420, _N - 1])
    late, other = ids[-30:], vectors.copy()
    other[[100, 300]] = vectors[[700, 5]] + 0.1
    same, whole = _part(vectors, first, "a"), _part(vectors, rest, "b")
    changed = _part(other, np.array([100, 300]), "c")
    both = [same.only(gone[first]), whole.only(gone[rest])]
    return {
        "nothing": ([same, whole], [same, whole]),
        "new": ([_part(vectors, ids[:-30], "a")], [_part(vectors, ids[:-30], "a"),
                                                   _part(vectors, late, "b")]),
        "removed": ([same, whole], both),
        "encoded again": ([same, whole], [same, whole, changed]),
        "all of it": (both, [same.only(first != 50), whole, changed]),
    }  # fmt: skip


@pytest.mark.parametrize("change", ["nothing", "new", "removed", "encoded again", "all of it"])
@pytest.mark.parametrize("much", [False, True])
def test_a_grown_graph_equals_one_built_from_scratch(change: str, much: bool) -> None:
    vectors = clustered(_N, 24)
    vectors[[8, 250]] = 0
    vectors[600:604] = vectors[599]
    feature, lists, exact = _grown(*_changes(vectors)[change], small=0 if much else SMALL)
    assert exact == (not much or change in ("nothing", "new"))
    check_lists(feature.load(), lists)
    built = exact_lists(feature, _K)
    if exact:
        assert np.array_equal(lists.rows, built.rows)
        assert np.array_equal(lists.distances, built.distances)
    else:
        assert share_found(lists, built) > 0.995
    true = true_lists(feature.load(), _K)
    assert np.isclose(lists.distances, true.distances, atol=1e-5).mean() > 0.995


def test_a_picture_whose_neighbors_were_all_removed_finds_others() -> None:
    vectors = np.random.default_rng(2).normal(size=(_N, 24)).astype(np.float32)
    # These have only each other as neighbors.
    vectors[40:50] = vectors[40] + 0.001 * vectors[50:60]
    ids = np.arange(_N)
    before = _part(vectors, ids, "a")
    feature, lists, _ = _grown([before], [before.only((ids < 41) | (ids >= 50))], small=0)
    check_lists(feature.load(), lists)
    assert np.array_equal(lists.rows[40], exact_lists(feature, _K).rows[40])


def test_a_large_change_builds_the_graph_from_scratch() -> None:
    vectors = clustered(_N, 24)
    ids = np.arange(_N)
    old = FeatureStore("x", 24, [_part(vectors, ids[:800], "a")])
    lists = exact_lists(old, _K)
    kept = Neighbors(old.ids, old.ids[lists.rows], lists.distances)
    whole = FeatureStore("x", 24, [_part(vectors, ids[:800], "a"), _part(vectors, ids[800:], "b")])
    assert grown_lists(whole, kept, Coverage.of(old)) is None
    few = FeatureStore("x", 24, [*whole.blocks[:1], _part(vectors, ids[800:820], "b")])
    assert grown_lists(few, kept, Coverage.of(old)) is not None
    assert grown_lists(few, kept, Coverage.of(old), most_new=19 * 24) is None
    another = FeatureStore("x", 24, [_part(vectors, ids[:800], "z")])
    assert grown_lists(another, kept, Coverage.of(old)) is None
    assert grown_lists(FeatureStore("x", 24, old.blocks[:0]), kept, Coverage.of(old)) is None


def test_two_hops_are_the_neighbors_and_their_neighbors() -> None:
    neighbors = np.random.default_rng(0).integers(-1, 50, size=(50, 4))
    rows = np.arange(0, 50, 3)
    found = without_twins(rows, two_hops(neighbors, rows))
    for row, candidates in zip(rows.tolist(), found.tolist(), strict=True):
        first = {*neighbors[row].tolist()} - {-1}
        second = {other for near in first for other in neighbors[near].tolist()}
        there = [other for other in candidates if other >= 0]
        assert sorted(there) == sorted((first | second) - {-1, row})


def test_incomplete_lists_are_completed() -> None:
    vectors = clustered(800, 24)
    feature, true = feature_of(vectors), true_lists(vectors, 10)
    candidates = true_lists(vectors, 20).rows
    dropped = np.random.default_rng(1).random(candidates.shape) < 0.3
    dropped[dropped.sum(axis=1) > 10] = False
    worse = compared(feature, np.arange(800), np.where(dropped, -1, candidates), 10)
    before, done = share_found(worse, true), list[int]()
    better = refined(feature, Lists(worse.rows, worse.distances), done.append)
    check_lists(vectors, better)
    assert before < 0.8
    assert share_found(better, true) > 0.97
    assert sum(done) == 800


def _blocks(vectors: Vectors, *parts: range) -> list[Block]:
    return [_part(vectors, np.array(part), str(part.start)) for part in parts]


def _grown_or_not(
    before: list[Block], now: list[Block], k: int = 4, most_new: float = 1e9
) -> Lists | None:
    old, new = FeatureStore("x", 3, before), FeatureStore("x", 3, now)
    lists = exact_lists(old, k)
    kept = Neighbors(old.ids, old.ids[lists.rows], lists.distances)
    found = grown_lists(new, kept, Coverage.of(old), most_new=most_new)
    return found and found[0]


@pytest.mark.parametrize(
    ("old", "new", "grown"),
    [
        # Five of 100 pictures are new, and six of 101.
        (range(95), range(95, 100), True),
        (range(95), range(95, 101), False),
    ],
)
def test_a_twentieth_of_the_pictures_may_be_new(old: range, new: range, grown: bool) -> None:
    vectors = np.random.default_rng(5).normal(size=(101, 3)).astype(np.float32)
    found = _grown_or_not(_blocks(vectors, old), _blocks(vectors, old, new))
    assert (found is not None) is grown
    if found is not None:
        every = FeatureStore("x", 3, _blocks(vectors, old, new))
        assert np.array_equal(found.rows, exact_lists(every, 4).rows)


@pytest.mark.parametrize(("gone", "grown"), [(4, True), (5, False)])
def test_a_twentieth_of_the_remaining_pictures_may_have_gone(gone: int, grown: bool) -> None:
    vectors = np.random.default_rng(6).normal(size=(100, 3)).astype(np.float32)
    (whole,) = _blocks(vectors, range(100))
    left = whole.only(whole.ids >= gone)
    found = _grown_or_not([whole], [left])
    assert (found is not None) is grown
    if found is not None:
        assert np.array_equal(found.rows, exact_lists(FeatureStore("x", 3, [left]), 4).rows)


@pytest.mark.parametrize(("most_new", "grown"), [(6, True), (5, False)])
def test_the_values_of_new_vectors_are_limited(most_new: int, grown: bool) -> None:
    vectors = np.random.default_rng(7).normal(size=(60, 3)).astype(np.float32)
    before, now = _blocks(vectors, range(58)), _blocks(vectors, range(58), range(58, 60))
    assert (_grown_or_not(before, now, most_new=most_new) is not None) is grown


@pytest.mark.parametrize(("k", "grown"), [(38, True), (39, False)])
def test_there_must_be_more_pictures_than_neighbors(k: int, grown: bool) -> None:
    vectors = np.random.default_rng(8).normal(size=(40, 3)).astype(np.float32)
    (whole,) = _blocks(vectors, range(40))
    assert (_grown_or_not([whole], [whole.only(whole.ids != 7)], k) is not None) is grown


def test_two_hops_by_hand() -> None:
    neighbors = np.array([[1, 2], [2, -1], [0, 3], [-1, -1]])
    assert two_hops(neighbors, np.array([0, 1, 3])).tolist() == [
        [1, 2, 2, -1, 0, 3],
        [2, -1, 0, 3, -1, -1],
        [-1] * 6,
    ]


def test_duplicates_and_the_row_itself_are_no_candidates() -> None:
    candidates = np.array([[5, 2, 5, -1, 2], [7, 7, 7, 0, 1]])
    found = without_twins(np.array([2, 9]), candidates)
    assert [sorted(row) for row in found.tolist()] == [[-1, -1, -1, -1, 5], [-1, -1, 0, 1, 7]]
    assert candidates.tolist() == [[5, 2, 5, -1, 2], [7, 7, 7, 0, 1]]
