"""The service by itself: answers, their parts, what can be asked."""

import io
import re
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from imgrec import Recommender, Store
from imgrec.serving.errors import (
    GoneError,
    RequestError,
)
from imgrec.serving.requests import FacetsRequest, ListRequest, SearchRequest
from imgrec.serving.service import Service
from services import ask


def pages(service: Service, k: int, **asked: object) -> list[int]:
    found = ask(service, k=k, **asked)
    ids = [result.id for result in found.answer.results]
    ranks = [result.rank for result in found.answer.results]
    while found.cursor:
        found = ask(service, cursor=found.cursor, k=k)
        ids += [result.id for result in found.answer.results]
        ranks += [result.rank for result in found.answer.results]
    assert ranks == list(range(1, len(ids) + 1))
    return ids


def stripped(answer: dict) -> dict:
    return {key: value for key, value in answer.items() if key not in ("elapsed_ms", "cursor")}


@pytest.mark.parametrize(
    "asked",
    [
        {"pictures": [1]},
        {"pictures": [1, 9], "unwanted": [20], "k": 7},
        {"pictures": [3], "metric": "euclidean", "fuse": "max", "k": 24},
        {"pictures": [3, 4], "fuse": "rank", "k": 3},
        {"pictures": [2], "where": ["folder=discs"], "k": 4},
        {"pictures": [2], "metric": "chi2"},
        {"pictures": [2], "metric": "combined", "k": 4},
        {"pictures": [2], "features": {"mini": 1, "rgb": 0.5}},
        {"pictures": [2], "encoder": "rgb", "metric": "pca-cosine"},
    ],
)
def test_an_answer_is_that_of_the_recommender(
    service: Service, photo_store: Path, asked: dict
) -> None:
    images = {key: value for key, value in asked.items() if key != "pictures"}
    with Recommender.open(photo_store) as recommender:
        expected = recommender.query(asked["pictures"], **images).to_dict()
    found = ask(service, **asked).to_dict()
    assert stripped(found) == stripped(expected)
    assert found["results"] and found["elapsed_ms"] > 0


@given(
    k=st.integers(1, 30),
    query=st.integers(1, 24),
    unwanted=st.lists(st.integers(1, 24), max_size=2),
)
def test_pages_are_one_answer(service: Service, k: int, query: int, unwanted: list[int]) -> None:
    whole = service.recommender.query([query], 100, unwanted=unwanted)
    assert pages(service, k, pictures=[query], unwanted=unwanted) == [r.id for r in whole]


@given(k=st.integers(1, 10), limit=st.integers(0, 23))
def test_a_limit_of_distance_cuts_an_answer(service: Service, k: int, limit: int) -> None:
    whole = service.recommender.query([1], 100)
    within = whole[min(limit, len(whole) - 1)].distance
    expected = [r.id for r in whole if r.distance <= within]
    assert pages(service, k, pictures=[1], within=within) == expected


def test_a_cursor_gives_the_same_part_twice(service: Service) -> None:
    first = ask(service, pictures=[1], k=5)
    once, twice = (ask(service, cursor=first.cursor, k=5) for _ in range(2))
    assert stripped(once.to_dict()) == stripped(twice.to_dict())
    assert once.cursor == twice.cursor


@pytest.mark.parametrize("cursor", ["", "x", "x.", "x.y", ".5", "x.-1", "x.٣"])
def test_what_is_no_cursor_is_refused(service: Service, cursor: str) -> None:
    with pytest.raises(RequestError):
        ask(service, cursor=cursor)


def test_a_cursor_that_was_never_given_is_gone(service: Service) -> None:
    with pytest.raises(GoneError, match="ask again"):
        ask(service, cursor="abc.5")


def test_an_order_stays_while_the_store_changes(own_service: Service, own_store: Path) -> None:
    expected = [r.id for r in own_service.recommender.query([1], 100)]
    first = ask(own_service, pictures=[1], k=6)
    with Store.create(own_store) as store, store.catalog.transaction() as db:
        gone = expected[2:12]
        db.executemany("UPDATE images SET status = 'missing' WHERE id = ?", [(i,) for i in gone])
    rest = ask(own_service, cursor=first.cursor, k=100)
    assert [r.id for r in (*first.answer, *rest.answer)] == expected
    now = [r.id for r in ask(own_service, pictures=[1], k=100).answer]
    assert now == [i for i in expected if i not in gone]


def test_an_order_of_an_old_state_is_answered_as_deep_as_it_was_searched(
    own_service: Service, own_store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("imgrec.serving.service.FIRST", 8)
    old = ask(own_service, pictures=[1], k=4)
    for number in range(5):
        with Store.create(own_store) as store:
            store.catalog.labels.add("seen", {1: str(number)})
        assert ask(own_service, pictures=[2], k=4).cursor
    second = ask(own_service, cursor=old.cursor, k=8)
    assert len(second.answer.results) == 4
    with pytest.raises(GoneError):
        ask(own_service, cursor=second.cursor, k=4)


def test_old_stores_are_closed(own_service: Service, own_store: Path, tmp_path: Path) -> None:
    import gc
    import sqlite3

    opened = []
    for number in range(4):
        ask(own_service, pictures=[1], k=3)
        opened.append(own_service.recommender.store.catalog.db)
        replacement = tmp_path / f"{number}.sqlite"
        catalog = own_service.recommender.store.paths.catalog
        source = sqlite3.connect(catalog)
        target = sqlite3.connect(replacement)
        source.backup(target)
        source.close()
        target.close()
        replacement.replace(catalog)
    for number in range(6):
        ask(own_service, pictures=[1], k=3)
        with Store.create(own_store) as store:
            store.catalog.labels.add("seen", {1: str(number)})
    gc.collect()
    for db in opened[:2]:
        with pytest.raises(sqlite3.ProgrammingError):
            db.execute("SELECT 1")


def test_a_list_is_read_in_parts(service: Service) -> None:
    whole = list(service.recommender.pictures())
    assert len(whole) == 24
    found = service.listed(ListRequest(k=10))
    pictures = list(found.pictures)
    while found.cursor:
        found = service.listed(ListRequest(k=10, cursor=found.cursor))
        pictures += found.pictures
    assert pictures == whole
    assert [one.path for one in whole] == sorted(one.path for one in whole)


def test_a_histogram_counts_every_picture(service: Service) -> None:
    request = SearchRequest.parse({"pictures": [1], "unwanted": [9]})
    found = service.distances(request)
    distances = [r.distance for r in service.recommender.query([1], 100, unwanted=[9])]
    expected, edges = np.histogram(distances, 40, (0, max(distances)))
    assert found.counts == expected.tolist()
    np.testing.assert_allclose(found.edges, edges)
    assert (sum(found.counts), found.images, found.exact) == (22, 24, True)


def test_a_grid_is_a_picture_of_the_answer(service: Service) -> None:
    media = service.grid(SearchRequest.parse({"pictures": [1, 2], "unwanted": [3], "k": 7}))
    with Image.open(io.BytesIO(media.data)) as image:
        assert image.format == media.content_type.split("/")[1].upper() == "PNG"
        # A column of queries, and five of results.
        assert image.width > 6 * 240 and image.height > 3 * 240


def test_what_can_be_asked(service: Service) -> None:
    facts = service.store()
    assert facts.images == 24 and facts.default == "mini"
    assert facts.compared["cosine"] == facts.features == ["mini", "rgb"]
    assert facts.compared["chi2"] == ["rgb"]
    assert re.fullmatch("[0-9a-f]{16}", facts.store)


def test_facets_are_counted(service: Service) -> None:
    found = service.facets(FacetsRequest())
    folders = {value.value: value.count for facet in found.facets if facet.kind == "folder"
               for value in facet.values}  # fmt: skip
    assert folders == {"checks": 8, "discs": 8, "stripes": 8} and found.images == 24
