"""The spelling of a path on the disk, where it was typed in another normal form of Unicode.

`Köln` is typed with one character for `ö` (NFC) and lies on a disk of macOS with two (NFD). Most
file systems of Linux and Windows compare bytes, so the typed name opens nothing there.
"""

import os
from pathlib import Path

from imgrec.system.file_names import composed


def as_spelled(path: Path) -> Path:
    """Return a path as its file system spells it; the same path where nothing there looks like it.

    Touches the disk only for names that have several normal forms. What exists as typed comes
    first.
    """
    if str(path).isascii() or path == path.parent or os.path.lexists(path):
        return path
    parent = as_spelled(path.parent)
    if path.name.isascii() or os.path.lexists(parent / path.name):
        return parent / path.name
    try:
        names = os.listdir(parent)
    except OSError:
        return parent / path.name
    alike = (name for name in sorted(names) if composed(name) == composed(path.name))
    return parent / next(alike, path.name)
