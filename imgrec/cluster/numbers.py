"""Numbers of jobs from an iterable that may block, taken without blocking while work goes on."""

import queue
import threading
from collections.abc import Iterable


class Numbers:
    """Takes numbers from an iterable in a thread, one ahead."""

    def __init__(self, numbers: Iterable[int]) -> None:
        # Not more than one ahead: a number that was taken is not given to another crew.
        self._queue: queue.Queue[int | None] = queue.Queue(1)
        self._error: BaseException | None = None
        self._ended = False
        threading.Thread(target=self._take, args=[numbers], daemon=True).start()

    @property
    def ended(self) -> bool:
        """True if all numbers were taken."""
        return self._ended

    def take(self, *, wait: bool) -> int | None:
        """Return the next number; None if there is none any more, or not yet.

        Args:
            wait: for a number, or the end.

        Raises:
            Exception: what the iterable raised.
        """
        if self._ended:
            return None
        try:
            number = self._queue.get(block=wait)
        except queue.Empty:
            return None
        if number is None:
            self._ended = True
            if self._error is not None:
                raise self._error
        return number

    def _take(self, numbers: Iterable[int]) -> None:
        try:
            for number in numbers:
                self._queue.put(number)
        # Raised again where the numbers are taken.
        except BaseException as error:
            self._error = error
        self._queue.put(None)
