"""Ctrl-C, while processes are started: theirs to ignore, the parent's to handle."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def interrupts_held() -> Iterator[None]:
    """Let processes that are started in this block inherit that they ignore Ctrl-C.

    An interrupt within the block is lost; keep it short. Outside the main thread, which alone
    may set signal handlers, nothing is held.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
