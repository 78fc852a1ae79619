"""The live page inside the frame of another program, as an application of WSGI around `ROUTES`.

It is mounted below a path of a server that somebody else runs, TensorBoard's. So its guards are its
own (`imgrec.serving.frame_guards`), and so are its threads: that server has a new one for each
request, which waits for one of ours (`imgrec.serving.turns`). These are few, and keep their
connections to the catalog.
"""

import re
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from functools import partial
from http import HTTPStatus
from threading import Semaphore
from typing import Any

from imgrec.serving.errors import BusyError
from imgrec.serving.frame_guards import ENTRY, frame_refusal, located, stranger
from imgrec.serving.guards import Access, Head, Refusal, most_bytes
from imgrec.serving.response_headers import with_security
from imgrec.serving.routes import ROUTES, Call, Reply, error_reply, reply_to
from imgrec.serving.service import Service
from imgrec.serving.turns import Turns, Work
from imgrec.serving.wsgi_bodies import READ_S, drain, read_body
from imgrec.system.file_names import printable

Start = Callable[..., Any]
Answer = Callable[[Call], Reply]
# Bodies of pictures that are in memory at once; others wait unread.
_HELD = 4
_WAITS_S = 30.0
_BUSY = "too many requests at once: try again in a moment"
_FAILED = "the server failed at this; its terminal says more"


@dataclass(frozen=True)
class _Place:
    """What is answered at one method and path."""

    method: str
    path: re.Pattern[str]
    answer: Answer
    work: Work


class FramedPage:
    """An application of WSGI; thread-safe."""

    def __init__(
        self,
        service: Service,
        access: Access,
        below: str,
        entry: Callable[[Refusal | None], Reply],
        files: Mapping[str, Answer],
    ) -> None:
        """Make the application.

        Args:
            service: answers.
            access: its token is the first part of the paths.
            below: path that it is mounted at, without a slash at the end.
            entry: returns the module that opens the frame, or says why it is not opened.
            files: what is served beside the routes, by template of the path.
        """
        self._access, self._below, self._entry = access, below, entry
        self._held = Semaphore(_HELD)
        self._turns = Turns()
        routes = [
            _Place(one.method, _pattern(one.path), partial(reply_to, service, one), one.work)
            for one in ROUTES
        ]
        beside = [_Place("GET", _pattern(path), read, Work.READS) for path, read in files.items()]
        self._places = [*routes, *beside]

    def __call__(self, environ: Mapping[str, Any], start: Start) -> Iterable[bytes]:
        """Answer a request, as PEP 3333 has it."""
        head = _head(environ, self._below)
        try:
            path, reply = self._judged(environ, head)
        except BusyError as error:
            path, reply = "", error_reply(error.status, str(error))
        except Exception as error:
            path, reply = "", error_reply(500, _FAILED)
            _tell(head, error)
        return _sent(head, path, reply, start)

    def _judged(self, environ: Mapping[str, Any], head: Head) -> tuple[str, Reply]:
        """Return the path as the live page has it, and the answer."""
        peer = environ.get("REMOTE_ADDR", "")
        inner = located(head, self._access)
        if isinstance(inner, Refusal):
            # A stranger does not learn which addresses there are.
            return "", _refused(stranger(head, self._access, peer) or inner)
        refused = frame_refusal(inner, self._access, peer)
        if inner.path == ENTRY and inner.method in ("GET", "HEAD"):
            return inner.path, self._entry(refused)
        if refused is None:
            return inner.path, self._answered(environ, inner)
        if refused.status == 413:
            drain(environ, _length(inner))
        return inner.path, _refused(refused)

    def _answered(self, environ: Mapping[str, Any], head: Head) -> Reply:
        method = "GET" if head.method == "HEAD" else head.method
        here = [(one, found) for one in self._places if (found := one.path.fullmatch(head.path))]
        if not here:
            return error_reply(404, "there is no such address")
        for place, found in here:
            if place.method == method:
                # Memory is bounded: the body of a picture is read in its turn.
                with self._turn() if method == "PUT" else nullcontext():
                    return self._called(environ, head, place, found.groupdict())
        return error_reply(405, f"{method} is not a method of this address")

    def _called(
        self, environ: Mapping[str, Any], head: Head, place: _Place, values: Mapping[str, str]
    ) -> Reply:
        body = self._body(environ, head)
        if not isinstance(body, bytes):
            return _refused(body)
        kind = (head.one("content-type") or "").partition(";")[0].strip().lower()
        future = self._turns.submit(place.work, place.answer, Call(values, body, kind))
        try:
            return future.result(_WAITS_S)
        except TimeoutError:
            if future.cancel():
                raise BusyError(_BUSY) from None
        # It has begun by now.
        return future.result()

    @contextmanager
    def _turn(self) -> Iterator[None]:
        """Wait until a large body may be held, and hold it in this block.

        Raises:
            BusyError: it did not come to that in time.
        """
        if not self._held.acquire(timeout=_WAITS_S):
            raise BusyError(_BUSY)
        try:
            yield
        finally:
            self._held.release()

    def _body(self, environ: Mapping[str, Any], head: Head) -> bytes | Refusal:
        if not most_bytes(head):
            return b""
        body = read_body(environ, _length(head), READ_S[head.method])
        return Refusal(400, "the body has ended early") if body is None else body


def _refused(refusal: Refusal) -> Reply:
    return error_reply(refusal.status, refusal.text)


def _pattern(template: str) -> re.Pattern[str]:
    """Return the regular expression of a path such as "/api/thumb/{id}" or "/files/{file:path}"."""
    escaped = re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", template)
    return re.compile(re.sub(r"\{(\w+):path\}", r"(?P<\1>.*)", escaped), re.DOTALL)


def _head(environ: Mapping[str, Any], below: str) -> Head:
    # WSGI has the bytes of the path as the characters of the same numbers.
    path = environ.get("PATH_INFO", "").encode("latin-1", "replace").decode("utf-8", "replace")
    headers = [
        (name.removeprefix("HTTP_").replace("_", "-").lower(), value)
        for name, value in environ.items()
        if name.startswith("HTTP_") or (name in ("CONTENT_TYPE", "CONTENT_LENGTH") and value)
    ]
    inside = path.removeprefix(below) if path.startswith(f"{below}/") else ""
    return Head(environ["REQUEST_METHOD"], inside, environ.get("QUERY_STRING", ""), headers)


def _length(head: Head) -> int:
    # Longer ones are refused; Python reads no number of some thousand digits.
    return int((head.one("content-length") or "0")[:18])


def _sent(head: Head, path: str, reply: Reply, start: Start) -> Sequence[bytes]:
    status = HTTPStatus(reply.status)
    named = {"Content-Type": reply.content_type, "Content-Length": str(len(reply.body))}
    given = [(k.lower().encode(), v.encode()) for k, v in {**named, **reply.headers}.items()]
    secured = with_security(path, given, framed=True)
    start(f"{status.value} {status.phrase}", [(k.decode(), v.decode()) for k, v in secured])
    return [b"" if head.method == "HEAD" else reply.body]


def _tell(head: Head, error: Exception) -> None:
    # Not its path, which has the token.
    what = printable(f"{head.method} request: {type(error).__name__}: {error}")
    sys.stderr.write(f"imgrec: {what[:500]}\n")
