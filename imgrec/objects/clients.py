"""Clients of obstore: one for an address.

Credentials, region and endpoint are read from the environment by obstore, as each service
documents them. Plain HTTP is allowed to an endpoint on this machine only.
"""

import os
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from imgrec.errors import ImgrecError
from imgrec.objects.addresses import FOLDER, Address
from imgrec.objects.errors import MissingObjectError

if TYPE_CHECKING:
    from obstore.store import ObjectStore

_ENDPOINTS = ("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL", "AWS_ENDPOINT")
LOCAL = ("127.0.0.1", "localhost", "::1")


def store_of(
    address: Address, *, made: bool = False, config: Mapping[str, Any] = MappingProxyType({})
) -> "ObjectStore":
    """Return obstore's client of an address.

    Args:
        address: of a bucket or a folder.
        made: make the folder if it is absent.
        config: more of the settings of obstore.

    Raises:
        ImgrecError: the endpoint of the environment is refused.
        MissingObjectError: there is no such folder.
    """
    from obstore.store import AzureStore, GCSStore, LocalStore, S3Store

    if address.scheme == FOLDER:
        folder = Path(address.prefix)
        if made:
            folder.mkdir(parents=True, exist_ok=True)
        if not folder.is_dir():
            raise MissingObjectError(f"there is no folder {folder}")
        return LocalStore(folder)
    options: Any = {"timeout": "60s", "connect_timeout": "10s", "user_agent": "imgrec"}
    settings: Any = dict(config)
    if address.scheme == "s3":
        settings["aws_conditional_put"] = "etag"
        if name := next((name for name in _ENDPOINTS if os.environ.get(name)), ""):
            settings["aws_endpoint"] = os.environ[name]
            options["allow_http"] = _is_plain(name)
    # Tried again by `retries.py`, which knows of each request that was sent.
    retry: Any = {"max_retries": 0}
    # Not by the address as a URL: percent signs of a prefix would be decoded.
    kinds: Any = {"s3": S3Store, "gs": GCSStore, "az": AzureStore}
    made_of = {"config": settings, "client_options": options, "retry_config": retry}
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
    if parts.scheme == "http" and parts.hostname not in LOCAL:
        raise ImgrecError(f"{name} is plain HTTP to {parts.hostname}: name an https:// endpoint")
    return parts.scheme == "http"
