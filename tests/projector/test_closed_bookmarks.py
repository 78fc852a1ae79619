"""Tests of the script that keeps the list of bookmarks closed: how it is sent, and to whom."""

import gzip
import shutil
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import ProxyHandler, Request, build_opener

import pytest
import tensorboard
from werkzeug.test import Client, TestResponse
from werkzeug.wrappers import Response

from imgrec.store.store import Store
from projector import ProjectorOptions, write_logdir
from projector.closed_bookmarks import PAGE, SCRIPT, closed_bookmarks
from projector_page import Server, served

_ASSETS = Path(tensorboard.__file__).parent / "plugins" / "projector" / "tf_projector_plugin"
_TAG = b'<script src="closed_bookmarks.js"></script>'


@pytest.fixture(scope="module")
def server(photo_store: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Yield a server of a logdir."""
    folder = tmp_path_factory.mktemp("closed")
    shutil.copytree(photo_store, folder / "store")
    with Store.open(folder / "store") as store:
        write_logdir(store, folder / "log", options=ProjectorOptions(methods=()))
    with served(folder / "log") as found:
        yield found


def _fetched(server: Server, path: str, **headers: str) -> tuple[bytes, dict[str, str]]:
    address = server.address.replace("/#projector", path)
    with build_opener(ProxyHandler({})).open(Request(address, headers=headers)) as answer:
        return answer.read(), dict(answer.headers)


@pytest.mark.parametrize("encoding", ["gzip", "identity"])
def test_the_page_is_the_installed_one_with_one_more_script(server: Server, encoding: str) -> None:
    body, headers = _fetched(server, PAGE, **{"Accept-Encoding": encoding})
    installed = (_ASSETS / "projector_binary.html").read_bytes()
    assert body.count(_TAG) == 1
    assert body.replace(_TAG, b"") == installed
    # Before the script that defines the elements of the page.
    assert body.index(_TAG) < body.index(b'<script src="projector_binary.js">')
    assert int(headers["Content-Length"]) == len(body)
    assert "Content-Encoding" not in headers
    # A script of its own origin needs no exception to the policy.
    policies = dict(part.split(" ", 1) for part in headers["Content-Security-Policy"].split(";"))
    assert "'self'" in policies["script-src"].split()


def test_the_script_is_javascript_and_names_what_the_page_has(server: Server) -> None:
    body, headers = _fetched(server, SCRIPT)
    assert headers["Content-Type"] == "text/javascript; charset=utf-8"
    installed = (_ASSETS / "projector_binary.js").read_text("utf-8")
    for name in ("vz-projector-bookmark-panel", "_expandMore"):
        assert name in body.decode()
        assert name in installed


def test_everything_else_is_sent_as_it_is(server: Server) -> None:
    body, headers = _fetched(
        server, "/data/plugin/projector/projector_binary.js", **{"Accept-Encoding": "gzip"}
    )
    assert headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(body) == (_ASSETS / "projector_binary.js").read_bytes()


@pytest.mark.parametrize("path", [PAGE, SCRIPT])
def test_another_site_gets_neither(server: Server, path: str) -> None:
    with pytest.raises(HTTPError, match="403"):
        _fetched(server, path, Host="evil.example")


def _answer(page: bytes, path: str, method: str = "GET", status: int = 200) -> TestResponse:
    """Return the answer of a server whose every page is `page`."""

    def app(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        return Response(page, status, content_type="text/html")(environ, start_response)

    return Client(closed_bookmarks(app)).open(path, method=method)


def test_a_page_of_another_version_is_not_changed() -> None:
    page = b"<body><script type=module src='main.mjs'></script></body>"
    assert _answer(page, PAGE).data == page
    assert _answer(page, PAGE, status=404).status_code == 404


def test_other_paths_and_methods_reach_the_server() -> None:
    page = b'<script src="projector_binary.js"></script>'
    assert _answer(page, f"/other{PAGE}").data == page
    assert _answer(page, "/").data == page
    assert _answer(page, SCRIPT, "POST").data == page
    assert _answer(page, PAGE, "HEAD").headers["Content-Length"] == str(len(page))
    assert _answer(page, PAGE).data == _TAG + page
