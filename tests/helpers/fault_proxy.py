"""An HTTP proxy that fails as object storage does: busy, cut off, slow, or done but not answered.

Whether a request fails, and how, is computed from the seed, the request and how often it came
before. So it does not depend on the order in which threads ask, and a test can be run again.
"""

import hashlib
import http.client
import re
import socket
import struct
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import Enum
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

_TIMEOUT_S = 120
_BUCKET = re.compile(r"^/[^/?]*")
_SLOW_DOWN = b"<Error><Code>SlowDown</Code><Message>Reduce your request rate.</Message></Error>"


class Fault(Enum):
    """What happens to a request."""

    NONE = "none"
    SLOW_DOWN = "answered with 503 SlowDown, not carried out"
    RESET = "connection reset, not carried out"
    HALF_BODY = "carried out, connection reset in the middle of the answer"
    DELAY = "carried out, answered late"
    LOST_ANSWER = "carried out, connection reset before the answer"


# What decides: method, path with query, number of the same requests before it.
Faults = Callable[[str, str, int], Fault]


def seeded(seed: int, share: float = 0.3, most: int = 3) -> Faults:
    """Return faults for a share of all requests, each kind as often as the others.

    Args:
        seed: gives other faults.
        share: of requests that fail, 0 to 1.
        most: tries of one request that may fail; the next one does not.
    """
    kinds = [fault for fault in Fault if fault is not Fault.NONE]

    def chosen(method: str, path: str, before: int) -> Fault:
        if before >= most:
            return Fault.NONE
        # Without the name of the bucket, which is another in each run.
        text = f"{seed} {method} {_BUCKET.sub('', path)} {before}".encode()
        number = int.from_bytes(hashlib.blake2b(text, digest_size=8).digest(), "big")
        fraction, kind = (number >> 8) / 2**56, number % len(kinds)
        return kinds[kind] if fraction < share else Fault.NONE

    return chosen


@dataclass
class FaultProxy:
    """A running proxy.

    Attributes:
        upstream: address of the server behind it.
        faults: decides; may be replaced while it runs.
        delay_s: seconds by which an answer is late.
        counts: number of requests by what happened to them.
        requests: method and path of each request, in the order in which they came.
        endpoint: the own address.
    """

    upstream: str
    faults: Faults
    delay_s: float = 0.05
    counts: Counter[Fault] = field(default_factory=Counter)
    requests: list[tuple[str, str]] = field(default_factory=list)
    endpoint: str = ""
    _before: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def decide(self, method: str, path: str, range_: str) -> Fault:
        """Return what happens to a request, and count it."""
        with self._lock:
            key = (method, path, range_)
            fault = self.faults(method, f"{path} {range_}".strip(), self._before[key])
            self._before[key] += 1
            self.counts[fault] += 1
            self.requests.append((method, path))
        return fault


@contextmanager
def fault_proxy(upstream: str, faults: Faults, delay_s: float = 0.05) -> Iterator[FaultProxy]:
    """Run a proxy on a free port of 127.0.0.1 in front of a server."""
    proxy = FaultProxy(upstream, faults, delay_s)

    class Handler(_Handler):
        at = proxy

    server = _Server(("127.0.0.1", 0), Handler)
    proxy.endpoint = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield proxy
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    # A connection that a client keeps open must not keep the test from ending.
    block_on_close = False
    request_queue_size = 128

    def shutdown_request(self, request: Any) -> None:
        """Close a connection; without `shutdown`, so that one to be reset is."""
        request.close()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Print nothing: clients go away in the middle, and so does the proxy."""


class _Handler(BaseHTTPRequestHandler):
    at: FaultProxy
    protocol_version = "HTTP/1.1"
    timeout = _TIMEOUT_S

    def do_GET(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        fault = self.at.decide(self.command, self.path, self.headers.get("Range") or "")
        if fault is Fault.RESET:
            self._reset()
            return
        if fault is Fault.SLOW_DOWN:
            self._answer(503, "Slow Down", [("Content-Type", "application/xml")], _SLOW_DOWN)
            return
        status, reason, headers, data = self._carried_out(body)
        if fault is Fault.LOST_ANSWER:
            self._reset()
            return
        if fault is Fault.DELAY:
            time.sleep(self.at.delay_s)
        self._answer(status, reason, headers, data, cut=fault is Fault.HALF_BODY)

    do_HEAD = do_GET  # noqa: N815
    do_PUT = do_GET  # noqa: N815
    do_POST = do_GET  # noqa: N815
    do_DELETE = do_GET  # noqa: N815

    def _carried_out(self, body: bytes) -> tuple[int, str, list[tuple[str, str]], bytes]:
        host = urlsplit(self.at.upstream)
        assert host.hostname
        upstream = http.client.HTTPConnection(host.hostname, host.port, timeout=_TIMEOUT_S)
        try:
            headers = {k: v for k, v in self.headers.items() if k.lower() != "connection"}
            upstream.request(self.command, self.path, body or None, headers)
            answer = upstream.getresponse()
            return answer.status, answer.reason, answer.getheaders(), answer.read()
        finally:
            upstream.close()

    def _answer(
        self,
        status: int,
        reason: str,
        headers: list[tuple[str, str]],
        data: bytes,
        cut: bool = False,
    ) -> None:
        ours = ("connection", "transfer-encoding", "content-length")
        length = {k.lower(): v for k, v in headers}.get("content-length")
        kept = [(k, v) for k, v in headers if k.lower() not in ours]
        # The answer to a HEAD states the length of what it does not hold.
        size = length if self.command == "HEAD" and length else str(len(data))
        lines = [f"HTTP/1.1 {status} {reason}", *(f"{k}: {v}" for k, v in kept)]
        head = "\r\n".join([*lines, f"Content-Length: {size}", "", ""]).encode("latin-1")
        message = head + (b"" if self.command == "HEAD" else data)
        if cut:
            # At least the last byte lacks, and of an answer without a body a part of its head.
            self.wfile.write(message[: len(message) - max(1, (len(message) - len(head)) // 2)])
            self._reset()
        else:
            self.wfile.write(message)

    def _reset(self) -> None:
        """Close the connection without the end of TCP that a server in order sends."""
        self.wfile.flush()
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.close_connection = True

    def log_message(self, format: str, *args: object) -> None:
        """Print nothing."""
