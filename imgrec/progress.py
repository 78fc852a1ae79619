"""Progress on stderr, alike in every command."""

import sys
from collections.abc import Iterable
from typing import Any

from tqdm import tqdm


def progress(
    work: Iterable[Any] | None = None,
    *,
    unit: str,
    total: int | None = None,
    desc: str | None = None,
    quiet: bool = False,
) -> "tqdm[Any]":
    """Return a bar over some work, or one to be moved by hand up to `total`."""
    terminal = sys.stderr.isatty()
    return tqdm(
        work,
        total=total,
        unit=f" {unit}",
        desc=desc,
        disable=quiet or total == 0,
        mininterval=0.5 if terminal else 10,  # a log file gets a line now and then
    )
