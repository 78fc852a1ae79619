"""Clients of a server: asyncio sockets in this process, as light as a client in Python can be."""

import asyncio
import json
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

K = 60


@dataclass(frozen=True)
class Target:
    """A server that answers questions of likeness.

    Attributes:
        origin: such as "http://127.0.0.1:8000".
        token: sent with each request; "" for none.
        pid: of its process.
    """

    origin: str
    token: str
    pid: int

    def request(self, path: str, body: object) -> bytes:
        """Return the bytes of a POST of JSON."""
        return self.raw("POST", path, json.dumps(body).encode(), "application/json")

    def raw(self, method: str, path: str, data: bytes, kind: str) -> bytes:
        """Return the bytes of a request."""
        head = [
            f"{method} {path} HTTP/1.1",
            f"Host: {urlsplit(self.origin).netloc}",
            f"Content-Type: {kind}",
            f"Content-Length: {len(data)}",
        ]
        head += [f"Authorization: Bearer {self.token}"] if self.token else []
        return "\r\n".join([*head, "", ""]).encode() + data


@dataclass
class Answered:
    """What a client got.

    Attributes:
        first_ms: time from the request to the first byte of each answer.
        whole_ms: time to the last byte of each answer.
        bodies: of the answers, if they are kept.
    """

    first_ms: list[float] = field(default_factory=list)
    whole_ms: list[float] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)


def likeness(target: Target, ids: Sequence[int]) -> Iterator[bytes]:
    """Yield the requests for the pictures most like each of some."""
    for picture in ids:
        yield target.request("/api/search", {"pictures": [int(picture)], "k": K})


def asked(target: Target, requests: Sequence[bytes], *, keep: bool = False) -> Answered:
    """Send requests one after the other over one connection."""
    return asyncio.run(_one(target, iter(requests), keep))


def together(target: Target, requests: Sequence[bytes], clients: int) -> tuple[float, Answered]:
    """Share requests among clients that ask at the same time.

    Returns:
        Requests a second, and what all clients got.
    """
    started = time.perf_counter()
    found = asyncio.run(_many(target, requests, clients))
    return len(requests) / (time.perf_counter() - started), found


async def _many(target: Target, requests: Sequence[bytes], clients: int) -> Answered:
    left = iter(requests)
    each = await asyncio.gather(*(_one(target, left, False) for _ in range(clients)))
    return Answered(
        [ms for one in each for ms in one.first_ms], [ms for one in each for ms in one.whole_ms]
    )


async def _one(target: Target, requests: Iterator[bytes], keep: bool) -> Answered:
    place = urlsplit(target.origin)
    reader, writer = await asyncio.open_connection(place.hostname, place.port)
    found = Answered()
    try:
        for request in requests:
            started = time.perf_counter()
            writer.write(request)
            first = await reader.readexactly(1)
            first_ms = 1000 * (time.perf_counter() - started)
            head = (first + await reader.readuntil(b"\r\n\r\n")).lower()
            body = await reader.readexactly(_length(head))
            found.first_ms.append(first_ms)
            found.whole_ms.append(1000 * (time.perf_counter() - started))
            if not head.startswith(b"http/1.1 200"):
                raise RuntimeError(f"{head.splitlines()[0]!r}: {body[:300]!r}")
            if keep:
                found.bodies.append(body)
    finally:
        writer.close()
    return found


def _length(head: bytes) -> int:
    for line in head.split(b"\r\n"):
        name, _, value = line.partition(b":")
        if name == b"content-length":
            return int(value)
    raise RuntimeError("an answer has no content-length")


def ids_of(body: bytes) -> list[int]:
    """Return the ids of an answer, nearest first."""
    answer: Any = json.loads(body)
    return [result["id"] for result in answer["results"]]
