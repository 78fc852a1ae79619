"""Calls of the live page in its frame, through WSGI, without a server."""

import io
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote_to_bytes
from wsgiref.util import setup_testing_defaults
from wsgiref.validate import validator

from imgrec.serving.guards import Access
from imgrec.serving.routes import Reply
from imgrec.serving.service import Service
from imgrec.serving.wsgi import FramedPage
from serving_contract import Answered, Caller

ACCESS = Access(token="the-token", files="the-secret")
BELOW = "/data/plugin/imgrec"
INSIDE = f"{BELOW}/{ACCESS.token}"


def framed(service: Service) -> FramedPage:
    """Return the page of a service, which opens with the module `opened`."""
    return FramedPage(
        service, ACCESS, BELOW, lambda refused: Reply(b"opened" if refused is None else b"closed"),
        {"/": lambda _: Reply(b"<!doctype html>", "text/html; charset=utf-8"),
         "/files/{secret}/{which}/{file:path}": lambda call: Reply(call.path["file"].encode())},
    )  # fmt: skip


def environ_of(
    method: str, path: str, headers: Mapping[str, str], body: bytes = b"", peer: str = "127.0.0.1"
) -> dict[str, Any]:
    """Return what a server hands to an application; a header that is "" is left out."""
    path, _, query = path.partition("?")
    environ: dict[str, Any] = {
        "REQUEST_METHOD": method,
        "PATH_INFO": unquote_to_bytes(path).decode("latin-1"),
        "QUERY_STRING": query,
        "REMOTE_ADDR": peer,
        "SCRIPT_NAME": "",
        "wsgi.input": io.BytesIO(body),
    }
    named = {"host": "127.0.0.1:6006", "content-length": str(len(body))} | dict(headers)
    for name, value in named.items():
        if value:
            key = name.upper().replace("-", "_")
            environ[key if key.startswith("CONTENT_") else f"HTTP_{key}"] = value
    setup_testing_defaults(environ)
    if not named["host"]:
        del environ["HTTP_HOST"]
    return environ


def answered(page: FramedPage, environ: dict[str, Any]) -> Answered:
    """Return what the page answers; fail if it breaks a rule of PEP 3333."""
    head: list[Any] = []

    def start(status: str, headers: list[tuple[str, str]], _: object = None) -> object:
        head[:] = [int(status[:3]), {name.lower(): value for name, value in headers}]
        return head.append

    # The checker gives no `read1`, and forbids to keep what it was given.
    parts = validator(page)(environ, start)  # type: ignore[arg-type]
    try:
        body = b"".join(parts)
    finally:
        parts.close()  # type: ignore[attr-defined]
    return Answered(head[0], head[1], body)


def caller(service: Service) -> Caller:
    """Return what calls a service through WSGI, below the token."""
    page = framed(service)

    def call(method: str, path: str, headers: Mapping[str, str], body: bytes) -> Answered:
        return answered(page, environ_of(method, f"{INSIDE}{path}", headers, body))

    return call
