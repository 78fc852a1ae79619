"""Opens object storage from the text a user gives.

Credentials, region and endpoint are read from the environment by obstore, as each service
documents them. Plain HTTP is allowed to an endpoint on this machine only.
"""

import os
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from imgrec.errors import ImgrecError
from imgrec.objects.addresses import FOLDER, Address, address_of
from imgrec.objects.objects import Objects
from imgrec.objects.translation import translated

if TYPE_CHECKING:
    from obstore.store import ObjectStore

_ENDPOINTS = ("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL", "AWS_ENDPOINT")
_LOCAL = ("127.0.0.1", "localhost", "::1")


def objects_at(text: str, *, made: bool = False) -> Objects:
    """Return the objects of an address; sends no request.

    Args:
        text: such as `s3://bucket/prefix`.
        made: make the folder of a `file://` address if it is absent.

    Raises:
        ImgrecError: the text is no address, or obstore is not installed.
        ObjectError: the folder of a `file://` address is absent.
    """
    address = address_of(text)
    try:
        import obstore  # noqa: F401
    except ImportError as error:
        raise ImgrecError(f"{address.url} needs obstore: pip install 'imgrec[scale]'") from error
    with translated(address.url):
        return Objects(address, _store(address, made=made))


def shared_objects(text: str) -> Objects:
    """Return `objects_at` of a text; the same instance while the environment is the same.

    Keeps the connections of many short uses, as of a worker that reads picture after picture.
    """
    prefixes = ("AWS_", "AZURE_", "GOOGLE_")
    return _shared(text, tuple(sorted(x for x in os.environ.items() if x[0].startswith(prefixes))))


@lru_cache(maxsize=64)
def _shared(text: str, environment: tuple[tuple[str, str], ...]) -> Objects:
    return objects_at(text)


def _store(address: Address, *, made: bool) -> "ObjectStore":
    from obstore.store import AzureStore, GCSStore, LocalStore, S3Store

    if address.scheme == FOLDER:
        folder = Path(address.prefix)
        if made:
            folder.mkdir(parents=True, exist_ok=True)
        if not folder.is_dir():
            raise ImgrecError(f"there is no folder {folder}")
        return LocalStore(folder)
    options: Any = {"timeout": "60s", "connect_timeout": "10s", "user_agent": "imgrec"}
    config: Any = {}
    if address.scheme == "s3":
        config["aws_conditional_put"] = "etag"
        if name := next((name for name in _ENDPOINTS if os.environ.get(name)), ""):
            config["aws_endpoint"] = os.environ[name]
            options["allow_http"] = _is_plain(name)
    # Tried again by `retries.py`, which knows of each request that was sent.
    retry: Any = {"max_retries": 0}
    # Not by the address as a URL: percent signs of a prefix would be decoded.
    kinds: Any = {"s3": S3Store, "gs": GCSStore, "az": AzureStore}
    made_of = {"config": config, "client_options": options, "retry_config": retry}
    store: ObjectStore = kinds[address.scheme](
        address.bucket, prefix=address.prefix or None, **made_of
    )
    return store


def _is_plain(name: str) -> bool:
    """Return True if the endpoint of a variable is plain HTTP to this machine.

    Raises:
        ImgrecError: it is plain HTTP to another, where keys and pictures could be read on the way,
            or no address of a server alone; its text is not printed, as it may hold a password.
    """
    try:
        parts = urlsplit(os.environ[name])
        is_server = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:  # a port or an IPv6 address that is none
        is_server = False
    if not is_server or "@" in parts.netloc or parts.query or parts.fragment:
        raise ImgrecError(f"{name} is no address of a server alone: write https://HOST:PORT")
    if parts.scheme == "http" and parts.hostname not in _LOCAL:
        raise ImgrecError(f"{name} is plain HTTP to {parts.hostname}: name an https:// endpoint")
    return parts.scheme == "http"
