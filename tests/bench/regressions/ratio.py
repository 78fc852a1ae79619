"""A ratio: what imgrec takes, as a multiple of what a named alternative takes beside it.

Seconds say little on a machine that other work shares, and nothing on another machine. So both are
measured in turns, in one process where that is possible: whatever slows one slows the other, and
each pair of repeats gives a ratio of its own. Where much else waits for the cores, CPU seconds vary
less than those of the wall: `time.process_time`, and `children_cpu_s` for whole commands.
"""

import resource
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

REPEATS = 7


@dataclass(frozen=True)
class Ratio:
    """What one thing takes as a multiple of an alternative.

    Attributes:
        name: "ours / the alternative", with the size of the data: another size is another ratio.
        values: (r,) of each repeat, positive; 1 if both take as long.
    """

    name: str
    values: tuple[float, ...]

    @property
    def median(self) -> float:
        """The median of the repeats."""
        return statistics.median(self.values)

    @property
    def middle(self) -> tuple[float, float]:
        """The first and third quartile of the repeats."""
        if len(self.values) < 2:
            return self.values[0], self.values[0]
        first, _, third = statistics.quantiles(self.values, n=4, method="inclusive")
        return first, third


def in_turns(
    name: str,
    ours: Callable[[], object],
    theirs: Callable[[], object],
    repeats: int = REPEATS,
    *,
    clock: Callable[[], float] = time.perf_counter,
) -> Ratio:
    """Return the ratio of two functions that are called in turns, after a first call of each.

    Args:
        name: of the ratio.
        ours: what imgrec does.
        theirs: the alternative.
        repeats: calls of each that count.
        clock: the seconds so far.
    """
    ours()
    theirs()
    return of_seconds(name, [(_spent(ours, clock), _spent(theirs, clock)) for _ in range(repeats)])


def children_cpu_s() -> float:
    """Return the CPU seconds of all child processes that have ended, and of theirs."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def of_seconds(name: str, pairs: Sequence[tuple[float, float]]) -> Ratio:
    """Return the ratio of measured seconds (ours, theirs), one pair for each repeat."""
    return Ratio(name, tuple(ours / theirs for ours, theirs in pairs))


def _spent(function: Callable[[], object], clock: Callable[[], float]) -> float:
    started = clock()
    function()
    return clock() - started
