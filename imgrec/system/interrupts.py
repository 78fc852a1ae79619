"""Ctrl-C (SIGINT): handled once per command, and deferred during a critical section.

Python raises KeyboardInterrupt between any two bytecodes of the main thread, so a second Ctrl-C
could interrupt the cleanup after the first, and one in a commit could leave it half done.
"""

import _thread
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from types import FrameType

# Long enough that the callback which lost the exception has returned.
_AGAIN_S = 0.02


@contextmanager
def interrupted_once(to_the_end: bool = False) -> Iterator[None]:
    """Raise KeyboardInterrupt for the first Ctrl-C in this block and ignore later ones.

    The cleanup (ending worker processes, above all) therefore runs to its end. The exception also
    comes out where Python would lose it: an extension module that is interrupted during its import
    raises ImportError or SystemError instead, and an exception in a weak reference callback or a
    finalizer is printed and dropped.

    Does nothing if SIGINT is ignored already, if blocks are nested, or outside the main thread.

    Args:
        to_the_end: ignore later ones until the process ends, which the first has brought about.
    """
    main = threading.current_thread() is threading.main_thread()
    if not main or signal.getsignal(signal.SIGINT) in (signal.SIG_IGN, _first):
        yield
        return
    before, hook = signal.signal(signal.SIGINT, _first), sys.unraisablehook
    sys.unraisablehook = partial(_raise_again, hook)
    try:
        yield
    except (ImportError, SystemError) as error:
        if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
            raise KeyboardInterrupt from error
        raise
    finally:
        sys.unraisablehook = hook
        stopped = signal.getsignal(signal.SIGINT) is signal.SIG_IGN
        if not (to_the_end and stopped):
            signal.signal(signal.SIGINT, before)


def _first(number: int, frame: FrameType | None) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    raise KeyboardInterrupt


def _raise_again(
    hook: Callable[["sys.UnraisableHookArgs"], object], lost: "sys.UnraisableHookArgs"
) -> None:
    """Raise a KeyboardInterrupt that was lost in a callback once more, outside of it."""
    if not issubclass(lost.exc_type, KeyboardInterrupt):
        hook(lost)
        return
    signal.signal(signal.SIGINT, _first)
    again = threading.Timer(_AGAIN_S, _thread.interrupt_main)
    again.daemon = True
    again.start()


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
