"""Opens object storage from the text a user gives.

Credentials, region and endpoint are read from the environment by obstore, as each service
documents them. Plain HTTP is allowed to an endpoint on this machine only.
"""

import os
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from imgrec.errors import ImgrecError
from imgrec.objects.addresses import FOLDER, Address, address_of
from imgrec.objects.objects import Objects

if TYPE_CHECKING:
    from obstore.store import ObjectStore

# Tries and time in total for one request, before it fails.
RETRIES, RETRY_S = 8, 120
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
    return Objects(address, _store(address, made=made))


def _store(address: Address, *, made: bool) -> "ObjectStore":
    from obstore.store import LocalStore, from_url

    if address.scheme == FOLDER:
        folder = Path(address.prefix)
        if made:
            folder.mkdir(parents=True, exist_ok=True)
        if not folder.is_dir():
            raise ImgrecError(f"there is no folder {folder}")
        return LocalStore(folder)
    backoff = {
        "init_backoff": timedelta(milliseconds=100),
        "max_backoff": timedelta(seconds=10),
        "base": 2,
    }
    retry: Any = {
        "backoff": backoff,
        "max_retries": RETRIES,
        "retry_timeout": timedelta(seconds=RETRY_S),
    }
    options: Any = {"timeout": "60s", "connect_timeout": "10s", "user_agent": "imgrec"}
    config: Any = {}
    if address.scheme == "s3":
        endpoint = next((os.environ[name] for name in _ENDPOINTS if os.environ.get(name)), "")
        if endpoint:
            config["aws_endpoint"] = endpoint
            options["allow_http"] = _is_local(endpoint)
        config.setdefault("aws_conditional_put", "etag")
    return from_url(address.url, config=config, client_options=options, retry_config=retry)


def _is_local(endpoint: str) -> bool:
    parts = urlsplit(endpoint)
    return parts.scheme == "http" and parts.hostname in _LOCAL
