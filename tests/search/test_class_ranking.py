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
