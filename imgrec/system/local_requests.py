"""Refuse requests that are not meant for a server of this machine, before the server sees them.

A server on the loopback interface is out of reach of other machines, but not of web pages: a page
can point a name of its own at 127.0.0.1 (DNS rebinding) and then read the answers, since for the
browser they are of the page's own origin. Such a request still carries the page's name in `Host`.
So only the loopback names are served. What a browser marks as sent by a page of another site is
refused too, except for following a link. A port is not compared: rebinding cannot change the name,
and a tunnel (`ssh -L`) may forward from any port.

Source: RFC 9112 (Host), RFC 6454 (Origin), Fetch Metadata Request Headers (W3C).
"""

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

WsgiApp = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]

_LOOPBACK = r"(?:127\.0\.0\.1|localhost|\[::1\])(?::[0-9]{1,5})?"
_HOST = re.compile(_LOOPBACK, re.IGNORECASE)
_ORIGIN = re.compile(rf"https?://{_LOOPBACK}", re.IGNORECASE)
_REFUSED = (
    b"403: this server answers its own machine only: "
    b"open it as 127.0.0.1, localhost or [::1], not by another name or from another site\n"
)


def names_loopback(host: str) -> bool:
    """Return whether a `Host` header names the loopback interface, with or without a port."""
    return _HOST.fullmatch(host) is not None


def follows_a_link(method: str, mode: str | None, destination: str | None) -> bool:
    """Return whether a request opens a page in a window of its own, as following a link does.

    Args:
        method: of HTTP.
        mode: the header `Sec-Fetch-Mode`.
        destination: the header `Sec-Fetch-Dest`.
    """
    return method == "GET" and (mode, destination) == ("navigate", "document")


def is_local(environ: Mapping[str, Any]) -> bool:
    """Return whether a request names this machine and was not sent by a page of another site.

    Args:
        environ: of WSGI. `HTTP_HOST` is the `Host` header, or the host of an absolute request URL.
    """
    if not names_loopback(environ.get("HTTP_HOST", "")):
        return False
    origin = environ.get("HTTP_ORIGIN")
    if origin is not None and not _ORIGIN.fullmatch(origin):
        return False
    return environ.get("HTTP_SEC_FETCH_SITE") != "cross-site" or _follows_a_link(environ)


def local_only(app: WsgiApp) -> WsgiApp:
    """Return an application that passes local requests on and answers all others with 403."""

    def guarded(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        if is_local(environ):
            return app(environ, start_response)
        # The body is not read, so the connection cannot be used for another request.
        headers = [("Content-Type", "text/plain"), ("Connection", "close")]
        headers.append(("Content-Length", str(len(_REFUSED))))
        start_response("403 Forbidden", headers)
        return [_REFUSED]

    return guarded


def _follows_a_link(environ: Mapping[str, Any]) -> bool:
    mode, to = environ.get("HTTP_SEC_FETCH_MODE"), environ.get("HTTP_SEC_FETCH_DEST")
    return follows_a_link(environ.get("REQUEST_METHOD", ""), mode, to)
