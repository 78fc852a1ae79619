r"""Roots as text: where one lies below another, in the style of the system that wrote it.

A store may come from another system, with roots such as `D:\Photos` or `\\nas\photos`. Nothing of
such a path exists here, so it cannot be resolved; as a path of this system it would be taken for a
relative one. What it means is in its text: Windows separates by both slashes, ignores case and
begins with a drive or a share; POSIX separates by `/` alone and compares bytes. Invariant: nothing
here touches a disk.
"""

import re
from pathlib import PurePath, PurePosixPath, PureWindowsPath

from imgrec.system.file_names import composed

_WINDOWS = re.compile(r"[A-Za-z]:(?:[\\/]|$)|\\\\")
# `\\?\` and `\\.\` tell Windows to take a path as it is.
_VERBATIM = re.compile(r"\\\\[?.]\\(UNC\\)?", re.IGNORECASE)


def is_windows_path(text: str) -> bool:
    r"""Return True if a text is an absolute path of Windows: `D:\x`, `D:/x`, `D:`, `\\host\x`."""
    return _WINDOWS.match(text) is not None


def path_below(root: str, place: str) -> str | None:
    r"""Return the path of a root below a place, "" if it is that place; None if it lies elsewhere.

    Names in NFC and NFD are one name.

    Args:
        root: the absolute path of a folder, as a catalog keeps it.
        place: an absolute path in the style of the system of the root; a slash at its end and
            `\\?\` in front of it do not count.

    Returns:
        With forward slashes.
    """
    if is_windows_path(root) and place.startswith("//"):
        # A share in forward slashes, which without such a root is a path of POSIX.
        place = "\\\\" + place[2:]
    if is_windows_path(root) != is_windows_path(place):
        return None
    inner, outer = _parts(root), _parts(place)
    if _comparable(root, inner[: len(outer)]) != _comparable(place, outer):
        return None
    return "/".join(inner[len(outer) :])


def _parts(text: str) -> tuple[str, ...]:
    if not is_windows_path(text):
        return PurePosixPath(text).parts
    plain = _VERBATIM.sub(lambda found: "\\\\" if found[1] else "", text, count=1)
    # Without a slash `D:` is the current folder of the drive.
    path: PurePath = PureWindowsPath(plain + "\\" if plain.endswith(":") else plain)
    return path.parts


def _comparable(text: str, parts: tuple[str, ...]) -> list[str]:
    names = [composed(part) for part in parts]
    if not is_windows_path(text):
        return names
    # The anchor `\\host\share\` may lack its last slash.
    return [name.rstrip("\\").casefold() for name in names]
