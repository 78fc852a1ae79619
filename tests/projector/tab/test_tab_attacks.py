"""Attacks on the tab over real sockets: what reaches TensorBoard does not reach the store."""

import json
import re
import socket
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

import strangers
from guarded_server import parts, read_all, status
from imgrec.serving.guards import MOST_JSON_BYTES
from imgrec.serving.routes import ROUTES
from tab_server import BELOW, TabServer, tensorboard

JSON = "Content-Type: application/json\r\n"
ASKED = [(route.method, re.sub(r"{\w+}", "1", route.path)) for route in ROUTES]


def answer(server: TabServer, request: bytes) -> bytes:
    """Send bytes; return everything that comes back."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=60) as connection:
        connection.sendall(request)
        return read_all(connection)


def ask(
    server: TabServer, method: str, path: str, headers: str = "", body: bytes = b"",
    host: str | None = None,
) -> bytes:  # fmt: skip
    named = f"Host: {host or f'127.0.0.1:{server.port}'}\r\n"
    if method in ("POST", "PUT"):
        named += f"Content-Length: {len(body)}\r\n"
    head = f"{method} {path} HTTP/1.1\r\n{named}{headers}\r\n"
    return answer(server, head.encode("latin-1") + body)


@pytest.fixture(scope="module")
def inside(server: TabServer) -> str:
    """Return the path of the page, which only the module of the tab says."""
    _, body = parts(ask(server, "GET", f"{BELOW}/index.js"))
    found = re.search(rb'\$\{"([\w-]{32})"\}', body)
    assert found, body
    return f"{BELOW}/{found[1].decode()}"


def _kind(method: str) -> str:
    return {"POST": JSON, "PUT": "Content-Type: image/png\r\n"}.get(method, "")


@pytest.mark.parametrize(("method", "path"), ASKED)
def test_every_route_refuses_strangers_of_each_kind(
    server: TabServer, inside: str, method: str, path: str
) -> None:
    def refused(headers: str = "", host: str | None = None, place: str = inside) -> int:
        found = ask(server, method, f"{place}{path}", _kind(method) + headers, b"{}", host)
        assert b"access-control" not in found.lower()
        return status(found)

    assert {refused(host=name) for name in strangers.other_names(server.port)} == {403}
    assert {refused(headers) for headers in strangers.HEADERS} == {403}
    for wrong in (BELOW, f"{BELOW}/x", f"{BELOW}/{'x' * 32}", f"{inside[:-1]}", f"{inside}x"):
        assert refused(place=wrong) == 401


@pytest.mark.parametrize(
    "headers",
    ["Origin: http://evil.example\r\n", "Origin: null\r\n",
     strangers.CROSS.format("no-cors", "script"), strangers.CROSS.format("cors", "script"),
     strangers.CROSS.format("navigate", "document"),
     "Sec-Fetch-Site: same-site\r\nSec-Fetch-Mode: no-cors\r\n"],
)  # fmt: skip
def test_no_other_site_is_told_the_token(server: TabServer, inside: str, headers: str) -> None:
    token = inside.rpartition("/")[2].encode()
    found = ask(server, "GET", f"{BELOW}/index.js", headers)
    assert token not in found
    for path in ("/", "/data/plugins_listing", "/data/plugin_entry.html?name=imgrec",
                 "/data/environment", "/data/logdir"):  # fmt: skip
        assert token not in ask(server, "GET", path)


def test_no_other_name_is_told_the_token(server: TabServer, inside: str, made: Path) -> None:
    token = inside.rpartition("/")[2].encode()
    for host in ("evil.example", "localhost.evil.example", "127.0.0.2", "0.0.0.0", "[::]"):
        found = ask(server, "GET", f"{BELOW}/index.js", host=host)
        assert token not in found
        assert str(made / "store").encode() not in found


def test_the_module_is_not_kept_nor_readable_elsewhere(server: TabServer) -> None:
    headers, _ = parts(ask(server, "GET", f"{BELOW}/index.js"))
    assert headers["cache-control"] == "no-store"
    assert headers["cross-origin-resource-policy"] == "same-origin"
    assert headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize("method", ["OPTIONS", "TRACE", "PATCH", "CONNECT"])
def test_a_preflight_and_odd_methods_are_refused(
    server: TabServer, inside: str, method: str
) -> None:
    asked = "Origin: http://evil.example\r\nAccess-Control-Request-Method: POST\r\n"
    found = ask(server, method, f"{inside}/api/list", asked)
    assert status(found) in (403, 405)
    assert b"access-control-allow" not in found.lower()
    assert status(ask(server, method, f"{inside}/api/list")) == 405


def test_bodies_are_bounded_and_their_rest_is_no_request(server: TabServer, inside: str) -> None:
    head = f"POST {inside}/api/list HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\n{JSON}"
    large = f"{head}Content-Length: {MOST_JSON_BYTES + 1}\r\n\r\n".encode()
    assert status(answer(server, large + b" " * (MOST_JSON_BYTES + 1))) == 413
    chunked = f"{head}Transfer-Encoding: chunked\r\n\r\n".encode()
    assert status(answer(server, chunked + b"8\r\n" + b'{"k": 1}\r\n0\r\n\r\n')) == 411
    hidden = f"GET {inside}/api/store HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\n\r\n"
    for kind in ("text/plain", "application/json"):
        sent = head.replace("application/json", kind) + "Content-Length: 2\r\n\r\n{}"
        assert answer(server, (sent + hidden).encode()).count(b"HTTP/1.1 ") == 1


def test_a_client_that_sends_half_a_body_holds_nobody_up(server: TabServer, inside: str) -> None:
    head = f"PUT {inside}/api/pictures HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\n"
    head += "Content-Type: image/png\r\nContent-Length: 1000\r\n\r\nhalf"
    opened = [socket.create_connection(("127.0.0.1", server.port), timeout=60) for _ in range(12)]
    try:
        for connection in opened:
            connection.sendall(head.encode())
        found = ask(server, "POST", f"{inside}/api/list", JSON, b'{"k": 1}')
        assert status(found) == 200
    finally:
        for connection in opened:
            connection.close()


def test_tensorboard_has_no_complaint_about_the_answers(server: TabServer, inside: str) -> None:
    """It checks types and policies of what plugins send, and says what it will refuse one day."""
    for path in (f"{BELOW}/index.js", f"{inside}/", f"{inside}/page/any/main.js", f"{inside}/none",
                 f"{inside}/api/store", f"{inside}/api/thumb/1"):  # fmt: skip
        assert status(ask(server, "GET", path)) in (200, 404)
    assert "warning will become an error" not in "".join(server.said)


@pytest.fixture(scope="module")
def open_server(made: Path) -> Iterator[TabServer]:
    """Serve on every address of this machine, as `--bind_all` does."""
    named = f"--imgrec_store={made / 'store'}"
    with tensorboard([made / "installed"], made / "log", named, host="0.0.0.0") as running:
        yield running


def _own_address() -> str:
    """Return an address of this machine that other machines reach; none: skip the test."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            # Sends nothing.
            probe.connect(("192.0.2.1", 9))
        except OSError:
            pytest.skip("this machine has no address but that of its loopback interface")
        return str(probe.getsockname()[0])


def test_who_comes_over_the_network_is_refused_whatever_name_is_sent(
    open_server: TabServer, made: Path
) -> None:
    address = _own_address()
    if address.startswith("127."):
        pytest.skip("this machine has no address but that of its loopback interface")
    with urllib.request.urlopen(f"{open_server.origin}{BELOW}/index.js") as found:
        token = re.search(rb'\$\{"([\w-]{32})"\}', found.read())
    assert token
    for path in ("index.js", f"{token[1].decode()}/api/store", "x/api/store"):
        request = f"GET {BELOW}/{path} HTTP/1.1\r\nHost: 127.0.0.1:{open_server.port}\r\n\r\n"
        with socket.create_connection((address, open_server.port), timeout=60) as connection:
            connection.sendall(request.encode())
            found_there = read_all(connection)
        assert token[1] not in found_there
        assert str(made).encode() not in found_there
        assert b"only the machine that TensorBoard runs on" in found_there
        assert status(found_there) == (200 if path == "index.js" else 403)


def test_no_file_in_a_logdir_names_a_store(made: Path, tmp_path: Path) -> None:
    (tmp_path / "log").mkdir()
    for name in ("projector.json", "imgrec.json", "store.json", "imgrec_store"):
        (tmp_path / "log" / name).write_text(json.dumps({"store": str(made / "store")}))
    (tmp_path / "log" / "imgrec-store").symlink_to(made / "store")
    with tensorboard([made / "installed"], tmp_path / "log") as running:
        with urllib.request.urlopen(f"{running.origin}/data/plugins_listing") as found:
            assert "imgrec" not in json.load(found)
        assert status(ask(running, "GET", f"{BELOW}/index.js")) == 404
