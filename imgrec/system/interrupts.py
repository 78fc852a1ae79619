"""Ctrl-C (SIGINT): handled once per command, and deferred during a critical section.

Python raises KeyboardInterrupt between any two bytecodes of the main thread, so a second Ctrl-C
could interrupt the cleanup after the first, and one in a commit could leave it half done.
"""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


@contextmanager
def interrupted_once() -> Iterator[None]:
    """Raise KeyboardInterrupt for the first Ctrl-C in this block and ignore later ones.

    The cleanup (ending worker processes, above all) therefore runs to its end. Does nothing if
    SIGINT is ignored already, if blocks are nested, or outside the main thread.
    """
    main = threading.current_thread() is threading.main_thread()
    if not main or signal.getsignal(signal.SIGINT) in (signal.SIG_IGN, _first):
        yield
        return
    before = signal.signal(signal.SIGINT, _first)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _first(number: int, frame: FrameType | None) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    raise KeyboardInterrupt


@contextmanager
def interrupt_deferred() -> Iterator[None]:
    """Defer a Ctrl-C in this block until its end, for a section that must not be interrupted."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    came: list[tuple[int, FrameType | None]] = []
    before = signal.signal(signal.SIGINT, lambda number, frame: came.append((number, frame)))
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
    if came and callable(before):
        before(*came[0])
