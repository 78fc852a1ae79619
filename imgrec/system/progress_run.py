"""A run on stderr: its stages, and the one line that shows the innermost of them.

In a terminal the line is redrawn in place, by a thread, so that it moves while a library computes,
and deleted when its stage ends. In a log file a stage that lasts gets a line now and then. With
`detailed` each stage that ends leaves a line with its seconds, in both.

Invariant: what is written are texts, carriage returns and line breaks, no other control character,
and a line is narrower than the terminal.
"""

import os
import sys
import threading
import time
from collections.abc import Callable, Mapping
from typing import Protocol, TextIO

from imgrec.system.progress_line import State, ended_line, line_in, log_line
from imgrec.system.time_left import TimeLeft

# Seconds between two states of the line, and before the first one of a stage.
_DRAW_EVERY_S, _FIRST_S = 0.25, 0.3
_LOG_EVERY_S = 20.0
_WIDTH = 80


class Shown(Protocol):
    """A stage, as a run knows it.

    Attributes:
        name: what is done, in words of a user.
        n: counted.
        began_s: clock at its beginning, set by the run.
    """

    name: str
    n: int
    began_s: float

    def share(self) -> float:
        """Return the share of the work that is done, 0 to 1; 0 where nothing is counted."""
        ...

    def step(self) -> float:
        """Return the share of what is counted next."""
        ...

    def state(self, left_s: float | None, spent_s: float) -> State:
        """Return what a line shows of it."""
        ...


class Run:
    """The stages of a run and the one line that shows them; thread-safe.

    `draw` may be called by anybody; a thread of its own does so while a stage runs.
    """

    def __init__(
        self,
        weights: Mapping[str, float],
        *,
        detailed: bool = False,
        clock: Callable[[], float] = time.monotonic,
        drawn_by_thread: bool = True,
    ) -> None:
        """Plan a run.

        Args:
            weights: seconds of each stage by name, in order (`imgrec.system.stage_costs`).
            detailed: leave a line of each stage that ends.
            clock: returns seconds.
            drawn_by_thread: redraw the line regularly.
        """
        self._clock = clock
        self._file: TextIO = sys.stderr
        self._is_terminal = self._file.isatty()
        self._detailed = detailed
        self._left = TimeLeft(weights, clock())
        self._stages: list[Shown] = []
        self._lock = threading.RLock()
        self._shown = 0
        self._logged_s = clock()
        self._told = ""
        self._ended = threading.Event()
        self._thread: threading.Thread | None = None
        self._drawn_by_thread = drawn_by_thread

    def begin(self, stage: "Shown") -> None:
        """Begin a stage, perhaps within another one; its line takes the place of the other's."""
        with self._lock:
            self._clear()
            stage.began_s = self._clock()
            self._left.begin(stage.name, stage.began_s)
            if stage.n:
                self._left.count(stage.share(), stage.began_s, stage.step())
            self._stages.append(stage)
        if self._thread is None and self._drawn_by_thread:
            self._thread = threading.Thread(target=self._draw_regularly, daemon=True)
            self._thread.start()

    def count(self, stage: "Shown") -> None:
        """Take over the count of a stage; only the innermost one is counted."""
        with self._lock:
            if self._stages and self._stages[-1] is stage:
                self._left.count(stage.share(), self._clock(), stage.step())

    def end(self, stage: "Shown", *, done: bool) -> None:
        """End the innermost stage.

        Args:
            stage: that ends.
            done: False after an exception; no line says that it was done.
        """
        with self._lock:
            if stage not in self._stages:
                return
            self._clear()
            self._stages.pop()
            spent_s = self._left.end(self._clock())
            if done and self._detailed:
                self._file.write(ended_line(stage.state(None, spent_s)) + "\n")
                self._file.flush()

    def plan(self, weights: Mapping[str, float]) -> None:
        """Plan more stages, after those that are planned."""
        with self._lock:
            self._left.plan(weights)

    def close(self) -> None:
        """End the thread that redraws the line, and delete the line."""
        with self._lock:
            # Of an iteration that an exception ended, which may live as long as its traceback.
            self._stages.clear()
            self._clear()
        self._ended.set()
        if self._thread is not None:
            self._thread.join()

    def draw(self) -> None:
        """Redraw the line of the innermost stage, or write one into a log file if it is time."""
        with self._lock:
            if not self._stages:
                return
            stage, now_s = self._stages[-1], self._clock()
            if now_s - stage.began_s < _FIRST_S:
                return
            state = stage.state(self._left.told(now_s), now_s - stage.began_s)
            if self._is_terminal:
                self._put(line_in(state, self._width() - 1, _draws_blocks(self._file)))
            elif now_s - self._logged_s >= _LOG_EVERY_S:
                self._logged_s = now_s
                self._file.write(log_line(state) + "\n")
                self._file.flush()

    def _draw_regularly(self) -> None:
        while not self._ended.wait(_DRAW_EVERY_S):
            self.draw()

    def _put(self, line: str) -> None:
        if line != self._told:
            # Spaces delete the rest of a longer line.
            self._file.write("\r" + line.ljust(min(self._shown, self._width() - 1)))
            self._file.flush()
            self._shown, self._told = len(line), line

    def _clear(self) -> None:
        if self._shown:
            self._file.write("\r" + " " * min(self._shown, self._width() - 1) + "\r")
            self._file.flush()
            self._shown, self._told = 0, ""

    def _width(self) -> int:
        """Return the columns of the terminal, which may change while the line is drawn."""
        try:
            return os.get_terminal_size(self._file.fileno()).columns or _WIDTH
        except (OSError, ValueError, AttributeError):
            return _WIDTH


def _draws_blocks(file: TextIO) -> bool:
    """Return True if the bar can be of block characters."""
    try:
        "█░".encode(getattr(file, "encoding", None) or "ascii")
    except UnicodeEncodeError:
        return False
    return True
