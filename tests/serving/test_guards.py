"""Who may ask what, by the head of a request alone."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imgrec.serving.access import access_of, address_of
from imgrec.serving.guards import (
    MOST_JSON_BYTES,
    MOST_UPLOAD_BYTES,
    Access,
    Head,
    cookie_header,
    entrance,
    refusal,
)
from imgrec.serving.response_headers import with_security

ACCESS = Access(token="the-token", files="the-secret", port=8000, hosts=frozenset({"10.0.0.5"}))
HOST = ("host", "127.0.0.1:8000")
TOKEN = ("authorization", "Bearer the-token")
COOKIE = ("cookie", "imgrec-8000=the-token")
JSON = ("content-type", "application/json")
NAVIGATES = (("sec-fetch-mode", "navigate"), ("sec-fetch-dest", "document"))


def _status(method: str, path: str, *headers: tuple[str, str], query: str = "") -> int | None:
    refused = refusal(Head(method, path, query, headers), ACCESS)
    return refused.status if refused else None


@pytest.mark.parametrize(
    "host",
    [
        *("127.0.0.1", "127.0.0.1:8000", "localhost", "LocalHost:1", "[::1]", "[::1]:8000"),
        *("10.0.0.5", "10.0.0.5:8000"),
    ],
)
def test_the_names_of_this_machine_and_the_named_one_are_answered_at_any_port(host: str) -> None:
    assert _status("GET", "/api/store", ("host", host), TOKEN) is None


@pytest.mark.parametrize(
    "host",
    [
        *("evil.example", "evil.example:8000", "127.0.0.1.evil.example", "localhost.evil.example"),
        *("127.0.0.2", "0.0.0.0", "127.1", "2130706433", "0x7f000001", "localhost.", "10.0.0.6"),
        *("127.0.0.1@evil.example", "evil.example#127.0.0.1", "127.0.0.1:", "127.0.0.1:123456"),
        *("127.0.0.1:80:80", "127.0.0.1:٣", "127.0.0.1 evil.example", "", "[::]", "::"),
    ],
)
@pytest.mark.parametrize("path", ["/", "/page/main.js", "/api/store", "/files/the-secret/site/x"])
def test_no_other_name_is_answered_whatever_the_path_and_the_token(host: str, path: str) -> None:
    assert _status("GET", path, ("host", host), TOKEN, COOKIE) == 403


def test_a_request_without_or_with_two_hosts_is_refused() -> None:
    assert _status("GET", "/api/store", TOKEN) == 403
    assert _status("GET", "/api/store", HOST, HOST, TOKEN) == 403


def test_the_address_a_connection_came_to_is_a_name_of_the_server() -> None:
    head = Head("GET", "/api/store", "", [("host", "192.168.1.7:8000"), TOKEN], "192.168.1.7")
    assert refusal(head, ACCESS) is None
    six = Head("GET", "/api/store", "", [("host", "[fd00::7]:8000"), TOKEN], "fd00::7")
    assert refusal(six, ACCESS) is None
    rebound = Head("GET", "/api/store", "", [("host", "evil.example"), TOKEN], "192.168.1.7")
    assert refusal(rebound, ACCESS) is not None


@pytest.mark.parametrize(
    ("origin", "status"),
    [
        ("http://127.0.0.1:8000", None),
        ("https://127.0.0.1:8000", None),
        ("null", 403),
        ("", 403),
        ("http://127.0.0.1", 403),
        ("http://127.0.0.1:6006", 403),
        ("http://localhost:8000", 403),
        ("http://evil.example", 403),
        ("http://127.0.0.1:8000.evil.example", 403),
        ("file://", 403),
    ],
)
@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE", "OPTIONS"])
def test_only_the_very_same_origin_may_ask(origin: str, status: int | None, method: str) -> None:
    kind = ("content-type", "image/png") if method == "PUT" else JSON
    found = _status(method, "/api/search", HOST, ("origin", origin), TOKEN, kind)
    assert found == (status if method != "OPTIONS" else status or 405)


def test_two_origins_are_refused() -> None:
    own = ("origin", "http://127.0.0.1:8000")
    assert _status("GET", "/api/store", HOST, own, own, TOKEN) == 403


@pytest.mark.parametrize("site", ["cross-site", "same-site", "nonsense", ""])
def test_what_a_page_of_another_site_sends_is_refused_except_a_link_to_the_page(site: str) -> None:
    fetched = "sec-fetch-site", site
    for path in ("/", "/page/main.js", "/api/store", "/api/original/1"):
        assert _status("GET", path, HOST, fetched, TOKEN) == 403
        expected = None if path == "/" else 403
        assert _status("GET", path, HOST, fetched, TOKEN, *NAVIGATES) == expected
    assert _status("POST", "/", HOST, fetched, TOKEN, JSON, *NAVIGATES) == 403
    framed = ("sec-fetch-mode", "navigate"), ("sec-fetch-dest", "iframe")
    assert _status("GET", "/", HOST, fetched, *framed) == 403


@pytest.mark.parametrize("site", ["same-origin", "none"])
def test_what_the_page_and_the_user_send_is_answered(site: str) -> None:
    assert _status("GET", "/api/store", HOST, ("sec-fetch-site", site), COOKIE) is None


@pytest.mark.parametrize(
    "header",
    [
        ("authorization", "Bearer the-token"),
        ("authorization", "bearer  the-token"),
        ("cookie", "imgrec-8000=the-token"),
        ("cookie", "a=b; imgrec-8000=the-token; c=d"),
        ("cookie", "imgrec-8000=old; imgrec-8000=the-token"),
    ],
)
def test_the_token_opens_every_route(header: tuple[str, str]) -> None:
    assert _status("GET", "/api/store", HOST, header) is None


@pytest.mark.parametrize(
    "headers",
    [
        (),
        (("authorization", "Bearer the-toke"),),
        (("authorization", "Bearer the-token2"),),
        (("authorization", "Bearer"),),
        (("authorization", "Bearer "),),
        (("authorization", "the-token"),),
        (("authorization", "Basic the-token"),),
        (("authorization", "Bearer the-secret"),),
        (("authorization", "Bearer tökén"),),
        (TOKEN, TOKEN),
        (("cookie", "imgrec-8001=the-token"),),
        (("cookie", "imgrec-8000="),),
        (("cookie", "imgrec-8000"),),
        (("cookie", "ximgrec-8000=the-token"),),
        (("x-token", "the-token"),),
        (("authorization", "Bearer wrong"), COOKIE),
    ],
)
@pytest.mark.parametrize("path", ["/api/store", "/api/health", "/nothing", "/pages", "//", "/page"])
def test_without_the_token_nothing_is_answered(
    headers: tuple[tuple[str, str], ...], path: str
) -> None:
    assert _status("GET", path, HOST, *headers) == 401
    assert _status("GET", path, HOST, *headers, query="token=the-token") == 401


def test_the_page_itself_needs_no_token_but_no_other_one() -> None:
    assert _status("GET", "/", HOST) is None
    assert _status("GET", "/page/main.js", HOST) is None
    assert _status("GET", "/", HOST, query="like=3") is None
    assert _status("GET", "/", HOST, query="token=wrong") == 401
    assert _status("GET", "/", HOST, query="token=the-token&token=the-token") == 401


@pytest.mark.parametrize(
    ("query", "place"),
    [
        ("token=the-token", "/"),
        ("token=the-token&like=12,~3&where=class%3Ddog", "/?like=12,~3&where=class%3Ddog"),
        ("like=&token=the-token", "/?like="),
        ("token=the-token&a=%0d%0aSet-Cookie:%20x", "/?a=%0D%0ASet-Cookie:+x"),
        ("token=wrong", None),
        ("token=", None),
        ("", None),
        ("Token=the-token", None),
    ],
)
def test_the_first_visit_goes_on_without_the_token(query: str, place: str | None) -> None:
    assert entrance(Head("GET", "/", query), ACCESS) == place
    assert entrance(Head("GET", "/api/store", query), ACCESS) is None
    assert entrance(Head("POST", "/", query), ACCESS) is None


@given(st.text(max_size=60))
def test_no_query_leads_out_of_the_page_or_into_a_header(text: str) -> None:
    from urllib.parse import quote

    place = entrance(Head("GET", "/", f"token=the-token&{quote(text)}"), ACCESS)
    if place is not None:
        assert re.fullmatch(r"/(\?[!-~]*)?", place)


def test_the_cookie_is_kept_from_scripts_and_other_sites() -> None:
    value, *rules = cookie_header(ACCESS).split("; ")
    assert value == "imgrec-8000=the-token"
    assert set(rules) == {"HttpOnly", "SameSite=Strict", "Path=/"}


@pytest.mark.parametrize(
    ("method", "kind", "status"),
    [
        ("POST", "application/json", None),
        ("POST", "application/json; charset=utf-8", None),
        ("POST", "APPLICATION/JSON", None),
        ("POST", "text/plain", 415),
        ("POST", "application/x-www-form-urlencoded", 415),
        ("POST", "multipart/form-data; boundary=x", 415),
        ("POST", "text/plain; application/json", 415),
        ("POST", "", 415),
        ("PUT", "image/jpeg", None),
        ("PUT", "image/svg+xml", None),
        ("PUT", "application/octet-stream", None),
        ("PUT", "text/plain", 415),
        ("PUT", "multipart/form-data", 415),
        ("PUT", "image/", 415),
    ],
)
def test_a_form_of_a_browser_cannot_send_what_is_taken(
    method: str, kind: str, status: int | None
) -> None:
    assert _status(method, "/api/x", HOST, TOKEN, ("content-type", kind)) == status


def test_a_body_without_a_type_is_refused() -> None:
    assert _status("POST", "/api/search", HOST, TOKEN) == 415
    assert _status("PUT", "/api/pictures", HOST, TOKEN) == 415


@pytest.mark.parametrize(
    ("method", "kind", "most"),
    [("POST", "application/json", MOST_JSON_BYTES), ("PUT", "image/png", MOST_UPLOAD_BYTES)],
)
def test_a_body_is_bounded_by_its_declared_length(method: str, kind: str, most: int) -> None:
    def status(length: str) -> int | None:
        headers = HOST, TOKEN, ("content-type", kind), ("content-length", length)
        return _status(method, "/api/x", *headers)

    assert status(str(most)) is None
    assert status(str(most + 1)) == 413
    assert status("9" * 30) == 413
    assert status("-1") == status("x") == status("١") == status("1e3") == 400


@pytest.mark.parametrize("method", ["TRACE", "OPTIONS", "PATCH", "CONNECT", "get", "PROPFIND"])
def test_other_methods_are_refused(method: str) -> None:
    assert _status(method, "/api/store", HOST, TOKEN) == 405


def test_the_files_need_their_secret_and_no_token() -> None:
    sandboxed = ("origin", "null"), ("sec-fetch-site", "cross-site")
    assert _status("GET", "/files/the-secret/site/index.html", HOST, *sandboxed) is None
    assert _status("HEAD", "/files/the-secret/site/index.html", HOST) is None
    for path in ("/files/", "/files/x/site/index.html", "/files/the-token/site/index.html",
                 "/files/the-secretx/site/index.html", "/files//site/index.html"):  # fmt: skip
        assert _status("GET", path, HOST, TOKEN, COOKIE) == 404
    assert _status("POST", "/files/the-secret/site/index.html", HOST, JSON) == 404


def test_every_response_restricts_the_browser_and_allows_no_other_origin() -> None:
    def sent(path: str) -> dict[bytes, bytes]:
        own = [(b"content-type", b"text/html"), (b"access-control-allow-origin", b"*"),
               (b"content-security-policy", b"default-src *")]  # fmt: skip
        found = with_security(path, own)
        assert len({name for name, _ in found}) == len(found)
        return dict(found)

    for path in ("/", "/page/main.js", "/api/store", "/files/x/site/index.html", "/nothing"):
        headers = sent(path)
        assert headers[b"x-content-type-options"] == b"nosniff"
        assert headers[b"referrer-policy"] == b"no-referrer"
        assert headers[b"cache-control"] == b"no-store"
        assert b"access-control-allow-origin" not in headers
        policy = headers[b"content-security-policy"].decode()
        assert "default-src 'none'" in policy
        assert "frame-ancestors 'none'" in policy
        assert "*" not in policy
        assert "allow-same-origin" not in policy
    assert b"'unsafe-inline'" not in sent("/")[b"content-security-policy"]
    assert b"sandbox" in sent("/api/original/1")[b"content-security-policy"]
    assert b"sandbox allow-scripts" in sent("/files/x/site/i")[b"content-security-policy"]
    assert sent("/api/store")[b"cross-origin-resource-policy"] == b"same-origin"


def test_tokens_are_new_each_time_and_the_address_has_the_right_one() -> None:
    first, second = access_of("127.0.0.1", 8000), access_of("127.0.0.1", 8000)
    assert len({first.token, first.files, second.token, second.files}) == 4
    assert min(len(first.token), len(first.files)) >= 32
    assert first.token not in repr(first)
    assert address_of("127.0.0.1", first) == f"http://127.0.0.1:8000/?token={first.token}"
    assert address_of("::1", first).startswith("http://[::1]:8000/?token=")
