"""The HTTP server of the live page: uvicorn with deadlines, a bound on connections, a quick end.

uvicorn waits for ever for the rest of a head, and for a client that reads its answer slowly; enough
of those connections and nobody else is answered. Here each has a deadline, and where there are more
connections than `_MOST`, those that wait for a head are closed, the oldest first: whoever sends a
request at once is answered however many others only hold a connection.
"""

import asyncio
import atexit
import contextlib
import errno
import os
import signal
import socket
import threading
from collections.abc import Iterator
from types import FrameType
from typing import Any

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from imgrec.errors import ImgrecError, cause_of
from imgrec.serving.guarded import Guarded

LOOPBACK = "127.0.0.1"
_TRIED_PORTS = 100
_MOST = 256
_BACKLOG = 1024
# A head has to arrive, and the next part of an answer to be taken, within this time.
_HEAD_S = 10.0
_TAKEN_S = 30.0
_KEPT_ALIVE_S = 15
_MOST_HEAD_BYTES = 32 << 10
# What is being answered when the server ends has this time.
_END_S = 1


def bound_socket(host: str, first: int, *, tried: int = _TRIED_PORTS) -> socket.socket:
    """Return a socket that listens at the first free port.

    Args:
        host: an address of this machine, or a name of one.
        first: first port to try; 0 leaves the choice to the operating system.
        tried: number of ports to try.

    Raises:
        ImgrecError: the address is none of this machine, or all these ports are in use.
    """
    # Else it may listen at ::1 only, where `imgrec.store.running` does not look.
    named = LOOPBACK if host.lower() == "localhost" else host
    try:
        found = socket.getaddrinfo(named, None, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except (OSError, UnicodeError) as error:
        raise ImgrecError(f"--host {host}: no machine has this name ({cause_of(error)})") from error
    family, address = found[0][0], found[0][4][0]
    for port in range(first, min(first + (tried if first else 1), 65_536)):
        # asyncio sends small parts at once (TCP_NODELAY) only where the protocol is named.
        listening = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        try:
            # Ignore sockets in TIME_WAIT. On Windows, it would let two servers share a port.
            if os.name == "posix":
                listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listening.bind((address, port))
            listening.listen(_BACKLOG)
        except OSError as error:
            listening.close()
            if error.errno == errno.EADDRNOTAVAIL:
                raise ImgrecError(f"--host {host} is no address of this machine") from error
            continue
        return listening
    raise ImgrecError(f"no free port from {first} on: name another with --port")


def server_of(app: Guarded) -> uvicorn.Server:
    """Return a server whose `run(sockets=[…])` answers requests until Ctrl-C or SIGTERM.

    What is being answered at that moment has a second to end, then the sockets are closed. A second
    Ctrl-C ends the process. In another thread than the main one, `should_exit` ends it.
    """
    config = uvicorn.Config(
        app,
        http=_Protocol,
        ws="none",
        loop="asyncio",
        lifespan="off",
        interface="asgi3",
        log_config=None,
        log_level="critical",
        access_log=False,
        proxy_headers=False,
        server_header=False,
        backlog=_BACKLOG,
        timeout_keep_alive=_KEPT_ALIVE_S,
        timeout_graceful_shutdown=_END_S,
        h11_max_incomplete_event_size=_MOST_HEAD_BYTES,
    )
    return _Server(config)


class _Server(uvicorn.Server):
    """A server that ends by itself at a signal, and does not pass the signal on."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Handle signals in this block as requests to end; after one, those that follow it too."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        handled = signal.SIGINT, signal.SIGTERM
        before = {one: signal.signal(one, self.handle_exit) for one in handled}
        try:
            yield
        finally:
            # What closes the store after the block may be ended at once as well.
            if not self.should_exit:
                for one, handler in before.items():
                    signal.signal(one, handler)
            else:
                # At its very end Python takes its handlers away: a signal would kill the process,
                # which has ended well.
                for one in handled:
                    atexit.register(signal.signal, one, signal.SIG_IGN)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """End, at the second signal at once."""
        if self.should_exit:
            # Worker processes end with their parent.
            os._exit(130)
        self.should_exit = True


class _Protocol(H11Protocol):
    """A connection with deadlines."""

    def connection_made(self, transport: Any) -> None:
        """Begin to wait for a head; make room if there are too many connections."""
        super().connection_made(transport)
        self._deadline: asyncio.TimerHandle | None = None
        # Pauses, and so has a deadline, whenever anything is not taken yet.
        transport.set_write_buffer_limits(high=0)
        self._untaken: asyncio.TimerHandle | None = None
        self._watch()
        if len(self.connections) > _MOST:
            self._make_room()

    def data_received(self, data: bytes) -> None:
        """Take data, and go on waiting if the head is not whole yet."""
        super().data_received(data)
        self._watch()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the deadlines."""
        super().connection_lost(exc)
        for timer in (self._deadline, self._untaken):
            if timer is not None:
                timer.cancel()

    def pause_writing(self) -> None:
        """Give the client time to take what it was sent."""
        super().pause_writing()
        self._untaken = self.loop.call_later(_TAKEN_S, self.transport.abort)

    def resume_writing(self) -> None:
        """Stop waiting for the client."""
        super().resume_writing()
        if self._untaken is not None:
            self._untaken.cancel()
            self._untaken = None

    def _waits(self) -> bool:
        """Whether no request of this connection is being answered."""
        return self.cycle is None or self.cycle.response_complete

    def _watch(self) -> None:
        if not self._waits():
            if self._deadline is not None:
                self._deadline.cancel()
                self._deadline = None
        elif self._deadline is None:
            self._deadline = self.loop.call_later(_HEAD_S, self.transport.abort)

    def _make_room(self) -> None:
        """Close a connection that waits for a head: one kept alive, or that waits longest."""
        others = (one for one in self.connections if one is not self)
        waiting = [one for one in others if isinstance(one, _Protocol) and one._waits()]
        longest = min(waiting, key=lambda one: one._until_s(), default=self)
        longest.transport.abort()

    def _until_s(self) -> float:
        return self._deadline.when() if self._deadline is not None else 0.0
