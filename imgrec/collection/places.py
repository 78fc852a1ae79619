"""The places of pictures as text: a path below a root, and the root itself.

A catalog and `pictures.json` may come from somebody else. A path such as `../../etc/passwd` or
`/etc/passwd` would name a file outside of its root, so no row with one is used. Invariant: joining
a root and a path gives a place below the root.
"""

import re
import sys
from pathlib import PurePosixPath, PureWindowsPath

from imgrec.sources.opening import has_scheme

# Nothing, an absolute path, a component `.` or `..`, a folder, a null character.
_OUTSIDE = re.compile(r"^(?:/|$)|(?:^|/)\.{1,2}(?:/|$)|/$|\0")
# On Windows a backslash separates as well, and a colon follows the letter of a drive.
_WINDOWS = re.compile(r"[\\:]")
_MOST_CHARACTERS = 1 << 16


def is_picture_path(path: object) -> bool:
    """Return True if a value is a relative path that stays below its root."""
    if type(path) is not str or _OUTSIDE.search(path) or len(path) > _MOST_CHARACTERS:
        return False
    return sys.platform != "win32" or not _WINDOWS.search(path)


def is_root(place: object) -> bool:
    """Return True if a value describes a source: the absolute path of a folder, or `SCHEME://…`.

    The root of a store that moved from Windows is one too: it is offline until it is relocated.
    """
    if type(place) is not str or "\0" in place or len(place) > _MOST_CHARACTERS:
        return False
    if has_scheme(place):
        return True
    for pure in (PurePosixPath(place), PureWindowsPath(place)):
        if pure.is_absolute():
            return ".." not in pure.parts
    return False
