"""Answers while another process writes: each is of one state of the store; nothing is left open."""

import os
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

import vector_stores
from imgrec import Store
from imgrec.serving.requests import FacetsRequest, ListRequest, SearchRequest
from imgrec.serving.service import Service
from services import opened_service

_COUNT = 240


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return vector_stores.make(
        tmp_path / "store", {"x": vector_stores.clustered(_COUNT, 16)}, part_rows=40
    )


def _swapping(path: Path, done: threading.Event, swapped: list[int]) -> None:
    """Swap the halves of the collection again and again, each time in one transaction."""
    while not done.wait(0.02):
        with Store.create(path) as store:
            swapped.append(count := len(swapped) + 1)
            lower = "low" if count % 2 else "high"
            upper = "high" if count % 2 else "low"
            half = _COUNT // 2
            store.catalog.labels.replace(
                "half", {i: lower if i <= half else upper for i in range(1, _COUNT + 1)}
            )


def _search(service: Service) -> None:
    asked = {"pictures": [1], "where": ["half=low"], "k": 200}
    answer = service.search(SearchRequest.parse(asked)).answer
    assert {result.labels["half"] for result in answer} == {"low"}
    assert {result.id <= _COUNT // 2 for result in answer} in ({True}, {False})
    assert len(answer) in (_COUNT // 2, _COUNT // 2 - 1) and answer.images == _COUNT // 2


def _query(service: Service) -> None:
    answer = service.recommender.query([1], 200, where="half=high")
    assert {result.labels["half"] for result in answer} == {"high"}
    assert {result.id <= _COUNT // 2 for result in answer} in ({True}, {False})


def _list(service: Service) -> None:
    found = service.listed(ListRequest.parse({"where": ["half=low"], "k": 500}))
    assert {picture.labels["half"] for picture in found.pictures} == {"low"}
    assert len(found.pictures) == found.images == _COUNT // 2


def _facets(service: Service) -> None:
    found = service.facets(FacetsRequest.parse({"where": ["half=low"]}))
    (half,) = [facet for facet in found.facets if facet.kind == "half"]
    assert {value.value: value.count for value in half.values} == {
        "high": _COUNT // 2, "low": _COUNT // 2,
    }  # fmt: skip


@pytest.mark.parametrize("ask", [_search, _query, _list, _facets])
def test_no_answer_mixes_two_states(path: Path, ask: Callable[[Service], None]) -> None:
    done = threading.Event()
    swapped: list[int] = []
    with opened_service(path) as service, ThreadPoolExecutor(4) as threads:
        writer = threads.submit(_swapping, path, done, swapped)
        try:
            while len(swapped) < 10 and not writer.done():
                for future in [threads.submit(ask, service) for _ in range(6)]:
                    future.result()
        finally:
            done.set()
        writer.result()


def test_parts_are_of_one_order_while_pictures_come_and_go(path: Path) -> None:
    rng = np.random.default_rng(5)
    with opened_service(path) as service:
        expected = [r.id for r in service.recommender.query([1], 1000)]
        found = service.search(SearchRequest.parse({"pictures": [1], "k": 20}))
        ids = [result.id for result in found.answer]
        while found.cursor:
            gone = (1 + rng.choice(_COUNT - 1, 20, replace=False)).tolist()
            vector_stores.remove(path, gone)
            found = service.search(SearchRequest(cursor=found.cursor, k=20))
            ids += [result.id for result in found.answer]
        assert ids == expected
        with Store.open(path) as store:
            assert len(store.catalog.ids("ok")) < _COUNT / 2


def test_nothing_is_left_open_by_many_states(path: Path) -> None:
    def open_files() -> int:
        return len(os.listdir("/proc/self/fd")) if Path("/proc/self/fd").is_dir() else 0

    with opened_service(path) as service:
        counts, kept = [], []
        for number in range(40):
            with Store.create(path) as store:
                store.catalog.labels.add("seen", {1 + number: str(number)})
                store.set_encoder("x")
            # A part that replaces vectors makes features that no view can take over.
            vector_stores.add_part(path, "x", np.array([1]), np.ones((1, 16), np.float32))
            service.search(SearchRequest.parse({"pictures": [2], "k": 5, "where": ["half=low"]}))
            service.facets(FacetsRequest())
            counts.append(open_files())
            views = {id(order.view) for order in service._orders._kept.things() if order.view}
            kept.append(len(views))
        assert max(kept) == 4 and len(service._orders) == 40
        assert max(counts[10:]) <= max(counts[:10]) + 4 or not counts[0]
        assert len(service._tally._counters) <= 2
