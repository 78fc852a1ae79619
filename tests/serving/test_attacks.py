"""Attacks on the running server over real sockets: names, origins, tokens, paths, bodies."""

import re
import sys
from pathlib import Path

import pytest

import strangers
from guarded_server import JSON, PNG, GuardedServer, error_of, parts, read_all, status
from imgrec.serving.guards import MOST_JSON_BYTES, MOST_UPLOAD_BYTES
from imgrec.serving.routes import ROUTES

ASKED = [(route.method, re.sub(r"{\w+}", "1", route.path)) for route in ROUTES]
# What a path could be made of to leave its route, or to break what reads it.
TRICKS = (
    *("..", "../..", "../../../../etc/passwd", "%2e%2e", "%2e%2e%2f%2e%2e%2fetc%2fpasswd"),
    *("..%2f..%2fetc%2fpasswd", "..%5c..%5cwindows", "%00", "1%00", "%0d%0aX: y", "1%0a"),
    *("%ff", "%c0%ae%c0%ae", "%252e%252e", "-1", "+1", "01x", "1.0", "1e3", "0x1", "%D9%A1"),
    *("%EF%BC%91", "9223372036854775808", "9" * 400, "1" * 5000, "file:///etc/passwd"),
    *("http://evil.example/", "%2e", ".", "", "~", "store.json", "catalog.sqlite", "null", "NaN"),
    *("1;a=b", "1?x=%00", "1#x", "{id}", "%7Bid%7D", "$(id)", "<script>", "1%20", "a" * 101),
)


def _kind(method: str) -> str:
    return {"POST": JSON, "PUT": PNG}.get(method, "")


@pytest.mark.parametrize(("method", "path"), ASKED)
def test_every_route_refuses_strangers_of_each_kind(
    server: GuardedServer, method: str, path: str
) -> None:
    def refused(headers: str = "", **more: object) -> int:
        answer = server.ask(method, path, _kind(method) + headers, b"{}", **more)  # type: ignore[arg-type]
        assert error_of(answer)
        return status(answer)

    assert {refused(host=name) for name in strangers.other_names(server.port)} == {403}
    assert {refused(headers) for headers in strangers.HEADERS} == {403}
    assert refused(token=False) == 401
    assert refused("Authorization: Bearer wrong\r\n", token=False) == 401
    cookie = f"Cookie: imgrec-{server.port}={server.access.files}\r\n"
    assert refused(cookie, token=False) == 401
    other = f"Cookie: imgrec-1={server.access.token}\r\n"
    assert refused(other, token=False) == 401


def test_the_token_counts_in_its_places_only(server: GuardedServer) -> None:
    token = server.access.token
    right = f"Cookie: imgrec-{server.port}={token}\r\n"
    assert status(server.ask("GET", "/api/store", right, token=False)) == 200
    assert status(server.ask("GET", "/api/store")) == 200
    for wrong in (f"X-Token: {token}\r\n", f"Cookie: token={token}\r\n",
                  f"Authorization: {token}\r\n", f"Authorization: Basic {token}\r\n"):  # fmt: skip
        assert status(server.ask("GET", "/api/store", wrong, token=False)) == 401
    for path in (f"/api/store?token={token}", f"/api/{token}/store", f"/{token}"):
        assert status(server.ask("GET", path, token=False)) == 401


def test_the_first_visit_gets_a_cookie_that_opens_the_routes(server: GuardedServer) -> None:
    visit = server.ask("GET", f"/?token={server.access.token}&like=3", token=False)
    headers, _ = parts(visit)
    assert (status(visit), headers["location"]) == (303, "/?like=3")
    assert "HttpOnly; SameSite=Strict; Path=/" in headers["set-cookie"]
    cookie = headers["set-cookie"].partition(";")[0]
    assert status(server.ask("GET", "/api/store", f"Cookie: {cookie}\r\n", token=False)) == 200
    assert status(server.ask("GET", "/?token=wrong", token=False)) == 401
    assert "set-cookie" not in parts(server.ask("GET", "/", token=False))[0]


def test_the_page_itself_is_open_and_says_nothing_of_the_store(
    server: GuardedServer, photo_store: Path
) -> None:
    page = server.ask("GET", "/", token=False)
    assert status(page) == 200
    assert str(photo_store).encode() not in page
    assert server.access.token.encode() not in page
    assert b"frame-ancestors 'none'" in page


@pytest.mark.parametrize("path", ["/api/search", "/api/pictures", "/"])
def test_a_preflight_of_another_origin_is_told_nothing(server: GuardedServer, path: str) -> None:
    asked = "Origin: http://evil.example\r\nAccess-Control-Request-Method: POST\r\n"
    asked += "Access-Control-Request-Headers: content-type\r\n"
    answer = server.ask("OPTIONS", path, asked)
    assert status(answer) == 403
    assert b"access-control" not in answer.lower()


@pytest.mark.parametrize("method", ["TRACE", "OPTIONS", "PATCH", "PROPFIND", "FOO"])
def test_other_methods_are_refused_and_nothing_is_echoed(
    server: GuardedServer, method: str
) -> None:
    answer = server.ask(method, "/api/store", "X-Echo: secret-header\r\n")
    assert status(answer) == 405
    assert b"secret-header" not in answer
    assert server.access.token.encode() not in answer


def test_a_route_is_answered_by_its_method_only(server: GuardedServer) -> None:
    answer = server.ask("DELETE", "/api/store")
    assert status(answer) == 405
    assert error_of(answer)
    assert parts(answer)[0]["allow"] == "GET"
    assert status(server.ask("GET", "/api/search")) == 405
    head = server.ask("HEAD", "/api/store")
    assert (status(head), parts(head)[1]) == (200, b"")


@pytest.mark.parametrize("trick", TRICKS)
def test_no_path_leads_anywhere_else(server: GuardedServer, trick: str) -> None:
    secret = server.access.files
    places = [route.path for route in ROUTES if "{" in route.path]
    places += ["/page/{x}/{x}", "/files/{x}/site/index.html", f"/files/{secret}/{{x}}/index.html"]
    places += [f"/files/{secret}/site/{{x}}", "/{x}", "/api/{x}", "/api/thumb/1/{x}"]
    asked = 0
    for place in places:
        path = re.sub(r"{\w+}", lambda _: trick, place)
        if " " in path:
            path = path.replace(" ", "%20")
        answer = server.ask("GET", path)
        asked += 1
        assert status(answer) in (200, 400, 404, 405, 410), (path, answer[:300])
        assert b"root:" not in answer
        assert b"SQLite format" not in answer
        if status(answer) != 200:
            assert error_of(answer)
        else:
            # The route, or the page, of what the browser itself would make of the path.
            assert b"X: y" not in answer.partition(b"\r\n\r\n")[0]
    assert asked >= 8


@pytest.mark.parametrize("value", ["99999999", "2147483648", "9" * 18])
def test_an_id_that_no_picture_has_is_404(server: GuardedServer, value: str) -> None:
    answer = server.ask("GET", f"/api/thumb/{value}")
    assert status(answer) == 404
    assert error_of(answer)


@pytest.mark.parametrize(
    "target",
    [b"/ HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", b"/\x00 HTTP/1.1\r\n\r\n",
     b"\xff HTTP/1.1\r\n\r\n", b"/ HTTP/1\r\n\r\n", b"/ HTTP/1.1\r\nA B: c\r\n\r\n",
     b"/ HTTP/1.1\r\n\r\n"],
)  # fmt: skip
def test_a_malformed_head_is_400(server: GuardedServer, target: bytes) -> None:
    answer = server.answer(b"GET " + target)
    assert status(answer) == 400
    assert b"traceback" not in answer.lower()


def test_a_head_of_many_headers_is_refused(server: GuardedServer) -> None:
    head = f"GET / HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\n"
    with server.opened() as connection:
        try:
            connection.sendall(head.encode() + b"X: " + b"y" * (1 << 20) + b"\r\n\r\n")
        except (ConnectionResetError, BrokenPipeError):
            return
        answer = read_all(connection)
    assert answer == b"" or status(answer) == 400


@pytest.mark.parametrize(
    ("method", "path", "kind", "most"),
    [("POST", "/api/search", JSON, MOST_JSON_BYTES),
     ("PUT", "/api/pictures", PNG, MOST_UPLOAD_BYTES)],
)  # fmt: skip
def test_a_body_that_is_declared_too_large_is_refused_unread(
    server: GuardedServer, method: str, path: str, kind: str, most: int
) -> None:
    head = f"{method} {path} HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\n{kind}"
    head += f"Authorization: Bearer {server.access.token}\r\nContent-Length: {most + 1}\r\n\r\n"
    with server.opened() as connection:
        connection.sendall(head.encode())
        connection.sendall(b" " * (most + 1))
        answer = read_all(connection)
    assert status(answer) == 413
    assert "larger than" in error_of(answer)


@pytest.mark.parametrize(
    ("method", "path", "kind", "most"),
    [("POST", "/api/search", JSON, MOST_JSON_BYTES),
     ("PUT", "/api/pictures", PNG, MOST_UPLOAD_BYTES)],
)  # fmt: skip
def test_a_body_without_a_length_is_counted_while_it_is_read(
    server: GuardedServer, method: str, path: str, kind: str, most: int
) -> None:
    head = f"{method} {path} HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\n{kind}"
    head += f"Authorization: Bearer {server.access.token}\r\nTransfer-Encoding: chunked\r\n\r\n"
    part = b"%x\r\n%s\r\n" % (1 << 18, b" " * (1 << 18))
    with server.opened() as connection:
        connection.sendall(head.encode())
        for _ in range(most // (1 << 18) + 1):
            connection.sendall(part)
        connection.sendall(b"0\r\n\r\n")
        answer = read_all(connection)
    assert status(answer) == 413
    assert "larger than" in error_of(answer)


def test_a_stranger_cannot_make_the_server_read_a_body(server: GuardedServer) -> None:
    head = f"PUT /api/pictures HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\n{PNG}"
    head += f"Content-Length: {MOST_UPLOAD_BYTES}\r\n\r\n"
    with server.opened() as connection:
        connection.sendall(head.encode())
        # Nothing of the body was sent, and yet it is answered and closed.
        assert status(read_all(connection)) == 401


def test_one_request_cannot_smuggle_another(hasty: GuardedServer) -> None:
    both = f"{JSON}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n"
    answer = hasty.ask("POST", "/api/search", both)
    # h11 takes the chunked body (RFC 9112, 6.3) and closes; what it never does is read two.
    assert answer.count(b"HTTP/1.1 ") <= 1
    twice = f"{JSON}Content-Length: 2\r\nContent-Length: 3\r\n"
    assert status(hasty.ask("POST", "/api/search", twice)) == 400


def test_a_failure_of_the_server_tells_the_client_nothing(
    server: GuardedServer, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fails(*_: object) -> object:
        raise RuntimeError("a secret\nof the store")

    monkeypatch.setattr("imgrec.serving.service.Service.facets", fails)
    answer = server.ask("POST", "/api/facets", JSON, b"{}")
    assert status(answer) == 500
    assert "secret" not in error_of(answer)
    told = capsys.readouterr().err
    assert told.count("\n") == 1
    assert "RuntimeError: a secret of the store" in told


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"[]", b"null", b'"x"', b"1", b"\xff\xfe", b'{"k": 1e999}', b'{"k": NaN}',
     b'{"k": 99999999999999999999999}', b'{"pictures": [-1]}', b'{"pictures": ["../x"]}',
     b'{"pictures": [{"path": "/etc/passwd"}]}', b'{"pictures": ["/etc/passwd"]}',
     b'{"pictures": ["http://evil.example/a.jpg"]}', b'{"unknown": 1}',
     b'{"under": ["\\u0000"]}', b"[" * 100_000, b'{"pictures": ' + b"[" * 5000],
)  # fmt: skip
def test_a_wrong_body_is_a_line(server: GuardedServer, body: bytes) -> None:
    for path in ("/api/search", "/api/list"):
        answer = server.ask("POST", path, JSON, body)
        assert status(answer) in (400, 404, 410), (body[:50], answer[:300])
        assert error_of(answer)


@pytest.mark.skipif(sys.platform != "linux", reason="a proc file system")
def test_no_socket_is_left_behind(server: GuardedServer) -> None:
    def opened() -> int:
        return sum(1 for _ in Path("/proc/self/fd").iterdir())

    before = opened()
    for _ in range(50):
        server.ask("GET", "/api/health")
    assert opened() <= before + 10
