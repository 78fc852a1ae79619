"""Ports of this machine for servers of tests."""

import socket


def free_port() -> int:
    """Return a port of 127.0.0.1 that nobody listens on; another process may take it first."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
