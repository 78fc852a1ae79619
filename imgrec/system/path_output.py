"""Paths for another program: one a line, or each ended by NUL.

A name of POSIX may hold a line break, and then a line is no path: whoever reads the list would act
on a file that nobody named. So such a name stands only in a list with NUL, and is counted.
"""

import os
from collections.abc import Iterable
from typing import BinaryIO

_BREAKS = "\n\r"


def write_paths(paths: Iterable[str], stream: BinaryIO, *, null: bool) -> int:
    """Write absolute paths as the bytes that name the files.

    Args:
        paths: to be written.
        stream: written to.
        null: end each by NUL, else by a line break.

    Returns:
        How many were left out because their name holds a line break; 0 with NUL.
    """
    left_out = 0
    for path in paths:
        if not null and set(_BREAKS) & set(path):
            left_out += 1
            continue
        stream.write(os.fsencode(path) + (b"\0" if null else b"\n"))
    return left_out
