"""Candidate pairs against brute force; compared pairs against a dict; damaged files."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from imgrec import Neighbors
from imgrec.duplicates.pairs import (
    CANDIDATES,
    KnownPairs,
    crowded_contents,
    likely_pairs,
    load_pairs,
    save_pairs,
    unique_pairs,
)

Values = dict[tuple[int, int], float]
FEW = st.dictionaries(
    st.tuples(st.integers(1, 5), st.integers(6, 9)), st.floats(0, 1, width=32), max_size=8
)


def neighbors_at_random(count: int = 40, k: int = 12, seed: int = 3) -> Neighbors:
    rng = np.random.default_rng(seed)
    ids = np.sort(rng.choice(1000, count, replace=False)).astype(np.int64)
    others = [rng.choice(np.delete(ids, row), k, replace=False) for row in range(count)]
    return Neighbors(ids, np.stack(others), np.zeros((count, k), np.float32))


def known(values: Values) -> KnownPairs:
    keys = np.array(sorted(values), np.int64).reshape(-1, 2)
    return KnownPairs(keys, np.array([values[k] for k in sorted(values)], np.float32))


def test_likely_pairs_are_the_nearest_of_different_content() -> None:
    neighbors = neighbors_at_random()
    # Several ids have one content: they are exact copies.
    contents = neighbors.ids // 60 * 60
    content_of = dict(zip(neighbors.ids.tolist(), contents.tolist(), strict=True))
    expected = set()
    for content, near in zip(contents.tolist(), neighbors.neighbors.tolist(), strict=True):
        others = [content_of[i] for i in near if content_of[i] != content][:CANDIDATES]
        expected |= {(min(content, other), max(content, other)) for other in others}
    assert likely_pairs(neighbors, contents).tolist() == sorted(map(list, expected))
    assert not len(crowded_contents(neighbors, contents))


def test_crowded_contents_have_only_copies_as_neighbors() -> None:
    ids = np.arange(1, 7)
    near = np.array([[2, 3], [1, 3], [1, 2], [5, 1], [4, 6], [5, 4]])
    neighbors = Neighbors(ids, near, np.zeros((6, 2), np.float32))
    contents = np.array([1, 1, 1, 4, 4, 4])
    assert crowded_contents(neighbors, contents).tolist() == [1]
    assert likely_pairs(neighbors, contents).tolist() == [[1, 4]]


def test_a_pair_is_stored_once_in_either_order() -> None:
    big = 2**31 - 1
    pairs = np.array([[5, 2], [2, 5], [big, 1], [1, 3], [2, 5]])
    assert unique_pairs(pairs).tolist() == [[1, 3], [1, big], [2, 5]]


@given(FEW, FEW)
def test_known_pairs_behave_like_a_dict(first: Values, second: Values) -> None:
    second = {pair: value for pair, value in second.items() if pair not in first}
    joined = known(first).joined(known(second).pairs, known(second).similarities)
    every = first | second
    asked = [(a, b) for a in range(1, 6) for b in range(6, 10)]
    found = joined.of(np.array(asked)).tolist()
    assert found == pytest.approx([every.get(pair, np.nan) for pair in asked], nan_ok=True)
    left = joined.only(np.array([1, 2, 3, 6, 7]))
    kept = sorted(pair for pair in every if set(pair) <= {1, 2, 3, 6, 7})
    assert left.pairs.tolist() == list(map(list, kept))


def test_saved_pairs_are_loaded(tmp_path: Path) -> None:
    pairs = known({(1, 2): 0.5, (1, 9): 1.0, (3, 4): 0.0})
    save_pairs(tmp_path / "duplicates", pairs)
    loaded = load_pairs(tmp_path / "duplicates")
    assert np.array_equal(loaded.pairs, pairs.pairs)
    assert np.array_equal(loaded.similarities, pairs.similarities)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("kept.json", b'{"version": 0}'),
        ("kept.json", b"[]"),
        ("kept.json", b"{"),
        ("pairs.npy", b""),
        ("pairs.npy", np.zeros((3, 2), np.int32)),
        ("pairs.npy", np.zeros((3, 2), np.int64)),
        ("pairs.npy", np.zeros((2, 2), np.int64)),
        ("pairs.npy", np.zeros(3, np.int64)),
        ("similarities.npy", np.full(3, np.nan, np.float32)),
        ("similarities.npy", np.zeros((3, 1), np.float32)),
    ],
)
def test_damaged_files_are_computed_again(
    tmp_path: Path, name: str, content: bytes | np.ndarray
) -> None:
    folder = tmp_path / "duplicates"
    assert not len(load_pairs(folder).pairs)
    save_pairs(folder, known({(1, 2): 0.5, (1, 9): 1.0, (3, 4): 0.0}))
    if isinstance(content, bytes):
        (folder / name).write_bytes(content)
    else:
        np.save(folder / name, content)
    assert not len(load_pairs(folder).pairs)


def test_no_more_neighbors_are_candidates_than_a_limit() -> None:
    ids = np.arange(1, 12)
    near = np.array([[other for other in ids if other != one] for one in ids])
    # Picture 1 has ten neighbors, nearest first 2 to 11; 2 is a copy of it.
    contents = np.array([1, 1, *range(3, 12)])
    one = near[:1]
    neighbors = Neighbors(
        ids, np.vstack([one, np.repeat([[1] * 10], 10, axis=0)]), np.zeros((11, 10), "f4")
    )
    found = likely_pairs(neighbors, contents)
    assert found[:8].tolist() == [[1, other] for other in range(3, 11)]
    # 11 is the ninth of other content; it names 1 itself.
    assert found[8:].tolist() == [[1, 11]]
    assert CANDIDATES == 8


def test_pairs_are_asked_for_in_any_order_and_unknown_ones_have_no_value() -> None:
    pairs = known({(1, 9): 0.25, (2, 3): 0.5, (2, 4): 0.75})
    asked = np.array([[2, 4], [1, 9], [1, 2], [2, 3], [9, 10], [0, 1]])
    found = pairs.of(asked)
    assert found.dtype == np.float32
    assert found.tolist() == pytest.approx([0.75, 0.25, np.nan, 0.5, np.nan, np.nan], nan_ok=True)
    nothing = KnownPairs().of(asked)
    assert nothing.shape == (6,)
    assert np.isnan(nothing).all()
    assert nothing.dtype == np.float32


def test_joined_pairs_keep_their_own_similarities_and_stay_sorted() -> None:
    joined = known({(2, 3): 0.5, (5, 6): 0.25}).joined(
        np.array([[4, 9], [1, 8]]), np.array([0.75, 1], np.float32)
    )
    assert joined.pairs.tolist() == [[1, 8], [2, 3], [4, 9], [5, 6]]
    assert joined.similarities.tolist() == [1, 0.5, 0.75, 0.25]


def test_pairs_are_joined_to_none() -> None:
    nothing = KnownPairs()
    assert (nothing.pairs.shape, nothing.pairs.dtype) == ((0, 2), np.int64)
    assert (nothing.similarities.shape, nothing.similarities.dtype) == ((0,), np.float32)
    joined = nothing.joined(np.array([[1, 2]]), np.array([0.5], np.float32))
    assert (joined.pairs.tolist(), joined.similarities.tolist()) == ([[1, 2]], [0.5])


def test_of_pairs_both_pictures_must_be_left() -> None:
    pairs = known({(1, 2): 0.5, (1, 3): 0.25, (4, 5): 0.75})
    left = pairs.only(np.array([1, 2, 4]))
    assert left.pairs.tolist() == [[1, 2]]
    assert left.similarities.tolist() == [0.5]
    assert pairs.only(np.arange(1, 6)) is pairs


def test_pairs_of_another_version_of_the_rule_are_not_loaded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    save_pairs(tmp_path / "duplicates", known({(1, 2): 0.5}))
    assert len(load_pairs(tmp_path / "duplicates").pairs) == 1
    files = {path.name for path in (tmp_path / "duplicates").iterdir()}
    assert files == {"kept.json", "pairs.npy", "similarities.npy"}
    monkeypatch.setattr("imgrec.duplicates.pairs._STAMP", {"version": 2})
    assert not len(load_pairs(tmp_path / "duplicates").pairs)


def test_ids_up_to_the_largest_are_told_apart() -> None:
    big = 2**31 - 1
    pairs = known({(1, big): 0.25, (2, 3): 0.5, (big - 1, big): 0.75})
    asked = np.array([[1, big], [2, 3], [big - 1, big], [1, big - 1]])
    found = pairs.of(asked).tolist()
    assert found == pytest.approx([0.25, 0.5, 0.75, np.nan], nan_ok=True)
