"""File names as bytes and as text: stored byte for byte, displayed and compared as Unicode.

POSIX file names are bytes. Python decodes them with `surrogateescape`: a byte that is not UTF-8
becomes a lone surrogate. SQLite, JSON, HTML and terminals refuse these, so names are bound to SQL
as bytes (`text`, `TEXT`) and pass `valid` or `printable` on their way to a person.

One name can be two sequences of code points: macOS writes `ö` decomposed (NFD), keyboards write it
composed (NFC), and Linux keeps whatever it is given. `composed` gives both the same form (UAX 15).
"""

import os
import re
import unicodedata
from collections.abc import Sequence

# The SQL placeholder for `text(...)`: SQLite stores the bytes without checking their encoding.
TEXT = "CAST(? AS TEXT)"
# What `surrogateescape` makes of bytes.
_SURROGATES = re.compile("[\udc80-\udcff]")


def text(value: str) -> bytes:
    """Return the bytes of a name, to be bound to the `TEXT` placeholder."""
    return value.encode("utf-8", "surrogateescape")


def name_of(data: bytes) -> str:
    """Return the name of which `text` returns these bytes."""
    return data.decode("utf-8", "surrogateescape")


def texts(values: Sequence[str]) -> list[bytes]:
    """Return `text` of each of some names; faster than one by one."""
    joined = text("\0".join(values)).split(b"\0")
    # Names of files hold no NUL; those of objects may.
    return joined if len(joined) == len(values) else [text(value) for value in values]


def composed(name: str) -> str:
    """Return a name in Unicode's composed form (NFC); names that look the same become equal."""
    return name if name.isascii() else unicodedata.normalize("NFC", name)


def valid(name: str) -> str:
    """Return a name as valid Unicode, with U+FFFD for each byte that is not UTF-8."""
    return os.fsencode(name).decode("utf-8", "replace") if _has_surrogates(name) else name


def printable(name: str) -> str:
    """Return a name as one line of valid Unicode, with control characters replaced by spaces."""
    # Nearly all are; surrogates are not printable.
    if name.isprintable():
        return name
    decoded = valid(name)
    if decoded.isprintable():
        return decoded
    return "".join(c if c.isprintable() else "�" if c == "�" else " " for c in decoded)


def _has_surrogates(name: str) -> bool:
    return not name.isascii() and _SURROGATES.search(name) is not None
