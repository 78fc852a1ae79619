"""Preflight: find out whether a storage refuses to overwrite an object.

The protocol of several writers rests on `create` (If-None-Match: *), and there are servers that
ignore this header and overwrite. Only trying tells: a key is created twice, and the second time
must be refused.
"""

import secrets
from contextlib import suppress

from imgrec.errors import ImgrecError
from imgrec.objects.objects import Objects

PREFLIGHT = "preflight/"


def preflight(objects: Objects) -> bool:
    """Return True if the storage creates an object only where there is none.

    Leaves nothing behind but, if it cannot delete, one empty object below `preflight/`.

    Raises:
        ObjectError: nothing can be written at the address.
    """
    key = f"{PREFLIGHT}{secrets.token_hex(16)}"
    # False where the answer to a first try was lost and it was tried again.
    objects.create(key, b"1")
    refused = not objects.create(key, b"2")
    with suppress(ImgrecError):
        objects.delete(key)
    return refused
