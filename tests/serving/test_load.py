"""Several clients at once while pictures come and go: answers of one state, stable parts, bounds.

The states of a store are written down here as they are committed, and answers are compared with the
order that numpy gives in one of them.
"""

import json
import os
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import vector_stores
from imgrec import Store
from imgrec.labels.collections import change_collection
from imgrec.serving.routes import ROUTES, Call, Reply, reply_to
from imgrec.serving.service import Service
from pictures import picture
from services import opened_service
from serving_contract import SOME

_D = 12
_FIRST, _LAST = 300, 600
_VECTORS = vector_stores.clustered(_LAST, _D, seed=4)
_UNIT = _VECTORS / np.linalg.norm(_VECTORS, axis=1, keepdims=True)
# Pictures from which no two others are so equally far that float32 may swap them.
_DISTANCES = np.sort(1 - _UNIT[:100].astype(np.float64) @ _UNIT.T.astype(np.float64), axis=1)
_ASKED = [int(i) + 1 for i in np.flatnonzero(np.diff(_DISTANCES).min(axis=1) > 5e-7)]
_THREADS = 16
_ROUTES = {(route.method, route.path): route for route in ROUTES}


def _post(service: Service, path: str, value: object, **names: str) -> Reply:
    call = Call(names, json.dumps(value).encode(), "application/json")
    return reply_to(service, _ROUTES["POST", path], call)


def _get(service: Service, path: str, method: str = "GET", **names: str) -> Reply:
    return reply_to(service, _ROUTES[method, path], Call(names))


@dataclass(frozen=True)
class _State:
    """What is in a store: the ids of all pictures, and of those in the collection `best`."""

    ids: frozenset[int]
    best: frozenset[int]


@dataclass
class _History:
    """The states of a store in the order of their commits; the last may not be committed yet."""

    path: Path
    states: list[_State]
    committed: int = 0
    given: int = _FIRST
    rng: np.random.Generator = field(default_factory=lambda: np.random.default_rng(8))

    def change(self) -> None:
        """Make one random change, written down before it is committed."""
        last = self.states[-1]
        ids, best = set(last.ids), set(last.best)
        step = int(self.rng.integers(4))
        some = self.rng.choice(sorted(ids - {*_ASKED[:1]}), size=5, replace=False).tolist()
        if step == 0 and self.given + 10 <= _LAST:
            new = np.arange(self.given + 1, self.given + 11)
            self.given += 10
            # The part first, as indexing does: without the catalog its rows are not there.
            vector_stores.add_part(self.path, "x", new, _VECTORS[new - 1])
            self.states.append(_State(frozenset(ids | {*new.tolist()}), frozenset(best)))
            _add(self.path, new.tolist())
        elif step == 1 and len(ids) > _FIRST // 2:
            self.states.append(_State(frozenset(ids - {*some}), frozenset(best)))
            vector_stores.remove(self.path, some)
        elif step == 2 and len(best & ids) > 20:
            gone = set(sorted(best)[:3])
            self.states.append(_State(frozenset(ids), frozenset(best - gone)))
            with Store.open(self.path) as store:
                change_collection(store, "best", [], gone)
        else:
            self.states.append(_State(frozenset(ids), frozenset(best | {*some})))
            with Store.open(self.path) as store:
                change_collection(store, "best", some)
        self.committed = len(self.states) - 1


def _add(path: Path, ids: list[int]) -> None:
    with Store.create(path) as store, store.catalog.transaction() as db:
        db.executemany(
            "INSERT INTO images (id, root_id, path, size, mtime_ns, status) "
            "VALUES (?, 1, ?, 1, 1, 'ok')",
            [(i, f"f{i % 7}/{i:06d}.jpg") for i in ids],
        )


def _order(asked: int, among: frozenset[int]) -> list[int]:
    """Return some pictures by their cosine distance to one, the nearest first, without it."""
    ids = np.array(sorted(among - {asked}))
    distances = 1 - _UNIT[ids - 1].astype(np.float64) @ _UNIT[asked - 1]
    found: list[int] = ids[np.argsort(distances, kind="stable")].tolist()
    return found


def _orders(asked: int, among: list[frozenset[int]]) -> list[tuple[int, list[int]]]:
    """Return the number of pictures and their order for each state that has the picture asked."""
    return [(len(ids), _order(asked, ids)) for ids in among]


@pytest.fixture
def history(tmp_path: Path) -> _History:
    path = vector_stores.make(tmp_path / "store", {"x": _VECTORS[:_FIRST]}, part_rows=50)
    with Store.open(path) as store:
        change_collection(store, "best", range(1, _FIRST, 4))
    return _History(path, [_State(frozenset(range(1, _FIRST + 1)), frozenset(range(1, _FIRST, 4)))])


@pytest.fixture
def service(history: _History) -> Iterator[Service]:
    with opened_service(history.path) as opened:
        yield opened


def _during(change: Callable[[], None], work: Callable[[int], None], times: int) -> None:
    """Call `work` in several threads while `change` is called in another, until all is done."""
    ended = threading.Event()
    failures: list[BaseException] = []

    def changing() -> None:
        try:
            while not ended.is_set():
                change()
        except BaseException as error:
            failures.append(error)
            raise

    writer = threading.Thread(target=changing)
    writer.start()
    try:
        with ThreadPoolExecutor(_THREADS) as pool:
            list(pool.map(work, range(times)))
    finally:
        ended.set()
        writer.join()
    assert not failures


def test_the_reference_tells_states_apart(history: _History) -> None:
    # An order over the pictures of two states is that of neither.
    for _ in range(12):
        history.change()
    orders = {tuple(_order(_ASKED[0], state.ids)) for state in history.states}
    assert len(orders) > 3
    assert len(_ASKED) > 5


def test_each_answer_is_of_one_state(history: _History, service: Service) -> None:
    told, asked = [], _ASKED[0]

    def ask(number: int) -> None:
        filtered = number % 2 == 1
        question: dict[str, Any] = {"pictures": [asked], "k": 500, "index": "exact"}
        question |= {"where": ["collection=best"]} if filtered else {}
        before = history.committed
        reply = _post(service, "/api/search", question)
        assert reply.status == 200, reply.body
        answer = json.loads(reply.body)
        found = [result["id"] for result in answer["results"]]
        # What was committed before a question is visible to it, however many others are answered.
        among = [s.ids & s.best if filtered else s.ids for s in history.states[before:]]
        possible = _orders(asked, among)
        assert found in [order for _, order in possible]
        assert answer["images"] in [size for size, order in possible if order == found]
        told.append(len(found))

    _during(history.change, ask, 160)
    assert len(history.states) > 5
    assert len({*told}) > 2, "nothing has changed"


def test_what_a_client_has_written_it_finds(history: _History, service: Service) -> None:
    """Each reads its own writes, while all others read and write too."""

    def ask(number: int) -> None:
        name, some = f"of {number}", [1 + number, 2 + number, 3 + number]
        path = "/api/collections/{name}"
        told = json.loads(_post(service, path, {"add": some}, name=name).body)
        assert told == {"name": name, "count": 3}
        assert told in json.loads(_get(service, "/api/collections").body)
        question = {"where": [f"collection={name}"]}
        found = json.loads(_post(service, "/api/list", question).body)
        assert sorted(one["id"] for one in found["pictures"]) == some
        facets = json.loads(_post(service, "/api/facets", question).body)
        assert facets["images"] == 3
        gone = json.loads(_get(service, path, "DELETE", name=name).body)
        assert gone == told
        assert _post(service, "/api/list", question).status == 400

    def reading() -> None:
        _post(service, "/api/search", {"pictures": [1], "k": 500})

    _during(reading, ask, 64)


def test_parts_of_an_answer_are_of_one_order(history: _History, service: Service) -> None:
    whole: list[int] = []

    def ask(number: int) -> None:
        asked = _ASKED[number % len(_ASKED)]
        if asked not in history.states[-1].ids:
            return
        reply = _post(service, "/api/search", {"pictures": [asked], "k": 40, "index": "exact"})
        if reply.status != 200:
            # It was removed just now.
            assert any(asked not in state.ids for state in history.states)
            return
        found = json.loads(reply.body)
        ids, ranks = _told(found)
        while found["cursor"]:
            reply = _post(service, "/api/search", {"cursor": found["cursor"], "k": 40})
            if reply.status == 410:
                # The features of its state are no longer kept: told, and not mixed.
                break
            found = json.loads(reply.body)
            more, more_ranks = _told(found)
            ids, ranks = ids + more, ranks + more_ranks
        else:
            whole.append(len(ids))
            assert len(ids) >= 100
        among = [state.ids for state in history.states]
        assert ids in [order[: len(ids)] for _, order in _orders(asked, among)]
        assert ranks == list(range(1, len(ids) + 1))

    _during(history.change, ask, 48)
    assert len(history.states) > 3
    # Not all were broken off.
    assert whole


def _told(found: dict[str, Any]) -> tuple[list[int], list[int]]:
    results = found["results"]
    return [result["id"] for result in results], [result["rank"] for result in results]


def test_a_cursor_gives_the_same_part_whenever_it_is_asked(
    history: _History, service: Service
) -> None:
    found = json.loads(_post(service, "/api/search", {"pictures": [_ASKED[0]], "k": 30}).body)
    listed = json.loads(_post(service, "/api/list", {"k": 30}).body)
    parts: list[list[int]] = []
    for _ in range(6):
        history.change()
        more = json.loads(_post(service, "/api/search", {"cursor": found["cursor"], "k": 30}).body)
        rest = json.loads(_post(service, "/api/list", {"cursor": listed["cursor"], "k": 30}).body)
        parts.append([r["id"] for r in more["results"]] + [p["id"] for p in rest["pictures"]])
    assert all(part == parts[0] for part in parts)
    assert parts[0][:30] == _order(_ASKED[0], history.states[0].ids)[30:60]


def test_what_is_kept_for_answers_is_bounded(service: Service) -> None:
    def ask(number: int) -> None:
        question = {"pictures": [1 + number % _FIRST], "k": 5}
        assert _post(service, "/api/search", question).status == 200
        assert _post(service, "/api/list", {"k": 5}).status == 200

    with ThreadPoolExecutor(_THREADS) as pool:
        list(pool.map(ask, range(600)))
    assert 0 < len(service._orders) <= 256
    assert 0 < len(service._lists) <= 256


def test_every_route_answers_while_everything_changes(
    history: _History, service: Service, tmp_path: Path
) -> None:
    """No reply is a fault of the server, and no exception passes the routes."""
    service.exports = tmp_path / "exports"
    service.exports.mkdir()
    buffer = tmp_path / "upload.png"
    picture("discs", 3).save(buffer)
    data = buffer.read_bytes()
    seen: dict[tuple[str, str], set[int]] = {}

    def ask(number: int) -> None:
        (method, path), route = sorted(_ROUTES.items())[number % len(_ROUTES)]
        picture_id = 1 + number * 7 % _LAST
        own = {"id": f"{picture_id}", "ids": f"1,{picture_id}", "name": f"set {number % 5}"}
        names = {**SOME, **own}
        body: Any = {
            "/api/search": {"pictures": [picture_id], "k": 20},
            "/api/grid": {"pictures": [picture_id], "k": 4},
            "/api/distances": {"pictures": [picture_id]},
            "/api/collections/{name}": {"add": [picture_id], "remove": [picture_id + 1]},
        }.get(path, {})
        raw = data if method == "PUT" else json.dumps(body).encode()
        kind = "image/png" if method == "PUT" else "application/json"
        reply = reply_to(service, route, Call(names, raw, kind))
        seen.setdefault((method, path), set()).add(reply.status)
        if reply.status != 200:
            (line,) = json.loads(reply.body).values()
            assert "\n" not in line

    _during(history.change, ask, 25 * len(_ROUTES))
    assert {*seen} == {*_ROUTES}
    assert {status for found in seen.values() for status in found} <= {200, 400, 404, 409, 410, 503}
    # Those that need no picture file have answered.
    for path in ("/api/search", "/api/list", "/api/facets", "/api/distances"):
        assert 200 in seen["POST", path], (path, seen["POST", path])
    assert 200 in seen["GET", "/api/collections"]
    assert 200 in seen["POST", "/api/collections/{name}"]


def test_sockets_and_files_are_not_used_up(history: _History, service: Service) -> None:
    """Each new state opens files; those of old states are closed."""
    before = len(os.listdir("/proc/self/fd")) if Path("/proc/self/fd").exists() else 0
    if not before:
        pytest.skip("needs /proc")
    for _ in range(120):
        history.change()
        assert _post(service, "/api/search", {"pictures": [_ASKED[0]], "k": 5}).status == 200
    parts = len(list((history.path / "features" / "x").glob("part-*")))
    # Ids and vectors of each part are mapped, by the last few states.
    assert len(os.listdir("/proc/self/fd")) <= before + 6 * 2 * parts
