"""Opens object storage from the text a user gives."""

import os
from functools import lru_cache

from imgrec.errors import ImgrecError
from imgrec.objects.addresses import address_of
from imgrec.objects.clients import store_of
from imgrec.objects.objects import Objects
from imgrec.objects.translation import translated


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
        return Objects(address, store_of(address, made=made))


def shared_objects(text: str) -> Objects:
    """Return `objects_at` of a text; the same instance while the environment is the same.

    Keeps the connections of many short uses, as of a worker that reads picture after picture.
    """
    prefixes = ("AWS_", "AZURE_", "GOOGLE_")
    return _shared(text, tuple(sorted(x for x in os.environ.items() if x[0].startswith(prefixes))))


@lru_cache(maxsize=64)
def _shared(text: str, environment: tuple[tuple[str, str], ...]) -> Objects:
    return objects_at(text)
