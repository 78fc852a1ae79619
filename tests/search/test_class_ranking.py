"""The likeliest pictures of some classes against the whole softmax of every picture."""

import numpy as np
import pytest

from classified_stores import head, probabilities, vectors
from imgrec.search.class_ranking import Bounds, count_probable, likeliest, shares_of
from imgrec.store.classes import Top, top_classes

COUNT = 3000
VECTORS = vectors(COUNT)
SHARES = probabilities(VECTORS)
TOP: Top = top_classes(head().scores(VECTORS))
# The class that one picture shows most, that with two more, the dogs, and all.
_MOST = np.argsort(-SHARES.max(axis=0)).tolist()
WANTED = [_MOST[:1], _MOST[:3], list(range(151, 269)), list(range(1000))]


def _bounds(wanted: list[int]) -> Bounds:
    return Bounds.of(TOP.indices, TOP.probabilities, wanted, 1000)


def _exact(wanted: list[int], rows: np.ndarray) -> np.ndarray:
    first = TOP.indices[rows, 0], TOP.probabilities[rows, 0]
    return shares_of(head(), VECTORS[rows], wanted, *first)


@pytest.mark.parametrize("wanted", WANTED, ids=len)
def test_the_bounds_enclose_the_probability(wanted: list[int]) -> None:
    bounds, shares = _bounds(wanted), SHARES[:, wanted].sum(axis=1)
    assert (bounds.least <= shares + 1e-5).all()
    assert (shares <= bounds.most + 1e-5).all()
    assert bounds.least.max() > 0.5


@pytest.mark.parametrize("wanted", WANTED, ids=len)
def test_the_head_gives_the_probability_from_the_first_class(wanted: list[int]) -> None:
    shares = _exact(wanted, np.arange(COUNT))
    assert np.allclose(shares, SHARES[:, wanted].sum(axis=1), rtol=1e-3, atol=1e-7)


@pytest.mark.parametrize("wanted", WANTED[:3], ids=len)
def test_the_likeliest_are_those_of_the_whole_softmax(wanted: list[int]) -> None:
    scored: list[int] = []

    def exact(rows: np.ndarray) -> np.ndarray:
        scored.extend(rows.tolist())
        return _exact(wanted, rows)

    rows, shares = likeliest(_bounds(wanted), exact, 15)
    reference = SHARES[:, wanted].sum(axis=1)
    assert rows.tolist() == np.argsort(-reference, kind="stable")[:15].tolist()
    assert np.allclose(shares, reference[rows], rtol=1e-3)
    # Each picture is scored at most once, and most of them never.
    assert len(scored) == len(set(scored)) < COUNT / 2


def test_a_class_that_is_stored_nowhere_is_found_by_its_score() -> None:
    rare = int(np.setdiff1d(np.arange(1000), TOP.indices)[0])
    rows, shares = likeliest(_bounds([rare]), lambda rows: _exact([rare], rows), 15)
    assert rows.tolist() == np.argsort(-SHARES[:, rare], kind="stable")[:15].tolist()
    assert 0 < shares[0] < 0.1


def test_without_a_head_the_stored_classes_rank_and_ties_are_by_row() -> None:
    bounds = _bounds(WANTED[0])
    rows, shares = likeliest(bounds, None, COUNT)
    assert rows.tolist() == np.argsort(-bounds.least, kind="stable").tolist()
    assert shares.tolist() == bounds.least[rows].tolist()


@pytest.mark.parametrize("wanted", WANTED, ids=len)
def test_probable_pictures_are_counted_whatever_the_bounds_leave_open(wanted: list[int]) -> None:
    bounds, reference = _bounds(wanted), SHARES[:, wanted].sum(axis=1)
    for share in (0.2, 0.5):
        expected = int((reference >= share).sum())
        assert count_probable(bounds, lambda rows: _exact(wanted, rows), share) == expected
        assert count_probable(bounds, None, share) == int((bounds.least >= share).sum()) <= expected


def test_fewer_pictures_than_wanted() -> None:
    bounds = Bounds(np.array([0.1, 0.3], "f4"), np.array([0.2, 0.5], "f4"))
    rows, shares = likeliest(bounds, lambda rows: np.array([0.15, 0.4], "f4")[rows], 15)
    assert rows.tolist() == [1, 0]
    assert shares.tolist() == pytest.approx([0.4, 0.15])
    none = np.zeros(0, np.float32)
    assert likeliest(Bounds(none, none), lambda rows: none, 15)[0].tolist() == []


def _scored(shares: list[float]) -> tuple[list[list[int]], object]:
    """Return a list that notes which rows are scored, and the function that scores them."""
    asked: list[list[int]] = []

    def exact(rows: np.ndarray) -> np.ndarray:
        asked.append(rows.tolist())
        return np.array(shares, "f4")[rows]

    return asked, exact


def test_the_bounds_of_stored_classes_by_hand() -> None:
    top = np.array([[3, 1], [0, 2], [2, 3]], np.int16)
    probabilities = np.array([[0.5, 0.25], [0.75, 0.125], [1, 0.5]], np.float32)
    bounds = Bounds.of(top, probabilities, [1, 3], 5)
    # Both of the first are wanted: nothing is left over for others. Of the second none: two
    # classes of 0.125 at most, and that is left over. The third exceeds 1 by rounding.
    assert bounds.least.tolist() == [0.75, 0, 0.5]
    assert bounds.most.tolist() == [0.75, 0.125, 0.5]
    assert (bounds.least.dtype, bounds.most.dtype) == (np.float32, np.float32)
    # One other wanted class has at most the probability of the last stored one.
    one = Bounds.of(top[:2], probabilities[:2], [1], 5)
    assert one.least.tolist() == [0.25, 0]
    assert one.most.tolist() == [0.25, 0.125]
    three = Bounds.of(top[1:2], np.array([[0.5, 0.25]], "f4"), [0, 1, 3], 5)
    assert three.most.tolist() == [0.75]


def test_blocks_are_scored_until_no_bound_exceeds_the_last_of_the_best() -> None:
    # 600 pictures of descending bounds: two blocks, of 512 and of 88.
    most = np.linspace(0.9, 0.3, 600).astype(np.float32)
    bounds = Bounds(np.zeros(600, "f4"), most)
    shares = np.zeros(600)
    shares[[3, 7, 550]] = 0.85, float(most[512]), 0.32
    asked, exact = _scored(shares.tolist())
    rows, found = likeliest(bounds, exact, 2)  # type: ignore[arg-type]
    # The bound of the next block equals the least of the best: it may hold one as likely.
    assert rows.tolist() == [3, 7]
    assert found.tolist() == pytest.approx([0.85, float(most[512])])
    assert [len(block) for block in asked] == [512, 88]
    shares[7] += 1e-3
    asked, exact = _scored(shares.tolist())
    assert likeliest(bounds, exact, 2)[0].tolist() == [3, 7]  # type: ignore[arg-type]
    assert [len(block) for block in asked] == [512]
    # Fewer are found than wanted: all are scored.
    asked, exact = _scored(shares.tolist())
    rows, _ = likeliest(bounds, exact, 600)  # type: ignore[arg-type]
    assert rows[:3].tolist() == [3, 7, 550]
    assert [len(block) for block in asked] == [512, 88]


def test_ties_are_by_row_in_every_block() -> None:
    bounds = Bounds(np.zeros(700, "f4"), np.full(700, 0.5, "f4"))
    asked, exact = _scored([0.25] * 700)
    rows, _ = likeliest(bounds, exact, 4)  # type: ignore[arg-type]
    assert rows.tolist() == [0, 1, 2, 3]
    assert asked[0][:3] == [0, 1, 2]
    assert len(asked) == 2


def test_no_more_rows_are_scored_than_a_limit() -> None:
    count = (1 << 15) + 5
    bounds = Bounds(np.zeros(count, "f4"), np.full(count, 0.5, "f4"))
    asked, exact = _scored([0.1] * count)
    likeliest(bounds, exact, 2)  # type: ignore[arg-type]
    assert sum(len(block) for block in asked) == 1 << 15
    asked, exact = _scored([0.5] * count)
    assert count_probable(bounds, exact, 0.5) == 1 << 15  # type: ignore[arg-type]
    assert sum(len(block) for block in asked) == 1 << 15


def test_only_pictures_that_the_bounds_leave_open_are_scored() -> None:
    least = np.array([0.5, 0.4, 0.49, 0.1, 0.7], "f4")
    most = np.array([0.6, 0.5, 0.9, 0.49, 0.7], "f4")
    asked, exact = _scored([0, 0.5, 0.45, 0, 0])
    # Sure are 0 and 4; 1 reaches the share and 2 does not; 3 cannot.
    assert count_probable(Bounds(least, most), exact, 0.5) == 3  # type: ignore[arg-type]
    assert asked == [[2, 1]]
    assert count_probable(Bounds(least, most), None, 0.5) == 2


def test_shares_are_at_most_one() -> None:
    shares = _exact(list(range(1000)), np.arange(50))
    assert shares.max() <= 1
    assert shares.min() > 0.999
