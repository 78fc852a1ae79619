"""Candidates, verified pairs and groups of duplicates on small cases by hand, without pictures."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

import imgrec.duplicates.near
from imgrec import Neighbors, StoreError
from imgrec.collection import Entry
from imgrec.duplicates.near import (
    NearDuplicates,
    Verifier,
    _best_first,
    _composed,
    _pairs_beyond_copies,
    candidate_pairs,
    near_in,
)
from imgrec.duplicates.pairs import KnownPairs, load_pairs, save_pairs
from imgrec.duplicates.verification import Sizes
from imgrec.store.features import Block, FeatureStore

Likeness = dict[tuple[int, int], float]


def _feature(vectors: list[list[float]], ids: list[int]) -> FeatureStore:
    array = np.array(vectors, np.float32)
    return FeatureStore("x", array.shape[1], [Block(np.array(ids, np.int64), array)])


def _known(likeness: Likeness) -> KnownPairs:
    pairs = sorted(likeness)
    values = np.array([likeness[pair] for pair in pairs], np.float32)
    return KnownPairs(np.array(pairs, np.int64).reshape(-1, 2), values)


class ChosenStore:
    """A store of pictures with chosen ids, which may be locked."""

    def __init__(self, folder: Path, ids: list[int], locked: Exception | None = None) -> None:
        self.paths = SimpleNamespace(duplicates=folder / "duplicates")
        self.catalog = SimpleNamespace(
            ids=lambda status: np.array(ids if status == "ok" else [], np.int64)
        )
        self.locked = locked

    def thumbs(self) -> Any:
        return SimpleNamespace(get=None)

    @contextmanager
    def writing(self) -> Iterator[None]:
        if self.locked:
            raise self.locked
        yield


@pytest.fixture
def compared(monkeypatch: pytest.MonkeyPatch) -> tuple[Likeness, list[list[list[int]]]]:
    """Replace the comparison of thumbnails by a table; return it and the pairs compared."""
    likeness: Likeness = {}
    asked: list[list[list[int]]] = []

    def similarities(pairs: np.ndarray, thumbnail: Any) -> np.ndarray:
        asked.append(pairs.tolist())
        return np.array([likeness.get(tuple(pair), 0.0) for pair in pairs.tolist()], np.float32)

    def by_block(
        pairs: np.ndarray, thumbnail: Any, done: Any, sizes: Sizes, _: None
    ) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        for start in range(0, len(pairs), sizes.block):
            part = pairs[start : start + sizes.block]
            done(len(part))
            yield part, similarities(part, thumbnail)

    monkeypatch.setattr(imgrec.duplicates.near, "similarities_of", similarities)
    monkeypatch.setattr(imgrec.duplicates.near, "similarities_by_block", by_block)
    return likeness, asked


def test_each_pair_is_verified_once_and_kept(
    tmp_path: Path, compared: tuple[Likeness, list[list[list[int]]]]
) -> None:
    likeness, asked = compared
    likeness |= {(1, 2): 0.75, (1, 3): 0.5, (2, 3): 0.25}
    store: Any = ChosenStore(tmp_path, [1, 2, 3, 4])
    verifier = Verifier(store, 0.5)
    pairs = np.array([[1, 2], [1, 3], [2, 3], [3, 4]])
    verifier.verify(pairs[:3], sizes=Sizes(block=2))
    assert asked == [[[1, 2], [1, 3]], [[2, 3]]]
    assert load_pairs(store.paths.duplicates).pairs.tolist() == [[1, 2], [1, 3], [2, 3]]
    # The least similarity counts as alike; what is unknown does not.
    assert verifier.are_alike(pairs).tolist() == [True, True, False, False]
    verifier.verify(pairs)
    assert asked[2:] == [[[3, 4]]]
    # Another run knows them all.
    again = Verifier(store, 0.5)
    again.verify(pairs)
    assert again.known.similarities.tolist() == [0.75, 0.5, 0.25, 0]
    assert len(asked) == 3


def test_a_picture_is_compared_with_others_in_either_order_of_their_ids(
    tmp_path: Path, compared: tuple[Likeness, list[list[list[int]]]]
) -> None:
    likeness, asked = compared
    likeness |= {(1, 5): 0.9, (5, 8): 0.1, (5, 7): 0.5}
    store: Any = ChosenStore(tmp_path, [1, 5, 7, 8])
    save_pairs(store.paths.duplicates, _known({(5, 7): 0.5}))
    verifier = Verifier(store, 0.5)
    assert verifier.are_like(5, [1, 7, 8]) == [True, True, False]
    assert asked == [[[1, 5], [5, 8]]]
    assert verifier.are_like(5, [7]) == [True]
    assert len(asked) == 1
    # Known to others when they are kept.
    assert len(load_pairs(store.paths.duplicates).pairs) == 1
    verifier.keep()
    kept = load_pairs(store.paths.duplicates)
    assert kept.pairs.tolist() == [[1, 5], [5, 7], [5, 8]]
    assert np.allclose(kept.similarities, [0.9, 0.5, 0.1])
    assert verifier.known.pairs.tolist() == kept.pairs.tolist()


def test_pairs_of_pictures_that_are_gone_are_dropped_when_others_are_kept(
    tmp_path: Path, compared: tuple[Likeness, list[list[list[int]]]]
) -> None:
    store: Any = ChosenStore(tmp_path, [1, 2, 4])
    save_pairs(store.paths.duplicates, _known({(1, 2): 0.5, (1, 3): 0.9, (3, 4): 0.2}))
    verifier = Verifier(store, 0.5)
    verifier.keep()
    # Nothing is new: nothing is written.
    assert len(load_pairs(store.paths.duplicates).pairs) == 3
    verifier.verify(np.array([[2, 4]]))
    assert load_pairs(store.paths.duplicates).pairs.tolist() == [[1, 2], [2, 4]]


@pytest.mark.parametrize("locked", [OSError(28, "full"), StoreError("another run is writing")])
def test_pairs_that_cannot_be_kept_are_known_all_the_same(
    tmp_path: Path, compared: tuple[Likeness, list[list[list[int]]]], locked: Exception
) -> None:
    likeness, _ = compared
    likeness[(1, 2)] = 0.9
    store: Any = ChosenStore(tmp_path, [1, 2], locked)
    verifier = Verifier(store, 0.5)
    verifier.verify(np.array([[1, 2]]))
    assert verifier.are_alike(np.array([[1, 2]])).tolist() == [True]
    assert not store.paths.duplicates.exists()


def test_a_content_with_copies_only_is_compared_with_its_nearest_others() -> None:
    # Pictures 1, 2 and 3 are copies, as are 4 and 5; 6 to 14 are ever farther from them.
    angles = [0, 0, 0, 0.02, 0.02, *np.linspace(0.1, 0.9, 9)]
    feature = _feature([[np.cos(a), np.sin(a)] for a in angles], list(range(1, 15)))
    contents = np.array([1, 1, 1, 4, 4, *range(6, 15)])
    found = _pairs_beyond_copies(feature, contents, np.array([1]))
    # The eight nearest pictures, of which two are copies of each other.
    assert found.tolist() == [[1, other] for other in (4, 4, 6, 7, 8, 9, 10, 11)]
    both = _pairs_beyond_copies(feature, contents, np.array([1, 4]))
    assert both[:8].tolist() == found.tolist()
    assert both[8:].tolist() == [[4, other] for other in (1, 1, 1, 6, 7, 8, 9, 10)]
    assert _pairs_beyond_copies(feature, contents, np.zeros(0, int)).shape == (0, 2)
    # All of a collection are copies of one picture.
    alone = _pairs_beyond_copies(feature, np.ones(14, int), np.array([1]))
    assert alone.tolist() == []


def test_many_contents_with_copies_only_are_compared_in_blocks() -> None:
    # 40 contents of two copies each, every one opposite to all but the next.
    angles = np.repeat(np.linspace(0, 3, 40), 2)
    feature = _feature([[np.cos(a), np.sin(a)] for a in angles], list(range(1, 81)))
    contents = np.repeat(np.arange(1, 81, 2), 2)
    found = _pairs_beyond_copies(feature, contents, contents[::2])
    assert np.unique(found[:, 0]).tolist() == list(range(1, 81, 2))
    assert all(len(found[found[:, 0] == content]) == 8 for content in range(1, 81, 2))
    nearest = {tuple(pair) for pair in found.tolist()}
    assert {(content, content + 2) for content in range(1, 79, 2)} <= nearest


def test_candidates_are_pairs_of_contents_named_by_their_first_picture(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # 2 and 7 are copies. The graph: 7 is nearest to 9, and 5 has no neighbor but the copies.
    near = np.array([[7, 5], [2, 7], [9, 2], [7, 2]])
    ids = [2, 5, 7, 9]
    neighbors = Neighbors(np.array(ids), near, np.zeros((4, 2), np.float32))
    monkeypatch.setattr(imgrec.duplicates.near, "neighbors_in", lambda *_, **__: neighbors)
    feature = _feature([[1, 0], [0, 1], [1, 0], [1, 1]], ids)
    nothing: Any = None
    found = candidate_pairs(nothing, nothing, feature, {2: [2, 7]})
    assert found.tolist() == [[2, 5], [2, 9]]
    # Without copies each picture is its own content.
    plain = candidate_pairs(nothing, nothing, feature, {})
    assert plain.tolist() == [[2, 5], [2, 7], [2, 9], [5, 7], [7, 9]]


@pytest.mark.parametrize("count", [0, 1])
def test_one_picture_has_no_candidates(count: int) -> None:
    nothing: Any = None
    feature = _feature([[1, 0]], [3])
    if not count:
        feature = FeatureStore("x", 2, [])
    found = candidate_pairs(nothing, nothing, feature, {})
    assert (found.shape, found.dtype) == ((0, 2), np.int64)


def test_a_content_beyond_its_copies_is_a_candidate_too(monkeypatch: pytest.MonkeyPatch) -> None:
    ids = [1, 2, 3, 4]
    near = np.array([[2, 3], [1, 3], [1, 2], [1, 2]])
    neighbors = Neighbors(np.array(ids), near, np.zeros((4, 2), np.float32))
    monkeypatch.setattr(imgrec.duplicates.near, "neighbors_in", lambda *_, **__: neighbors)
    feature = _feature([[1, 0], [1, 0], [1, 0], [1, 1]], ids)
    nothing: Any = None
    assert candidate_pairs(nothing, nothing, feature, {1: [1, 2, 3]}).tolist() == [[1, 4]]


def _entry(image_id: int, width: int | None, height: int | None, size: int) -> Entry:
    return Entry(image_id, "/r", "a", size, 0, "digest", width, height, "JPEG", "ok", None)


def test_the_picture_to_keep_has_most_pixels_then_bytes_then_the_smallest_id() -> None:
    entries = {
        1: _entry(1, 10, 10, 900),
        2: _entry(2, 20, 10, 100),
        3: _entry(3, 10, 20, 101),
        4: _entry(4, 100, 1, 900),
        5: _entry(5, None, 50, 9999),
        6: _entry(6, 50, None, 9998),
        7: _entry(7, 20, 10, 100),
    }
    catalog: Any = SimpleNamespace(entries=lambda ids: [entries[i] for i in ids])
    assert _best_first(catalog, [7, 6, 5, 4, 3, 2, 1]) == [3, 2, 7, 1, 4, 5, 6]


def test_groups_hold_the_best_then_copies_then_others_by_similarity() -> None:
    copies = {3: [3, 9], 5: [5, 6], 20: [20, 21, 22]}
    known = _known({(3, 4): 0.75, (3, 5): 0.875, (3, 8): 0.875, (10, 11): 0.5, (1, 10): 1.0})
    found = _composed([[3, 4, 5, 8], [10, 1, 11]], copies, known)
    assert found == NearDuplicates(
        ((3, 9, 5, 6, 8, 4), (10, 1, 11), (20, 21, 22)),
        (
            ("representative", "copy", "near", "near", "near", "near"),
            ("representative", "near", "near"),
            ("representative", "copy", "copy"),
        ),
        ((1.0, 1.0, 0.875, 0.875, 0.875, 0.75), (1.0, 1.0, 0.5), (1.0, 1.0, 1.0)),
    )
    assert found.labels() == {
        **dict.fromkeys((3, 9, 5, 6, 8, 4), "3"),
        **dict.fromkeys((10, 1, 11), "10"),
        **dict.fromkeys((20, 21, 22), "20"),
    }
    assert _composed([], {}, _known({})) == NearDuplicates()


def test_copies_come_before_near_duplicates_of_equal_similarity() -> None:
    # Picture 2 looks the same as the best one and has other bytes; 9 has its bytes.
    found = _composed([[5, 2]], {5: [5, 9]}, _known({(2, 5): 1.0}))
    assert found.groups == ((5, 9, 2),)
    assert found.kinds == (("representative", "copy", "near"),)


@pytest.mark.parametrize("threshold", [0.39, 1.01, float("nan")])
def test_thresholds_beyond_the_range_are_refused(threshold: float) -> None:
    nothing: Any = None
    with pytest.raises(ValueError) as error:
        near_in(nothing, nothing, nothing, threshold)
    assert str(error.value) == f"threshold is {threshold}: give 0.4 to 1"


@pytest.mark.parametrize(
    ("threshold", "groups"),
    [
        (0.4, ((2, 1, 3),)),
        # 1 and 3 are alike, and 2, the best one, only like 1.
        (0.625, ((2, 1),)),
        (0.75, ((1, 3),)),
        (1.0, ()),
    ],
)
def test_the_threshold_decides_which_pairs_are_alike(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    compared: tuple[Likeness, list[list[list[int]]]],
    threshold: float,
    groups: tuple[tuple[int, ...], ...],
) -> None:
    likeness, _ = compared
    likeness |= {(1, 2): 0.625, (1, 3): 0.75, (2, 3): 0.5}
    pairs = np.array([[1, 2], [1, 3]])
    monkeypatch.setattr(imgrec.duplicates.near, "candidate_pairs", lambda *_, **__: pairs)
    store: Any = ChosenStore(tmp_path, [1, 2, 3])
    entries = {i: _entry(i, 10, 10, size) for i, size in ((1, 5), (2, 9), (3, 1))}
    store.catalog.copies = dict
    store.catalog.entries = lambda ids: [entries[i] for i in ids]
    nothing: Any = None
    found = near_in(store, nothing, nothing, threshold)
    assert found.groups == groups
    kept = load_pairs(store.paths.duplicates)
    # A pair that only the bundles asked for is kept as well.
    expected = [[1, 2], [1, 3]] + ([[2, 3]] if threshold <= 0.625 else [])
    assert kept.pairs.tolist() == expected
