"""The contract of the service over WSGI, and its guards inside the frame of another program."""

import io
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from imgrec.serving import wsgi_bodies
from imgrec.serving.guards import MOST_JSON_BYTES, MOST_UPLOAD_BYTES, Refusal
from imgrec.serving.routes import ROUTES
from imgrec.serving.service import Service
from imgrec.serving.wsgi import FramedPage
from services import opened_service
from serving_contract import SOME, Answered, Caller, ServingContract, refused_in_one_line
from wsgi_calls import ACCESS, BELOW, INSIDE, answered, caller, environ_of, framed

JSON = {"content-type": "application/json"}
LIST = f"{INSIDE}/api/list"
ENTRY = f"{BELOW}/index.js"


@pytest.fixture(scope="module")
def service(photo_store: Path) -> Iterator[Service]:
    with opened_service(photo_store) as opened:
        yield opened


@pytest.fixture(scope="module")
def call(service: Service) -> Caller:
    """Return a caller of `photo_store`."""
    return caller(service)


@pytest.fixture(scope="module")
def page(service: Service) -> FramedPage:
    return framed(service)


class TestWsgi(ServingContract):
    """Runs the contract."""


def asked(page: FramedPage, method: str, path: str, **more: Any) -> Answered:
    headers = {name.replace("_", "-"): value for name, value in more.pop("headers", {}).items()}
    return answered(page, environ_of(method, path, headers, **more))


def test_all_answers_are_restricted(page: FramedPage) -> None:
    for path in (f"{INSIDE}/api/health", f"{INSIDE}/", f"{INSIDE}/none", f"{BELOW}/wrong/", ENTRY):
        headers = asked(page, "GET", path).headers
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "no-referrer"
        assert headers["cross-origin-resource-policy"] == "same-origin"
        assert not [name for name in headers if name.startswith("access-control")]
        # Its own page may frame it, as TensorBoard does; no other, and no answer.
        own = path == f"{INSIDE}/"
        frames = "frame-ancestors 'self'" if own else "frame-ancestors 'none'"
        assert frames in headers["content-security-policy"]


@pytest.mark.parametrize(
    "peer", ["192.168.1.5", "10.0.0.1", "::ffff:192.168.1.5", "fe80::1%eth0", "", "unix:", "127.1"]
)
def test_another_machine_is_refused_whatever_name_it_sends(page: FramedPage, peer: str) -> None:
    for path in (f"{INSIDE}/api/store", f"{INSIDE}/", f"{BELOW}/files/the-secret/site/index.html"):
        refused_in_one_line(asked(page, "GET", path, peer=peer), 403)
    assert asked(page, "GET", ENTRY, peer=peer).body == b"closed"
    # It is not told either which addresses there are.
    refused_in_one_line(asked(page, "GET", f"{BELOW}/wrong/api/store", peer=peer), 403)


@pytest.mark.parametrize("peer", ["127.0.0.1", "127.3.2.1", "::1", "::ffff:127.0.0.1"])
def test_this_machine_is_answered(page: FramedPage, peer: str) -> None:
    assert asked(page, "GET", f"{INSIDE}/api/store", peer=peer).status == 200
    assert asked(page, "GET", ENTRY, peer=peer).body == b"opened"


@pytest.mark.parametrize(
    "headers",
    [
        {"host": "evil.example"},
        {"host": "evil.example:6006"},
        {"host": "127.0.0.1,evil.example"},
        {"host": ""},
        {"origin": "http://evil.example"},
        {"origin": "null"},
        {"origin": "http://localhost:6006"},
        {"origin": "http://127.0.0.1:8000"},
        {"sec_fetch_site": "cross-site"},
        {"sec_fetch_site": "same-site"},
        {"sec_fetch_site": "same-origin,none"},
        {"sec_fetch_site": "cross-site", "sec_fetch_mode": "navigate",
         "sec_fetch_dest": "document"},
    ],
)  # fmt: skip
def test_strangers_are_refused_by_every_route(page: FramedPage, headers: dict[str, str]) -> None:
    for route in ROUTES:
        path = route.path.format(**SOME)
        given = {**JSON, **headers} if route.method != "PUT" else headers
        found = asked(page, route.method, f"{INSIDE}{path}", headers=given, body=b"{}")
        refused_in_one_line(found, 403)
    # The module does not tell them the token.
    assert asked(page, "GET", ENTRY, headers=headers).body == b"closed"


def test_the_right_headers_pass(page: FramedPage) -> None:
    headers = {**JSON, "origin": "http://127.0.0.1:6006", "sec_fetch_site": "same-origin"}
    assert asked(page, "POST", LIST, headers=headers, body=b'{"k": 1}').status == 200
    headers["host"], headers["origin"] = "[::1]:6006", "http://[::1]:6006"
    assert asked(page, "POST", LIST, headers=headers, body=b'{"k": 1}').status == 200


@pytest.mark.parametrize(
    "path",
    ["/", "/wrong/", "/wrong/api/store", "/api/store", "/the-token", "//api/store",
     "/the-token%00/api/store", "/THE-TOKEN/api/store", "/the-secret/api/store", "",
     "/the-token/files/the-secret/site/index.html", "/the-token/index.js",
     "/x/the-token/api/store", "/the-token%2Fapi/store".replace("%2F", "%5c")],
)  # fmt: skip
def test_without_the_token_there_is_nothing(page: FramedPage, path: str) -> None:
    refused_in_one_line(asked(page, "GET", f"{BELOW}{path}"), 401)


@pytest.mark.parametrize(
    "path", ["/data/plugin/imgrecs/the-token/api/store", "/the-token/api/store"]
)
def test_other_paths_of_the_server_are_not_ours(page: FramedPage, path: str) -> None:
    refused_in_one_line(asked(page, "GET", path), 401)


def test_files_have_a_secret_of_their_own(page: FramedPage) -> None:
    right = f"{BELOW}/files/the-secret/site/assets/page.css"
    # Its pages have no origin.
    opaque = {"origin": "null", "sec_fetch_site": "cross-site"}
    found = asked(page, "GET", right, headers=opaque)
    assert (found.status, found.body) == (200, b"assets/page.css")
    assert "sandbox allow-scripts" in found.headers["content-security-policy"]
    assert "allow-same-origin" not in found.headers["content-security-policy"]
    refused_in_one_line(asked(page, "GET", right.replace("the-secret", "the-token")), 404)
    refused_in_one_line(asked(page, "POST", right, headers=JSON, body=b"{}"), 404)
    refused_in_one_line(asked(page, "GET", right, headers={"host": "evil.example"}), 403)


@pytest.mark.parametrize(
    ("method", "path", "headers", "status"),
    [
        ("OPTIONS", "/api/list", {}, 405),
        ("TRACE", "/api/list", {}, 405),
        ("DELETE", "/api/list", {}, 405),
        ("GET", "/api/list", {}, 405),
        ("POST", "/", JSON, 405),
        ("GET", "/api/none", {}, 404),
        ("GET", "/api/list/", {}, 404),
        ("GET", "/API/health", {}, 404),
        ("POST", "/api/list", {"content-type": "text/plain"}, 415),
        ("POST", "/api/list", {"content-type": "application/x-www-form-urlencoded"}, 415),
        ("POST", "/api/list", {"content-type": "multipart/form-data; boundary=x"}, 415),
        ("POST", "/api/list", {"content-type": ""}, 415),
        ("PUT", "/api/pictures", {"content-type": "text/html"}, 415),
        ("POST", "/api/list", {**JSON, "content-length": ""}, 411),
        ("PUT", "/api/pictures", {"content-type": "image/png", "content-length": ""}, 411),
        ("POST", "/api/list", {**JSON, "content-length": "1 "}, 400),
        ("POST", "/api/list", {**JSON, "content-length": "-1"}, 400),
        ("POST", "/api/list", {**JSON, "content-length": "1,1"}, 400),
        ("POST", "/api/list", {**JSON, "content-length": str(MOST_JSON_BYTES + 1)}, 413),
        ("POST", "/api/list", {**JSON, "content-length": "9" * 18}, 413),
        ("POST", "/api/list", {**JSON, "content-length": "9" * 5000}, 413),
        ("PUT", "/api/pictures", {"content-type": "image/png",
                                  "content-length": str(MOST_UPLOAD_BYTES + 1)}, 413),
        # Half of the body.
        ("POST", "/api/list", {**JSON, "content-length": "1000"}, 400),
    ],
)  # fmt: skip
def test_odd_requests_are_refused_in_one_line(
    page: FramedPage, method: str, path: str, headers: dict[str, str], status: int
) -> None:
    body = b'{"k": 1}' if method in ("POST", "PUT") else b""
    refused_in_one_line(asked_unchecked(page, method, f"{INSIDE}{path}", headers, body), status)


def asked_unchecked(
    page: FramedPage, method: str, path: str, headers: dict[str, str], body: bytes
) -> Answered:
    """Ask without the checker of PEP 3333, which refuses some of these requests itself."""
    head: list[Any] = []
    parts = page(
        environ_of(method, path, headers, body),
        lambda status, headers: head.extend([int(status[:3]), dict(headers)]),
    )
    return Answered(head[0], head[1], b"".join(parts))


def test_a_head_is_that_of_get_without_the_body(page: FramedPage) -> None:
    whole = asked(page, "GET", f"{INSIDE}/api/store")
    head = asked(page, "HEAD", f"{INSIDE}/api/store")
    assert (head.status, head.body) == (200, b"")
    assert head.headers == whole.headers
    assert int(head.headers["content-length"]) == len(whole.body)


def test_what_fails_is_told_without_details(
    service: Service, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(_: object) -> None:
        raise RuntimeError("a secret\nof two lines")

    monkeypatch.setattr(Service, "listed", lambda *_: fail(None))
    found = asked(framed(service), "POST", LIST, headers=JSON, body=b"{}")
    refused_in_one_line(found, 500)
    assert b"secret" not in found.body
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert "RuntimeError: a secret" in said
    assert ACCESS.token not in said


class _Slow(io.RawIOBase):
    """A body of which one byte comes at each read."""

    def __init__(self, clock: list[float], takes_s: float) -> None:
        self._clock, self._takes_s = clock, takes_s

    def read1(self, _: int) -> bytes:
        self._clock[0] += self._takes_s
        return b" "


def test_a_body_that_trickles_in_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [0.0]
    monkeypatch.setattr(wsgi_bodies.time, "monotonic", lambda: clock[0])
    found = wsgi_bodies.read_body({"wsgi.input": _Slow(clock, 1.0)}, 1000, 10.0)
    assert isinstance(found, Refusal)
    assert found.status == 408
    assert wsgi_bodies.read_body({"wsgi.input": _Slow(clock, 1.0)}, 10, 10.5) == b" " * 10


def test_large_bodies_wait_for_their_turn(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Four are read at once; a fifth is told to come again, and a search is answered meanwhile."""
    page = framed(service)
    begun, goes_on = threading.Semaphore(0), threading.Event()

    class Held(io.RawIOBase):
        def read1(self, _: int) -> bytes:
            begun.release()
            goes_on.wait()
            return b""

    def put() -> Answered:
        headers = {"content-type": "image/png", "content-length": "1000"}
        environ = environ_of("PUT", f"{INSIDE}/api/pictures", headers)
        head: list[Any] = []
        parts = page(
            {**environ, "wsgi.input": Held()},
            lambda status, headers: head.extend([int(status[:3]), dict(headers)]),
        )
        return Answered(head[0], head[1], b"".join(parts))

    found: list[Answered] = []
    threads = [threading.Thread(target=lambda: found.append(put())) for _ in range(4)]
    for thread in threads:
        thread.start()
    for _ in threads:
        begun.acquire()
    with monkeypatch.context() as patch:
        patch.setattr("imgrec.serving.wsgi._WAITS_S", 0.1)
        refused_in_one_line(put(), 503)
    assert asked(page, "POST", LIST, headers=JSON, body=b'{"k": 1}').status == 200
    goes_on.set()
    for thread in threads:
        thread.join()
    for one in found:
        refused_in_one_line(one, 400)
