"""How many requests are computed at once, through both adapters."""

import json
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

import services
import wsgi_calls
from imgrec.serving import turns
from imgrec.serving.routes import ROUTES
from imgrec.serving.service import Service
from imgrec.serving.turns import Turns, Work, threads_of
from serving_contract import Caller

_JSON = {"content-type": "application/json"}
# More than any kind of work is done of at once.
_ASKED = 40
_PATIENCE_S = 120
# What compares vectors of the whole store.
_COMPUTING = {"/api/search", "/api/distances", "/api/medoids", "/api/map/{map}/distances"}


@pytest.fixture(scope="module")
def service(photo_store: Path) -> Iterator[Service]:
    with services.opened_service(photo_store) as opened:
        yield opened


@pytest.fixture(scope="module", params=[services.caller, wsgi_calls.caller])
def call(request: pytest.FixtureRequest, service: Service) -> Caller:
    made: Caller = request.param(service)
    return made


@dataclass
class _Gate:
    """Holds all calls of a function until it is opened, and counts those inside."""

    most: int = 0
    inside: int = 0
    threads: set[int] = field(default_factory=set)
    lock: threading.Lock = field(default_factory=threading.Lock)
    entered: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))
    opened: threading.Event = field(default_factory=threading.Event)

    def around(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """Return the function, held back."""

        def held(*arguments: Any) -> Any:
            with self.lock:
                self.inside += 1
                self.most = max(self.most, self.inside)
                self.threads.add(threading.get_ident())
            self.entered.release()
            assert self.opened.wait(_PATIENCE_S)
            try:
                return function(*arguments)
            finally:
                with self.lock:
                    self.inside -= 1

        return held


def _searched(call: Caller, picture: int) -> Any:
    asked = json.dumps({"pictures": [picture % 20 + 1], "k": 5}).encode()
    return call("POST", "/api/search", _JSON, asked)


@pytest.mark.parametrize(("cores", "most"), [(1, 2), (2, 2), (3, 3), (64, 8)])
def test_no_more_are_computed_at_once_than_there_are_cores(
    cores: int, most: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(turns, "cores", lambda: cores)
    assert threads_of(Work.COMPUTES) == most


def test_computing_is_bounded_and_thumbnails_do_not_wait(
    call: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate, most = _Gate(), threads_of(Work.COMPUTES)
    monkeypatch.setattr(Service, "search", gate.around(Service.search))
    with ThreadPoolExecutor(_ASKED) as clients:
        try:
            searched = [clients.submit(_searched, call, number) for number in range(_ASKED)]
            for _ in range(most):
                assert gate.entered.acquire(timeout=_PATIENCE_S)
            for picture in range(1, 21):
                assert call("GET", f"/api/thumb/{picture}", {}, b"").status == 200
            assert call("GET", "/api/thumbs/1,2,3", {}, b"").status == 200
            assert call("GET", "/", {}, b"").status == 200
            assert not any(one.done() for one in searched)
        finally:
            gate.opened.set()
        assert {one.result(_PATIENCE_S).status for one in searched} == {200}
    assert gate.most == most
    # Buffers of libraries are one for each thread.
    assert len(gate.threads) == most


def test_what_compares_vectors_computes_and_thumbnails_only_read() -> None:
    by_path = {route.path: route.work for route in ROUTES}
    assert {by_path[path] for path in _COMPUTING} == {Work.COMPUTES}
    assert {by_path[path] for path in ("/api/thumb/{id}", "/api/thumbs/{ids}")} == {Work.READS}


def test_work_of_one_kind_does_not_wait_for_another() -> None:
    gate, threads = _Gate(), Turns()
    try:
        for work in Work:
            for _ in range(threads_of(work)):
                threads.submit(work, gate.around(int))
            for _ in range(threads_of(work)):
                assert gate.entered.acquire(timeout=_PATIENCE_S)
        late = threads.submit(Work.READS, int)
        assert late.cancel()
    finally:
        gate.opened.set()
