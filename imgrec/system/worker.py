"""One worker process: starts fresh, is deaf to Ctrl-C, and never outlives its parent.

It has a pipe of its own, so it can be killed at any moment and nobody else is stuck.
"""

import multiprocessing
import os
import signal
import threading
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from multiprocessing import resource_tracker
from multiprocessing.connection import Connection
from multiprocessing.reduction import ForkingPickler
from typing import Any

_TICK_S = 1.0
_CONTEXT = multiprocessing.get_context("spawn")  # threads of torch do not survive a fork
_STARTING = threading.Lock()
_to_parent: Connection | None = None  # in a worker alone


class WorkerDiedError(Exception):
    """A worker process ended, or was ended, before it had an answer.

    Attributes:
        mark: what it said last by `beat`; None where it said nothing.
        late: whether it was ended because it was silent for too long.
        started: False where it ended before it could take any work.
    """

    def __init__(self, mark: Any = None, *, late: bool = False, started: bool = True) -> None:
        super().__init__("a worker process was too slow" if late else "a worker process ended")
        self.mark = mark
        self.late = late
        self.started = started


class WorkerError(Exception):
    """The traceback of what a worker's function raised, as the cause of that."""


def beat(mark: Any, within_s: float | None) -> None:
    """Tell the parent what this worker is about to do; outside a worker nothing happens.

    Args:
        mark: small; `WorkerDiedError` tells it if the worker dies in the middle of it.
        within_s: the worker is ended if it takes longer than that until the next beat or the
            answer; None for no bound.
    """
    if _to_parent is not None:
        _to_parent.send((mark, within_s))


class Worker:
    """A process that calls functions, one after the other; used by one thread at a time."""

    def __init__(self) -> None:
        """Start a process.

        Raises:
            WorkerDiedError: it ended at once: a script has no `__main__` guard, or memory is out.
        """
        self._pipe, theirs = _CONTEXT.Pipe()
        self._process = _CONTEXT.Process(target=_serve, args=(theirs,), daemon=True)
        self._dead = False
        try:
            with _STARTING, _deaf_child():
                self._process.start()
            theirs.close()  # now the worker's end of the pipe is the worker's alone
            self._pipe.recv()
        except (EOFError, OSError) as error:
            raise WorkerDiedError(started=False) from error

    def call(self, function: Callable[..., Any], arguments: tuple[Any, ...]) -> Any:
        """Return what a function returns in the process; function and arguments travel to it.

        Raises:
            WorkerDiedError: the process ended in the middle; it is of no use any more.
            Exception: whatever the function raised.
        """
        try:
            self._pipe.send((function, arguments))
        except OSError as error:
            raise self._died() from error
        mark, within_s = None, None
        while True:
            try:
                if not _heard(self._pipe, within_s):
                    raise self._died(mark, late=True)
                answer = self._pipe.recv()
            except (EOFError, OSError) as error:  # the latter in the middle of an answer
                raise self._died(mark) from error
            if len(answer) == 2:
                mark, within_s = answer
                continue
            result, raised, told = answer
            if raised is not None:
                raise raised from WorkerError(told)
            return result

    @property
    def pid(self) -> int | None:
        """The number of the process."""
        return self._process.pid

    @property
    def dead(self) -> bool:
        """Whether the process is known to have ended."""
        return self._dead

    def kill(self) -> None:
        """End the process in the middle of what it does; from any thread."""
        self._dead = True
        self._process.kill()

    def close(self) -> None:
        """Let an idle process end, and wait for it."""
        self._pipe.close()
        self._process.join(_TICK_S)
        if self._process.is_alive():
            self.kill()
            self._process.join(_TICK_S)  # not for ever: one that hangs in a disk cannot be killed

    def _died(self, mark: Any = None, *, late: bool = False) -> WorkerDiedError:
        self.kill()
        return WorkerDiedError(mark, late=late)


def _heard(pipe: Connection, within_s: float | None) -> bool:
    """Wait for a message, at most so long; time in which this process was stopped is not counted.

    So a run that was stopped by Ctrl-Z and taken up again, or slept, blames no worker.
    """
    if within_s is None:
        return pipe.poll(None)  # also where the process has ended
    left_s = within_s
    while left_s > 0:
        if pipe.poll(min(_TICK_S, left_s)):
            return True
        left_s -= _TICK_S
    return False


@contextmanager
def _deaf_child() -> Iterator[None]:
    """Let a process that is started in this block be born with SIGINT blocked.

    A Ctrl-C of the parent meanwhile is not lost: another thread takes it, or it waits.
    """
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    resource_tracker.ensure_running()  # starts once, and would end the block
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _serve(pipe: Connection) -> None:
    """Answer the parent until it closes the pipe."""
    global _to_parent  # a worker has one parent in its life
    _to_parent = pipe
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    pipe.send(None)
    while True:
        try:
            function, arguments = pipe.recv()
        except (EOFError, OSError):
            return
        except Exception as error:  # what travels cannot be imported here
            _send_error(pipe, error)
        else:
            _reply(pipe, function, arguments)
            del function, arguments  # they may be large


def _reply(pipe: Connection, function: Callable[..., Any], arguments: tuple[Any, ...]) -> None:
    try:
        result = function(*arguments)
        pipe.send((result, None, ""))
    except Exception as error:
        _send_error(pipe, error)


def _send_error(pipe: Connection, error: Exception) -> None:
    told = traceback.format_exc()
    try:
        ForkingPickler.loads(ForkingPickler.dumps(error))
    except Exception:  # it cannot travel
        error = RuntimeError(f"{type(error).__name__}: {error}")
    with suppress(OSError):  # the parent may be gone
        pipe.send((None, error, told))


def _end_with_parent() -> None:
    """End this process when its parent was killed and can tell it nothing any more."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
