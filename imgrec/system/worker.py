"""One worker process: spawned, ignores SIGINT, ends with its parent, may be killed at any moment.

Each worker has a pipe of its own. `concurrent.futures.ProcessPoolExecutor` shares one result pipe
between its workers: a worker that is killed while it writes leaves half a message there, and the
parent waits for the rest for ever. With a pipe each, the death of a worker is an EOF that only its
own caller sees. A worker announces what it is about to do (`beat`), so that the parent knows which
file killed it and can end a decoder that hangs.
"""

import multiprocessing
import os
import signal
import sys
import threading
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from multiprocessing import resource_tracker
from multiprocessing.connection import Connection
from multiprocessing.reduction import ForkingPickler
from typing import Any

_TICK_S = 1.0
# Windows has no signals: nothing ends with this code there.
_SIGKILL = getattr(signal, "SIGKILL", 9)
# Not "fork": the threads of torch and of BLAS do not survive one.
_CONTEXT = multiprocessing.get_context("spawn")
_STARTING = threading.Lock()
# The pipe to the parent; set in worker processes only.
_to_parent: Connection | None = None


class WorkerDiedError(Exception):
    """A worker process ended, or was killed, before it answered.

    Attributes:
        mark: the argument of its last `beat`; None if there was none.
        late: True if it was killed because it exceeded its time limit.
        started: False if it ended before it could accept any work.
        killed: True if another process killed it, as the kernel does when memory runs out.
    """

    def __init__(
        self,
        mark: Any = None,
        *,
        late: bool = False,
        started: bool = True,
        killed: bool = False,
    ) -> None:
        super().__init__("a worker process was too slow" if late else "a worker process ended")
        self.mark = mark
        self.late = late
        self.started = started
        self.killed = killed


class WorkerError(Exception):
    """The traceback from the worker process, as the `__cause__` of the exception it raised."""


def beat(mark: Any, within_s: float | None) -> None:
    """Report to the parent what this worker is about to do; a no-op outside a worker.

    Args:
        mark: small and picklable; becomes `WorkerDiedError.mark` if the worker dies meanwhile.
        within_s: time limit in seconds until the next beat or the answer, after which the worker
            is killed; None for no limit.
    """
    if _to_parent is not None:
        _to_parent.send((mark, within_s))


def in_worker() -> bool:
    """Return True in a worker process."""
    return _to_parent is not None


def keep_main_here() -> None:
    """Let the workers of this process not import its main module.

    They import it for what it defines. Where it is a program that only calls us, such as the one by
    which Ray starts an actor, each of them would import all that it imports.
    """
    main = sys.modules["__main__"]
    # What multiprocessing finds it by.
    main.__spec__ = None
    vars(main).pop("__file__", None)


class Worker:
    """A process that calls functions one after the other; not safe for concurrent callers."""

    def __init__(self) -> None:
        """Start a process.

        Raises:
            WorkerDiedError: it ended at once: the calling script has no `__main__` guard, or
                memory ran out.
        """
        self._pipe, theirs = _CONTEXT.Pipe()
        self._process = _CONTEXT.Process(target=_serve, args=(theirs,), daemon=True)
        self._dead = False
        try:
            with _STARTING, _deaf_child():
                self._process.start()
            # Only the worker may hold its end: otherwise its death would be no EOF here.
            theirs.close()
            self._pipe.recv()
        except (EOFError, OSError) as error:
            raise WorkerDiedError(started=False, killed=self._was_killed()) from error

    def call(self, function: Callable[..., Any], arguments: tuple[Any, ...]) -> Any:
        """Call a function in the process and return its result; all of these must be picklable.

        Raises:
            WorkerDiedError: the process ended before it answered; this worker is unusable.
            Exception: whatever the function raised.
        """
        try:
            self._pipe.send((function, arguments))
        except OSError as error:
            raise self._died() from error
        mark, within_s = None, None
        while True:
            try:
                if not _heard(self._pipe.poll, within_s):
                    raise self._died(mark, late=True)
                answer = self._pipe.recv()
            # EOFError between messages, OSError in the middle of one.
            except (EOFError, OSError) as error:
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
        """The process id; None before the start."""
        return self._process.pid

    @property
    def dead(self) -> bool:
        """True if the process is known to have ended."""
        return self._dead

    def kill(self) -> None:
        """Kill the process at once; may be called from any thread."""
        self._dead = True
        self._process.kill()

    def close(self) -> None:
        """End an idle process and wait for it; kill it if it does not end within a second."""
        self._pipe.close()
        self._process.join(_TICK_S)
        if self._process.is_alive():
            self.kill()
            # With a time limit: a process in uninterruptible I/O survives SIGKILL for a while.
            self._process.join(_TICK_S)

    def _died(self, mark: Any = None, *, late: bool = False) -> WorkerDiedError:
        killed = not (late or self._dead) and self._was_killed()
        self.kill()
        return WorkerDiedError(mark, late=late, killed=killed)

    def _was_killed(self) -> bool:
        """Return whether another process killed it, once its end of the pipe is closed."""
        if self._process.pid is not None:
            # It has ended, or is about to.
            self._process.join(_TICK_S)
        return self._process.exitcode == -_SIGKILL


def _heard(poll: Callable[[float | None], bool], within_s: float | None) -> bool:
    """Return True if a message arrived within a time limit.

    Time in which this process itself was stopped (Ctrl-Z, a suspended laptop) is not counted.
    """
    if within_s is None:
        # Returns at EOF too, when the process has ended.
        return poll(None)
    left_s = within_s
    while left_s > 0:
        if poll(min(_TICK_S, left_s)):
            return True
        left_s -= _TICK_S
    return False


@contextmanager
def _deaf_child() -> Iterator[None]:
    """Start a child in this block with SIGINT blocked, so that Ctrl-C cannot hit its imports.

    A Ctrl-C in the parent meanwhile stays pending, or another thread receives it.
    """
    # Windows has no signal masks: `_serve` ignores SIGINT a moment later.
    if sys.platform == "win32":
        yield
        return
    # Its own start unblocks SIGINT, so it has to be running before the block begins.
    resource_tracker.ensure_running()
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _serve(pipe: Connection) -> None:
    """Run in the worker process: serve calls until the parent closes the pipe."""
    # A worker process has exactly one parent.
    global _to_parent
    _to_parent = pipe
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _use_unnamed_locks()
    threading.Thread(target=_end_with_parent, daemon=True).start()
    pipe.send(None)
    while True:
        try:
            function, arguments = pipe.recv()
        except (EOFError, OSError):
            return
        # Unpickling failed: a module of the function or of an argument cannot be imported here.
        except Exception as error:
            _send_error(pipe, error)
        else:
            _reply(pipe, function, arguments)
            # Free large arguments before waiting for the next call.
            del function, arguments


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
    # Not picklable: send its type and message instead.
    except Exception:
        error = RuntimeError(f"{type(error).__name__}: {error}")
    # The parent may have ended.
    with suppress(OSError):
        pipe.send((None, error, told))


def _use_unnamed_locks() -> None:
    """Let the locks of libraries here, such as tqdm's, have no name in the system.

    Those of the start method "spawn" have one, which a killed process leaves behind: Python then
    writes a warning of "leaked semaphore objects" at the end of the parent. A worker is daemonic
    and starts no process, so that the start method decides nothing else.
    """
    if "fork" in multiprocessing.get_all_start_methods():
        multiprocessing.set_start_method("fork", force=True)


def _end_with_parent() -> None:
    """Exit this process when its parent has ended without closing the pipe (kill -9)."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
