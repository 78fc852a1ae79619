"""Functions for `map_items` that any process can import."""

import os
from pathlib import Path

from imgrec.errors import ImgrecError


def squared(number: int) -> int:
    return number * number


def dying_once(folder: Path, number: int) -> int:
    """End the process of every third number, the first time."""
    mark = folder / str(number)
    if number % 3 == 0 and not mark.exists():
        mark.touch()
        os._exit(1)
    return number


def refusing(number: int) -> int:
    raise ImgrecError(f"{number} is refused")


def dying(number: int) -> int:
    os._exit(number)
