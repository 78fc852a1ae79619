"""An object as a listing names it."""

from typing import NamedTuple


class ObjectInfo(NamedTuple):
    """An object as a listing names it.

    Attributes:
        key: relative to the address.
        size: in bytes.
        mtime_ns: time of the last modification, in nanoseconds since 1970; of a bucket in whole
            seconds.
        etag: in quotes, changes with the content; "" where the storage gives none.
    """

    key: str
    size: int
    mtime_ns: int
    etag: str
