"""Progress on stderr, the same in every command: a tqdm bar in a terminal, lines in a log file.

A bar redraws itself with carriage returns, which fills a log file with one endless line; there
each state becomes a line of its own, at most one in 20 seconds.
"""

import re
import sys
from collections.abc import Iterable, Sized
from typing import Any, TextIO

from tqdm import tqdm

_LOG_EVERY_S = 20
_NOTHING = re.compile(r"(.*: )?0 of ")
_LOG_LINE = (
    "{desc}{n_fmt} of {total_fmt}{unit}, {rate_fmt}, {elapsed} so far, {remaining} left{postfix}"
)


def progress(
    work: Iterable[Any] | None = None,
    *,
    unit: str,
    total: int | None = None,
    desc: str | None = None,
    quiet: bool = False,
    log_every_s: float = _LOG_EVERY_S,
) -> "tqdm[Any]":
    """Return a tqdm bar that iterates over `work`, or one that the caller updates up to `total`.

    Rate and remaining time are an exponential moving average over about the last hundred updates,
    so that a slow start is forgotten and one large picture changes little.

    Args:
        work: what to iterate over; its length is the default of `total`.
        unit: plural noun of what is counted, such as "pictures".
        total: how many there are.
        desc: what is being done, in front of the bar.
        quiet: show nothing.
        log_every_s: seconds between the lines in a log file, at least.
    """
    terminal = sys.stderr.isatty()
    if total is None and isinstance(work, Sized):
        total = len(work)
    return tqdm(
        work,
        total=total,
        unit=f" {unit}",
        desc=f"{desc}: " if desc else None,
        disable=quiet or total == 0,
        smoothing=0.02,
        file=None if terminal else _Lines(sys.stderr),
        mininterval=0.5 if terminal else log_every_s,
        bar_format=None if terminal or total is None else _LOG_LINE,
    )


class _Lines:
    """A log file: the redrawn states of a bar become lines, each written once."""

    def __init__(self, file: TextIO) -> None:
        self._file = file
        self._told = ("", "")
        self.encoding = getattr(file, "encoding", "utf-8")

    def write(self, text: str) -> None:
        line = text.strip("\r\n ")
        done, waiting = line.partition(",")[0], line.partition(" left, ")[2]
        if line and (done, waiting) != self._told and (waiting or not _NOTHING.match(done)):
            self._file.write(line + "\n")
            self._told = done, waiting

    def flush(self) -> None:
        self._file.flush()
