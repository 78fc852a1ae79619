"""`Guarded`: an ASGI application behind the guards; the only way into the live page.

A request passes in this order: its head is judged (`imgrec.serving.guards`), then its body is read,
bounded in bytes, in time and in how many large ones are held at once, and only then the application
sees it, with its whole body. So a request that is refused costs no reading, and memory is bounded
whatever is sent: `_HELD` bodies of the largest size. What the application raises becomes a
reply without details and a line on standard error.
"""

import asyncio
import json
import sys
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from imgrec.serving.guards import (
    Access,
    Head,
    Refusal,
    cookie_header,
    entrance,
    most_bytes,
    refusal,
    too_large,
)
from imgrec.serving.response_headers import with_security
from imgrec.store.running import CHALLENGE
from imgrec.system.file_names import printable

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]

# Bodies of more than `MOST_JSON_BYTES` that are in memory at once; others wait unread.
_HELD = 4
_WAITS_S = 30.0
_READ_S = {"POST": 10.0, "PUT": 60.0}
# What is still read, and dropped, of a body that is too large: a browser shows no answer that came
# before its body was sent.
_DRAINED_BYTES = 1 << 28
_LATE = Refusal(408, "the body did not arrive in time")
_BUSY = Refusal(503, "too many uploads at once: try again in a moment")
_FAILED = Refusal(500, "the server failed at this; its terminal says more")


class Guarded:
    """An application that answers only what `refusal` lets through."""

    def __init__(self, app: Application, access: Access) -> None:
        self._app = app
        self._access = access
        self._held = asyncio.Semaphore(_HELD)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, as ASGI 3 has it."""
        if scope["type"] != "http":
            await _without_http(scope, receive, send)
            return
        head = _head(scope)
        secured = _Secured(send, head, self._access.start)
        refused = refusal(head, self._access)
        if refused is not None:
            await self._refuse(refused, head, receive, secured)
        elif (place := entrance(head, self._access)) is not None:
            await _enter(place, self._access, secured)
        else:
            await self._answer(scope, head, receive, secured)

    async def _refuse(
        self, refused: Refusal, head: Head, receive: Receive, secured: "_Secured"
    ) -> None:
        if refused.status == 413:
            await _drain(receive)
        await secured.refuse(refused)

    async def _answer(
        self, scope: Scope, head: Head, receive: Receive, secured: "_Secured"
    ) -> None:
        if head.method != "PUT":
            await self._call(scope, head, receive, secured)
            return
        try:
            await asyncio.wait_for(self._held.acquire(), _WAITS_S)
        except TimeoutError:
            await secured.refuse(_BUSY)
            return
        try:
            await self._call(scope, head, receive, secured)
        finally:
            self._held.release()

    async def _call(self, scope: Scope, head: Head, receive: Receive, secured: "_Secured") -> None:
        body = await _body(head, receive)
        if isinstance(body, Refusal):
            await self._refuse(body, head, receive, secured)
        elif body is not None:
            # The application sees no HEAD: it answers as to GET, and the body is left out.
            method = "GET" if head.method == "HEAD" else head.method
            try:
                await self._app({**scope, "method": method}, _Given(body, receive), secured)
            except Exception as error:
                _tell(head, error)
                await secured.fail()


class _Given:
    """The body, all at once; then whatever the server says, such as that the client has left."""

    def __init__(self, body: bytes, receive: Receive) -> None:
        self._body: bytes | None = body
        self._receive = receive

    async def __call__(self) -> Message:
        if self._body is not None:
            body, self._body = self._body, None
            return {"type": "http.request", "body": body, "more_body": False}
        return await self._receive()


class _Secured:
    """Sends a response with the headers of `imgrec.serving.response_headers`.

    A page that stays open while the server ends and another one starts at its address, over another
    store, sees by `Imgrec-Start` that ids mean other pictures now.
    """

    def __init__(self, send: Send, head: Head, start: str) -> None:
        self._send = send
        self._head = head
        self._start = start
        self._started = False

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self._started = True
            given = [*message.get("headers", ()), (b"imgrec-start", self._start.encode())]
            headers = with_security(self._head.path, given)
            message = {**message, "headers": headers}
        elif self._head.method == "HEAD":
            message = {**message, "body": b""}
        await self._send(message)

    async def refuse(self, refused: Refusal) -> None:
        """Send a refusal; the connection is not used again, since a body may be left in it."""
        body = json.dumps({"error": refused.text}).encode()
        headers = [
            (b"content-type", b"application/json"),
            (b"content-length", str(len(body)).encode()),
            (b"connection", b"close"),
        ]
        if refused.status == 401:
            headers.append((b"www-authenticate", CHALLENGE.encode()))
        await self({"type": "http.response.start", "status": refused.status, "headers": headers})
        await self({"type": "http.response.body", "body": body})

    async def fail(self) -> None:
        """Answer that the server failed, if nothing was answered yet."""
        if not self._started:
            await self.refuse(_FAILED)


def _head(scope: Scope) -> Head:
    return Head(
        scope["method"],
        scope["path"],
        scope.get("query_string", b"").decode("latin-1"),
        [(name.decode("latin-1"), value.decode("latin-1")) for name, value in scope["headers"]],
        (scope.get("server") or ("",))[0],
    )


async def _body(head: Head, receive: Receive) -> bytes | Refusal | None:
    """Return the body, why it is refused, or None if the client has left."""
    most = most_bytes(head)
    if not most:
        return b""
    try:
        async with asyncio.timeout(_READ_S[head.method]):
            return await _whole(receive, most)
    except TimeoutError:
        return _LATE


async def _whole(receive: Receive, most: int) -> bytes | Refusal | None:
    parts, size = [], 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        part = message.get("body", b"")
        size += len(part)
        if size > most:
            return too_large(most)
        parts.append(part)
        if not message.get("more_body", False):
            return b"".join(parts)


async def _drain(receive: Receive) -> None:
    """Read the rest of a body and drop it, for a while."""
    size = 0
    try:
        async with asyncio.timeout(_READ_S["POST"]):
            while size < _DRAINED_BYTES:
                message = await receive()
                size += len(message.get("body", b""))
                if not message.get("more_body", False):
                    return
    except TimeoutError:
        return


async def _enter(place: str, access: Access, send: Send) -> None:
    """Exchange the token of an address for a cookie, and go on without it."""
    headers = [
        (b"location", place.encode("ascii", "replace")),
        (b"set-cookie", cookie_header(access).encode()),
        (b"content-length", b"0"),
    ]
    await send({"type": "http.response.start", "status": 303, "headers": headers})
    await send({"type": "http.response.body", "body": b""})


async def _without_http(scope: Scope, receive: Receive, send: Send) -> None:
    """Take part in start and end of the server; close anything else."""
    if scope["type"] != "lifespan":
        await send({"type": "websocket.close"})
        return
    while True:
        message = await receive()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return


def _tell(head: Head, error: Exception) -> None:
    what = printable(f"{head.method} {head.path[:200]}: {type(error).__name__}: {error}")
    sys.stderr.write(f"imgrec serve: {what[:500]}\n")
