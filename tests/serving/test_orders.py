"""What is kept under tokens, and orders that are read in parts."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import vector_stores
from imgrec import Recommender, Store
from imgrec.search.candidates import CandidateCounts
from imgrec.search.ranking import Ranking
from imgrec.serving.errors import GoneError
from imgrec.serving.orders import DEEPEST, FIRST, Order, Orders
from imgrec.serving.shelf import Shelf

_COUNT = 3000


@pytest.fixture(scope="module")
def recommender(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Recommender]:
    path = tmp_path_factory.mktemp("orders") / "store"
    vector_stores.make(path, {"x": vector_stores.clustered(_COUNT, 24)})
    with Recommender.open(path, cache="none") as opened:
        yield opened


@given(
    sizes=st.lists(st.integers(0, 40), max_size=30),
    most=st.integers(1, 8),
    most_bytes=st.integers(1, 100),
    asked=st.lists(st.integers(0, 29), max_size=10),
)
def test_a_shelf_keeps_what_was_asked_for_last(
    sizes: list[int], most: int, most_bytes: int, asked: list[int]
) -> None:
    shelf: Shelf[bytes] = Shelf(most, most_bytes, len, "gone")
    tokens: list[str] = []
    # The reference: tokens by the time they were last asked for.
    recent: list[str] = []
    of: dict[str, int] = {}
    for number, size in enumerate(sizes):
        tokens.append(shelf.keep(bytes(size)))
        recent.append(tokens[-1])
        of[tokens[-1]] = size
        while len(recent) > 1 and (
            len(recent) > most or sum(of[token] for token in recent) > most_bytes
        ):
            recent.pop(0)
        for place in asked:
            if place == number and tokens[place // 2] in recent:
                shelf.get(tokens[place // 2])
                recent.remove(tokens[place // 2])
                recent.append(tokens[place // 2])
    assert [len(thing) for thing in shelf.things()] == [of[token] for token in recent]
    assert len(set(tokens)) == len(tokens)
    for token in set(tokens) - set(recent):
        with pytest.raises(GoneError, match="gone"):
            shelf.get(token)


def test_a_deeper_search_is_not_made_twice(
    recommender: Recommender, monkeypatch: pytest.MonkeyPatch
) -> None:
    depths: list[int] = []
    search = Ranking.of

    def counted(view, compared, question, asked, k):  # type: ignore[no-untyped-def]
        depths.append(k)
        return search(view, compared, question, asked, k)

    monkeypatch.setattr(Ranking, "of", counted)
    orders = Orders()
    first = orders.first(Order(recommender.rank([1], FIRST)), FIRST)
    assert depths == [FIRST] and first.cursor
    second = orders.next(first.cursor, FIRST)
    again = orders.next(first.cursor, FIRST)
    assert len(depths) == 2
    assert np.array_equal(second.ranked.ids, again.ranked.ids)
    assert len(second.ranked) == FIRST and second.cursor
    third = orders.next(second.cursor, FIRST)
    assert len(third.ranked) == FIRST and len(depths) == 2


@given(cuts=st.lists(st.integers(1, 700), min_size=1, max_size=12))
def test_parts_of_any_length_are_the_one_order(recommender: Recommender, cuts: list[int]) -> None:
    whole = recommender.rank([7, 8], _COUNT, unwanted=[9]).ids
    orders = Orders()
    part = orders.first(Order(recommender.rank([7, 8], FIRST, unwanted=[9])), cuts[0])
    ids = part.ranked.ids.tolist()
    for k in cuts[1:]:
        if part.cursor is None:
            break
        part = orders.next(part.cursor, k)
        assert part.start == len(ids)
        ids += part.ranked.ids.tolist()
    assert ids == whole[: len(ids)].tolist()
    assert len(ids) == min(sum(cuts), len(whole)) or part.cursor is None


@pytest.mark.parametrize("index", ["sketch", "hnsw"])
def test_an_index_that_estimates_gives_every_picture_once(tmp_path: Path, index: str) -> None:
    path = vector_stores.make(tmp_path / "store", {"x": vector_stores.clustered(_COUNT, 24)})
    vector_stores.update(path)
    counts = CandidateCounts(sketch=60, sketch_each=6)
    with Recommender(Store.open(path), cache="none", counts=counts) as recommender:
        orders = Orders()
        rankings = [recommender.rank([i], 10, index=index) for i in range(1, 40)]
        first = next(one for one in rankings if one.found.index == index)
        (query,) = set(range(1, _COUNT + 1)) - set(first.compared.space.ids[first.rows()].tolist())
        part = orders.first(Order(first), 10)
        ids = part.ranked.ids.tolist()
        assert ids == first.ids.tolist()
        while part.cursor:
            part = orders.next(part.cursor, 250)
            ids += part.ranked.ids.tolist()
        assert sorted([query, *ids]) == list(range(1, _COUNT + 1))


def test_a_part_beyond_the_end_is_empty(recommender: Recommender) -> None:
    orders = Orders()
    first = orders.first(Order(recommender.rank([1], FIRST)), 10)
    token = (first.cursor or "").partition(".")[0]
    for place in (_COUNT - 1, DEEPEST, 10**8):
        part = orders.next(f"{token}.{place}", 10)
        assert len(part.ranked) == 0 and part.cursor is None


def test_an_answer_ends_when_it_is_deep(
    recommender: Recommender, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("imgrec.serving.orders.DEEPEST", 500)
    orders = Orders()
    part = orders.first(Order(recommender.rank([1], FIRST)), 300)
    assert part.cursor
    part = orders.next(part.cursor, 300)
    assert (len(part.ranked), part.cursor) == (200, None)


def test_orders_are_bounded(recommender: Recommender, monkeypatch: pytest.MonkeyPatch) -> None:
    ranking = recommender.rank([1], FIRST)
    orders = Orders()
    cursors = [orders.first(Order(ranking), 10).cursor for _ in range(300)]
    assert len(orders) == 256
    with pytest.raises(GoneError):
        orders.next(cursors[0] or "", 10)
    size = Order(ranking).bytes
    assert size >= 12 * FIRST
    monkeypatch.setattr("imgrec.serving.orders._MOST_BYTES", 5 * size + 1)
    few = Orders()
    for _ in range(20):
        few.first(Order(ranking), 10)
    assert len(few) == 5
