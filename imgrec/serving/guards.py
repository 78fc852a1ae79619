"""Who may ask the live page what: decided from the head of a request alone, before its body.

Four kinds of strangers reach a server on a loopback interface, each past some of these checks:

- a web page that has pointed a name of its own at 127.0.0.1 (DNS rebinding): `Host` names it;
- a page of another site that sends a form, loads a picture or calls `fetch`: `Origin` and
  `Sec-Fetch-Site` name it, its cookies lack the token (`SameSite=Strict`), and what changes
  anything takes a content type that no form can send. No answer allows another origin (CORS);
- a page of another server on this machine: for a cookie it is the same site, so `Origin` and
  `Sec-Fetch-Site` must be of the same origin;
- a program or a user of this machine without the token: 401.

The page itself is open to all who name the server rightly: it holds nothing of the store. So a link
to it works from anywhere, and what it then asks is of its own origin.

Source: RFC 9110, RFC 6454 (Origin), RFC 6265bis (SameSite), Fetch Metadata Request Headers (W3C).
"""

import hashlib
import hmac
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, urlencode

from imgrec.system.local_requests import follows_a_link, names_loopback

MOST_UPLOAD_BYTES = 64 << 20
MOST_JSON_BYTES = 1 << 20
FILES = "/files/"
_OPEN = "/page/"
_PORT = re.compile(r":[0-9]{1,5}\Z")
_PICTURE = re.compile(r"image/[a-z0-9.+-]{1,60}|application/octet-stream")
_BODIES = {"POST": MOST_JSON_BYTES, "PUT": MOST_UPLOAD_BYTES}
_METHODS = ("GET", "HEAD", "POST", "PUT", "DELETE")
_NAMED = "open it as 127.0.0.1, localhost or [::1]"
_NO_TOKEN = "the token is absent or not of this server: open the address that imgrec serve printed"


@dataclass(frozen=True)
class Access:
    """What opens a server, and by which names it may be called.

    Attributes:
        token: of the printed address, the cookie and the header `Authorization`.
        files: part of the paths of the network site and the report, unguessable too: their pages
            have no cookie, see `imgrec.serving.folders`.
        port: that the server listens on; the cookie is named by it, since cookies do not know
            ports and a second server would take the cookie of the first.
        hosts: names beside those of the loopback interface, in lower case, without a port and
            without the brackets of IPv6.
    """

    token: str = field(repr=False)
    files: str = field(repr=False)
    port: int = 0
    hosts: frozenset[str] = field(default=frozenset())

    @property
    def cookie(self) -> str:
        """The name of the cookie."""
        return f"imgrec-{self.port}"

    @property
    def start(self) -> str:
        """What tells the answers of this start of the server from those of another.

        It is public: the token does not follow from it.
        """
        return hashlib.blake2b(
            self.token.encode(), digest_size=8, person=b"imgrec-start"
        ).hexdigest()


@dataclass(frozen=True)
class Head:
    """The head of a request.

    Attributes:
        method: of HTTP.
        path: decoded, without the query.
        query: as it was sent.
        headers: names in lower case, and values; a name may come twice.
        server: the address of this machine that the connection came to, "" if not known.
    """

    method: str
    path: str
    query: str = ""
    headers: Sequence[tuple[str, str]] = ()
    server: str = ""

    def all_of(self, name: str) -> list[str]:
        """Return the values of a header."""
        return [value for key, value in self.headers if key == name]

    def one(self, name: str) -> str | None:
        """Return the value of a header; None if it is absent, "" if it is there twice."""
        values = self.all_of(name)
        return None if not values else values[0].strip() if len(values) == 1 else ""


@dataclass(frozen=True)
class Refusal:
    """Why a request is refused: a status code of HTTP, and a line."""

    status: int
    text: str


def refusal(head: Head, access: Access) -> Refusal | None:
    """Return why a request is refused; None if it may be answered."""
    return of_host(head, access) or of_origin(head) or _of_token(head, access) or of_body(head)


def most_bytes(head: Head) -> int:
    """Return the size that the body of a request may have; 0 where none is read."""
    return _BODIES.get(head.method, 0)


def entrance(head: Head, access: Access) -> str | None:
    """Return where a first visit with the right token in its address goes on, else None.

    It is the page with the other parameters of its address, without the token.
    """
    if head.path != "/" or head.method != "GET":
        return None
    given = parse_qsl(head.query, keep_blank_values=True)
    tokens = [value for key, value in given if key == "token"]
    if len(tokens) != 1 or not same(tokens[0], access.token):
        return None
    rest = urlencode([pair for pair in given if pair[0] != "token"], safe=",~/:")
    return f"/?{rest}" if rest else "/"


def cookie_header(access: Access) -> str:
    """Return the value of `Set-Cookie`: a cookie of the session that no script reads."""
    return f"{access.cookie}={access.token}; HttpOnly; SameSite=Strict; Path=/"


def has_token(head: Head, access: Access) -> bool:
    """Return whether a request has the token, in its cookie or in `Authorization: Bearer`."""
    authorization = head.one("authorization")
    if authorization is not None:
        scheme, _, given = authorization.partition(" ")
        return scheme.lower() == "bearer" and same(given.strip(), access.token)
    return any(same(value, access.token) for value in _cookies(head, access.cookie))


def opens_files(head: Head, access: Access) -> bool:
    """Return whether the path of a request leads into the site or the report, by their secret."""
    if head.method not in ("GET", "HEAD") or not head.path.startswith(FILES):
        return False
    return same(head.path.removeprefix(FILES).partition("/")[0], access.files)


def of_host(head: Head, access: Access) -> Refusal | None:
    """Refuse a name that is none of this server."""
    host = head.one("host") or ""
    name = _PORT.sub("", host).lower().strip("[]")
    if names_loopback(host) or (name and name in (*access.hosts, head.server)):
        return None
    return Refusal(403, f"this server does not answer to this name: {_NAMED}")


def of_origin(head: Head) -> Refusal | None:
    """Refuse what a page of another origin sends, but for following a link to the page."""
    if head.path.startswith(FILES):
        # Their pages are of no origin, and whoever knows their secret is one of them.
        return None
    origin, host = head.one("origin"), head.one("host")
    if origin is not None and origin not in (f"http://{host}", f"https://{host}"):
        return Refusal(403, "this server does not answer pages of other origins")
    if head.one("sec-fetch-site") in (None, "same-origin", "none"):
        return None
    mode, destination = head.one("sec-fetch-mode"), head.one("sec-fetch-dest")
    if head.path == "/" and follows_a_link(head.method, mode, destination):
        return None
    return Refusal(403, "this server does not answer pages of other sites")


def _of_token(head: Head, access: Access) -> Refusal | None:
    if head.path.startswith(FILES):
        return None if opens_files(head, access) else Refusal(404, "there is no such file")
    if has_token(head, access):
        return None
    if head.path == "/":
        # A token in the address that is not this server's is no visit of the page.
        return Refusal(401, _NO_TOKEN) if _names_another_token(head, access) else None
    return None if head.path.startswith(_OPEN) else Refusal(401, _NO_TOKEN)


def of_body(head: Head) -> Refusal | None:
    """Refuse a method that is not known, and a body of another type or too large."""
    if head.method not in _METHODS:
        return Refusal(405, f"the method {head.method[:20]} is not known here")
    most = most_bytes(head)
    if not most:
        return None
    kind = (head.one("content-type") or "").partition(";")[0].strip().lower()
    if head.method == "POST" and kind != "application/json":
        return Refusal(415, "the body must be application/json")
    if head.method == "PUT" and not _PICTURE.fullmatch(kind):
        return Refusal(415, "the body must be a picture: image/… or application/octet-stream")
    length = head.one("content-length")
    if length is not None and not (length.isascii() and length.isdigit()):
        return Refusal(400, "the length of the body is no number")
    if length is not None and (len(length) > 18 or int(length) > most):
        return too_large(most)
    return None


def too_large(most: int) -> Refusal:
    """Return the refusal of a body of more than so many bytes."""
    return Refusal(413, f"the body is larger than {most >> 20} MiB")


def same(given: str, expected: str) -> bool:
    """Return whether two texts are equal, in constant time."""
    # Bytes: texts that are not ASCII cannot be compared in constant time.
    return hmac.compare_digest(given.encode("utf-8", "replace"), expected.encode())


def _cookies(head: Head, name: str) -> Iterable[str]:
    for line in head.all_of("cookie"):
        for pair in line.split(";"):
            key, _, value = pair.strip().partition("=")
            if key == name:
                yield value


def _names_another_token(head: Head, access: Access) -> bool:
    return entrance(head, access) is None and any(
        key == "token" for key, _ in parse_qsl(head.query, keep_blank_values=True)
    )
