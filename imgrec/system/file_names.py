"""Names on disk: bytes that are mostly UTF-8, kept as they are, shown as they can be."""

import os

TEXT = "CAST(? AS TEXT)"  # binds `text(...)`, so that names that are not UTF-8 pass


def text(value: str) -> bytes:
    """Return the bytes of a name for a `TEXT` placeholder."""
    return value.encode("utf-8", "surrogateescape")


def valid(name: str) -> str:
    """Return a name as valid Unicode: bytes that are not UTF-8 become the replacement character."""
    return os.fsencode(name).decode("utf-8", "replace") if _has_surrogates(name) else name


def printable(name: str) -> str:
    """Return a name fit for a terminal, a table or a page: one line, valid Unicode."""
    decoded = valid(name)
    if decoded.isprintable():
        return decoded
    return "".join(c if c.isprintable() else "�" if c == "�" else " " for c in decoded)


def _has_surrogates(name: str) -> bool:
    return any("\udc80" <= c <= "\udcff" for c in name)
