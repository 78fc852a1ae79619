"""Where symbolic links may lead: to each real folder and file once, and to none below a root.

A real path is what remains when all links on the way are resolved. What lies below a root is
listed there by its own path, so no link needs to lead to it; what lies elsewhere is listed at
the first link that leads to it. Hence loops of links end and no picture is listed twice.
"""

import os
from collections.abc import Iterable
from pathlib import Path


class RealPlaces:
    """The set of real paths that links have led to; one object for all roots of a scan."""

    def __init__(self, roots: Iterable[Path | str]) -> None:
        real = {os.path.realpath(root) for root in roots}
        self._below = tuple(root.rstrip(os.sep) + os.sep for root in real)
        self._taken = set(real)

    def take(self, place: str) -> bool:
        """Return True if this link is the first to a real path that lies outside all roots."""
        if place in self._taken or place.startswith(self._below):
            return False
        self._taken.add(place)
        return True
