"""Headers that every response of the live page has: what a browser may do with it.

Source: Content Security Policy Level 3, Fetch (Cross-Origin-Resource-Policy), HTML (sandbox).
"""

from collections.abc import Sequence

from imgrec.serving.guards import FILES

Headers = list[tuple[bytes, bytes]]

_PAGE = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; "
    "connect-src 'self'; form-action 'none'; base-uri 'none'; frame-ancestors 'none'"
)
_SAME = "frame-ancestors 'self'"
# Answers and pictures do nothing, even where a browser shows one in a window of its own.
_ANSWER = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; sandbox"
# The site and the report have scripts and styles in their pages. Without allow-same-origin they are
# of an origin of their own: no cookie, no answer of the routes, nothing kept in the browser.
_FILE = (
    "default-src 'none'; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data: blob:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
    "sandbox allow-scripts allow-popups allow-popups-to-escape-sandbox allow-downloads"
)
_ALWAYS = {
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "permissions-policy": (
        "camera=(), microphone=(), geolocation=(), display-capture=(), payment=(), usb=()"
    ),
}


def with_security(
    path: str, headers: Sequence[tuple[bytes, bytes]], *, framed: bool = False
) -> Headers:
    """Return the headers of a response with those that restrict what a browser does with it.

    Args:
        path: of the request.
        headers: of the response, names in lower case. Its own policy of caching is kept; else it is
            not kept.
        framed: the page may lie in a frame of a page of the same origin.
    """
    ours = dict(_encoded(_ALWAYS | _of(path, framed)))
    # A header of the application that is set here too is dropped, never joined.
    kept = [pair for pair in headers if pair[0] not in ours and not pair[0].startswith(b"access-")]
    if not any(name == b"cache-control" for name, _ in kept):
        ours[b"cache-control"] = b"no-store"
    return kept + list(ours.items())


def _of(path: str, framed: bool) -> dict[str, str]:
    if path.startswith(FILES):
        # Their pages are of another origin than their pictures and scripts.
        return {"content-security-policy": _FILE, "cross-origin-resource-policy": "cross-origin"}
    policy = _ANSWER
    if path == "/" or path.startswith("/page/"):
        policy = _PAGE.replace("frame-ancestors 'none'", _SAME) if framed else _PAGE
    return {"content-security-policy": policy, "cross-origin-resource-policy": "same-origin"}


def _encoded(headers: dict[str, str]) -> Headers:
    return [(name.encode(), value.encode()) for name, value in headers.items()]
