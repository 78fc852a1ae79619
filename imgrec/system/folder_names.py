"""Folder names for names of any characters: one reversible mapping, safe on every file system.

A feature may be called `open_clip:ViT-B-32/laion2b_s34b_b79k`. NTFS refuses `:`, every system
splits at `/`, Windows and macOS do not tell upper from lower case, Windows reserves names such as
`nul` and drops a last dot, and a first dot marks temporary and hidden files. So whatever is no
lower-case letter, digit or one of `_-+=,.` is percent-encoded (RFC 3986, with lower-case digits):
`open_clip%3a%56i%54-%42-32%2flaion2b_s34b_b79k`. Invariants: two names have the same folder, on any
file system, only if they are equal; a plain name such as `lite0+mini` is its own folder.
"""

import re
from urllib.parse import unquote

_KEPT = frozenset(b"abcdefghijklmnopqrstuvwxyz0123456789_-+=,.")
# Devices on Windows, whatever suffix follows.
_RESERVED = re.compile(r"(con|prn|aux|nul|com[0-9]|lpt[0-9])(\.|$)")


def folder_name(name: str) -> str:
    """Return the name of the folder that stands for a name; `name_of_folder` reverses it."""
    made = "".join(map(_kept_or_encoded, name.encode()))
    # A first dot hides a file, a last one is dropped on Windows.
    made = re.sub(r"^\.|\.$", "%2e", made)
    return _encoded(ord(made[0])) + made[1:] if _RESERVED.match(made) else made


def name_of_folder(folder: str) -> str:
    """Return the name that a folder stands for."""
    return unquote(folder)


def _kept_or_encoded(byte: int) -> str:
    return chr(byte) if byte in _KEPT else _encoded(byte)


def _encoded(byte: int) -> str:
    return f"%{byte:02x}"
