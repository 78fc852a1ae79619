"""The served TensorBoard answers requests for this machine only; tested over a real socket."""

import re
import shutil
import socket
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

import strangers
from imgrec.store.store import Store
from projector import ProjectorOptions, write_logdir
from projector_page import served

ROUTES = (
    *("/", "/index.js", "/data/plugins_listing", "/data/environment", "/data/logdir", "/data/runs"),
    *("/data/plugin/projector/runs", "/data/plugin/projector/info?run=all+24+pictures"),
    *("/data/plugin_entry.html?name=projector", "/no/such/route"),
)
STRANGE = (
    *("evil.example", "evil.example:{port}", "127.0.0.1.evil.example", "localhost.evil.example"),
    *("127.0.0.2", "0.0.0.0", "[::]", "::1", "127.1", "2130706433", "localhost.", "user@localhost"),
    *("127.0.0.1:", "127.0.0.1:x", "127.0.0.1:123456", "127.0.0.1, evil.example", "127.0.0.1/", ""),
)


@pytest.fixture(scope="module")
def port(photo_store: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """Return the port of a served logdir."""
    folder = tmp_path_factory.mktemp("local")
    shutil.copytree(photo_store, folder / "store")
    with Store.open(folder / "store") as store:
        write_logdir(store, folder / "log", options=ProjectorOptions(methods=()))
    with served(folder / "log") as server:
        found = urlsplit(server.address).port
        assert found
        yield found


def _answer(port: int, host: str | None, path: str = "/data/runs", more: str = "") -> bytes:
    """Send a request whose headers are exactly these; return everything that comes back."""
    named = "" if host is None else f"Host: {host}\r\n"
    request = more if more.startswith("POST") else f"GET {path} HTTP/1.1\r\n{named}{more}\r\n"
    with socket.create_connection(("127.0.0.1", port), timeout=30) as opened:
        opened.sendall(request.encode())
        opened.shutdown(socket.SHUT_WR)
        return b"".join(iter(lambda: opened.recv(65_536), b""))


def _status(answer: bytes) -> int:
    found = re.match(rb"HTTP/1\.\d (\d+) ", answer)
    assert found, answer[:200]
    return int(found[1])


@pytest.mark.parametrize("path", ROUTES)
def test_every_route_refuses_a_rebound_name_and_answers_our_own(port: int, path: str) -> None:
    refused = _answer(port, f"evil.example:{port}", path)
    assert _status(refused) == 403
    assert refused.endswith(b"not by another name or from another site\n")
    assert _status(_answer(port, f"127.0.0.1:{port}", path)) == (404 if "/no/" in path else 200)


@pytest.mark.parametrize("host", STRANGE)
def test_no_other_host_is_answered(port: int, host: str) -> None:
    assert _status(_answer(port, host.format(port=port))) == 403


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "LOCALHOST", "[::1]"])
def test_the_names_of_this_machine_are_answered_with_any_port(port: int, host: str) -> None:
    # 1 stands for the other end of a tunnel.
    for named in (host, f"{host}:{port}", f"{host}:1"):
        assert _status(_answer(port, named)) == 200


def test_the_host_of_an_absolute_url_counts_and_a_missing_host_does_not_pass(port: int) -> None:
    assert _status(_answer(port, "localhost", "http://evil.example/data/runs")) == 403
    assert _status(_answer(port, "evil.example", "http://localhost/data/runs")) == 200
    assert _status(_answer(port, None)) == 403
    assert _status(_answer(port, "localhost", more="Host: evil.example\r\n")) == 403


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ("Origin: http://evil.example\r\n", 403),
        ("Origin: null\r\n", 403),
        ("Origin: http://localhost.evil.example\r\n", 403),
        ("Origin: http://127.0.0.1:{port}\r\n", 200),
        ("Origin: http://localhost:8888\r\n", 200),
        (strangers.CROSS.format("no-cors", "image"), 403),
        (strangers.CROSS.format("no-cors", "script"), 403),
        (strangers.CROSS.format("navigate", "iframe"), 403),
        (strangers.CROSS.format("cors", "empty"), 403),
        # A link in a mail or a chat to the printed address.
        (strangers.CROSS.format("navigate", "document"), 200),
        ("Sec-Fetch-Site: same-origin\r\nSec-Fetch-Mode: cors\r\n", 200),
        ("Sec-Fetch-Site: none\r\nSec-Fetch-Mode: navigate\r\n", 200),
    ],
)
def test_pages_of_other_sites_are_refused_but_for_links(
    port: int, headers: str, status: int
) -> None:
    assert _status(_answer(port, "127.0.0.1", more=headers.format(port=port))) == status


def test_the_body_of_a_refused_request_is_not_read_as_a_request(port: int) -> None:
    hidden = f"GET /data/runs HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\r\n"
    head = "POST /data/runs HTTP/1.1\r\nHost: evil.example\r\n"
    answer = _answer(port, None, more=f"{head}Content-Length: {len(hidden)}\r\n\r\n{hidden}")
    assert _status(answer) == 403
    assert answer.count(b"HTTP/1.1 ") == 1
