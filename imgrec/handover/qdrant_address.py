"""Open a client of Qdrant for an address; credentials come from the environment alone.

An address is `http://HOST:PORT` or `https://…` of a server, or a folder of the client's local mode,
which suits small collections. The key is `$QDRANT_API_KEY`. Invariant: no credentials are taken
from an address, printed or stored, and a key is not sent in plain text to another machine.
"""

import os
import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import SplitResult, urlsplit

from imgrec.errors import ImgrecError, WrongValueError
from imgrec.system.extras import require

if TYPE_CHECKING:
    from qdrant_client import QdrantClient

API_KEY = "QDRANT_API_KEY"
_TIMEOUT_S = 60
_LONGEST = 255
_REFUSED = set('<>:"/\\|?*')
# HOST:PORT, or with credentials before it; no folder.
_SERVER = re.compile(r"@|:\d+/?$|^[A-Za-z]{2,}:/")
_HERE = ("127.0.0.1", "localhost", "::1")


@contextmanager
def opened_client(address: str) -> "Iterator[QdrantClient]":
    """Yield a client, closed at the end; nothing is sent yet.

    Raises:
        WrongValueError: the address is none, holds credentials, or would send the key in plain text
            to another machine.
        ImgrecError: the client is not installed, or another process has opened the folder.
    """
    check_address(address)
    from qdrant_client import QdrantClient

    with warnings.catch_warnings():
        # Of a key over HTTP, to this machine; and of a folder that holds many points.
        warnings.simplefilter("ignore", UserWarning)
        try:
            if _is_folder(address):
                client = QdrantClient(path=address)
            else:
                key = os.environ.get(API_KEY) or None
                client = QdrantClient(
                    address, api_key=key, timeout=_TIMEOUT_S, check_compatibility=False
                )
        except RuntimeError as error:
            raise ImgrecError(f"the folder {address} of Qdrant cannot be opened: {error}") from None
        try:
            yield client
        finally:
            client.close()


def check_address(address: str) -> None:
    """Check an address, before anything is computed; see `opened_client` for what is raised."""
    require("qdrant_client", extra="qdrant", why="an export to Qdrant")
    if not address:
        raise WrongValueError("qdrant '' is no address: give http://HOST:6333, or a folder")
    if _is_folder(address):
        if _SERVER.search(address) and not Path(address).is_dir():
            raise WrongValueError(
                "the address given by --qdrant looks like that of a server: begin with http:// or "
                "https://, and leave credentials out"
            )
        return
    parts = _split(address)
    # The address is not repeated: it may hold a password.
    if parts.username or parts.password or parts.query or parts.fragment:
        raise WrongValueError(
            "the address given by --qdrant has more than host, port and path: leave credentials "
            f"out, the key is taken from the environment, {API_KEY}"
        )
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise WrongValueError(
            f"the address given by --qdrant begins with {parts.scheme[:20]}://: give "
            "http://HOST:6333, https://HOST, or a folder"
        )
    if parts.scheme == "http" and os.environ.get(API_KEY) and parts.hostname not in _HERE:
        raise WrongValueError(
            f"{API_KEY} would be sent to {parts.hostname} unencrypted: give an https:// address"
        )


def check_collection(name: str) -> None:
    """Check that a collection may have this name.

    Raises:
        WrongValueError: it is empty, too long, or has characters that Qdrant refuses.

    Source: qdrant/qdrant, the validation of collection names.
    """
    if not 0 < len(name) <= _LONGEST or not name.isprintable() or set(name) & _REFUSED:
        raise WrongValueError(
            f"collection {name[:60]!r} cannot be the name of one: give 1 to {_LONGEST} characters, "
            'none of < > : " / \\ | ? *'
        )


def _is_folder(address: str) -> bool:
    return "://" not in address


def _split(address: str) -> SplitResult:
    try:
        parts = urlsplit(address)
        # Raises for a port that is no number.
        _ = parts.port
    except ValueError:
        raise WrongValueError(
            "the address given by --qdrant is not valid: give http://HOST:6333"
        ) from None
    return parts
