"""A crew that works in a thread of its own: jobs in by number, results out, both without waiting.

What an actor on another machine needs: calls come in while the pipeline runs.
"""

import queue
import threading
from collections.abc import Callable, Iterator
from typing import Any


class CrewThread:
    """Runs a crew over the jobs that it is given.

    It ends with its process, or at its next job after `close`. Jobs that it holds then are as those
    of a crew that was killed: another one does them.
    """

    def __init__(self, made: Callable[[], Any]) -> None:
        """Start the thread.

        Args:
            made: returns the crew (`imgrec.cluster.crew.Crew`); called in the thread, because it
                loads encoders.
        """
        self._made = made
        self._numbers: queue.SimpleQueue[int | None] = queue.SimpleQueue()
        self._news: queue.SimpleQueue[Any] = queue.SimpleQueue()
        threading.Thread(target=self._work, name="crew", daemon=True).start()

    def give(self, number: int) -> None:
        """Queue a job."""
        self._numbers.put(number)

    def news(self, timeout_s: float) -> list[Any]:
        """Return the results since the last call; wait for one, at most so many seconds.

        Returns:
            First of all the crew's list of warnings, once it can work; then a `PartDone` for each
            job; and at the end the exception that ended the crew.
        """
        try:
            came = [self._news.get(timeout=timeout_s)]
        except queue.Empty:
            return []
        while not self._news.empty():
            came.append(self._news.get())
        return came

    def close(self) -> None:
        """Let the crew end; does not wait for it."""
        self._numbers.put(None)

    def _work(self) -> None:
        try:
            crew = self._made()
            self._news.put(list(crew.warnings))
            for part in crew.run(self._given()):
                self._news.put(part)
        except _ClosedError:
            pass
        # Whatever it is, the driver has to know.
        except BaseException as error:
            self._news.put(error)

    def _given(self) -> Iterator[int]:
        while (number := self._numbers.get()) is not None:
            yield number
        raise _ClosedError


class _ClosedError(Exception):
    """Ends the pipeline at once, wherever it takes its next job."""
