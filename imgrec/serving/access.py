"""What opens a server: its tokens, the names it answers to, the address that is printed."""

import secrets
import socket

from imgrec.serving.guards import Access

_ANY = ("0.0.0.0", "::")


def access_of(host: str, port: int) -> Access:
    """Return new tokens for a server.

    Args:
        host: that it listens at.
        port: that it listens at.
    """
    names = {host.lower(), *((_machine(),) if host in _ANY else ())}
    return Access(secrets.token_urlsafe(24), secrets.token_urlsafe(24), port, frozenset(names))


def address_of(host: str, access: Access) -> str:
    """Return the address that opens the page, with the token."""
    # A server at all addresses is reached by a name of the machine.
    name = _machine() if host in _ANY else host
    name = f"[{name}]" if ":" in name else name
    return f"http://{name}:{access.port}/?token={access.token}"


def _machine() -> str:
    return socket.gethostname().lower() or "localhost"
