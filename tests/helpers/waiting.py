"""Waiting for a condition, never for a time."""

import time
from collections.abc import Callable

_LONG_S = 60.0
_TICK_S = 0.02


def until(condition: Callable[[], bool]) -> None:
    """Wait until a condition holds; fail after a long time."""
    deadline = time.monotonic() + _LONG_S
    while not condition():
        assert time.monotonic() < deadline, "it never happened"
        time.sleep(_TICK_S)
