"""Estimate how long a run of several stages still takes.

A run is planned as named stages, each with the seconds that it takes on the machine where the
constants were measured (`imgrec.system.stage_costs`). These weights say how the stages compare;
how fast this machine is, is learned while they run:

    time left = what is left of the current stage, by its own pace
              + pace of the machine * the weights of the stages to come

The pace of a stage starts at its weight and follows what is counted. The pace of the machine is
the time of the work done divided by its weight. So a count that stands still at first, as worker
processes start, promises nothing: the weight does. Nothing is estimated (None) for a stage without
weight and without count, or for one that takes longer than its weight and counts nothing.

An estimate by weights alone is that of another machine, far too short on a slower or busier one. So
none is told before work was measured for `FIRST_S` seconds and for `FIRST_SHARE` of the run: stages
that ended, and what the current one counted since its first count.

Every method takes the time, so that nothing here waits or asks for a clock.
"""

from collections.abc import Mapping
from dataclasses import dataclass

# Seconds at the speed of the constants that are assumed before anything is measured.
_ASSUMED_S = 0.2
# The same for a stage, as a share of its work: that of so many counts, within these limits. The
# first of few and unequal ones say little of the others.
_ASSUMED_COUNTS, _LEAST_ASSUMED, _MOST_ASSUMED = 3, 0.01, 0.05
# Another machine, or work of which the store has a part, is at most so much faster and slower.
_FASTEST, _SLOWEST = 0.5, 20.0
# A stage that takes less than this share of its weight had nothing to do.
_KEPT = 0.25
# No time left is told before work of so many seconds was measured, and of this share of the run.
FIRST_S, FIRST_SHARE = 3.0, 0.05
# A new estimate is told only if it differs by more than this share, and by more than two seconds.
_STEADY_SHARE, _STEADY_S = 0.1, 2.0


@dataclass
class _Stage:
    """A stage that runs; times in seconds, without the stages that ran within it.

    Attributes:
        weight_s: planned; None if it was not.
        since_s: clock, from which on time is not in `spent_s`.
        spent_s: until the latest `since_s`.
        share: of the work that is done, 0 to 1; 0 where nothing is counted.
        first: spent and share at the first count, after which there is a pace.
        latest_s: spent at the latest count.
        step: share that the next count will add, about.
    """

    weight_s: float | None
    since_s: float
    spent_s: float = 0.0
    share: float = 0.0
    first: tuple[float, float] | None = None
    latest_s: float = 0.0
    step: float = 0.0

    def spend(self, now_s: float) -> None:
        self.spent_s += now_s - self.since_s
        self.since_s = now_s

    def left_s(self, speed: float) -> float | None:
        """Return the seconds left at the pace of what was counted; None if it is unknown.

        Args:
            speed: seconds of this machine for one of the weights.
        """
        weight_s = None if self.weight_s is None else self.weight_s * speed
        if self.first is None:
            left_s = (weight_s or 0.0) - self.spent_s
            return left_s if left_s > 0 else None
        if self.share >= 1 and self.spent_s - self.latest_s > 1:
            # All is counted, and something is still done, such as writing the file.
            return None
        whole_s = self._whole_s(weight_s, *self.first)
        return max(0.0, whole_s * (1 - self.share) - (self.spent_s - self.latest_s))

    def measured_s(self) -> float:
        """Return the seconds in which its work was counted."""
        if self.first is None:
            return 0.0
        return self.latest_s - (0.0 if self.weight_s is None else self.first[0])

    def paced_s(self, speed: float) -> float:
        """Return the seconds that the work done takes, without the wait for the first count."""
        if self.first is None or self.weight_s is None:
            return 0.0
        return self._whole_s(self.weight_s * speed, *self.first) * self.share

    def _whole_s(self, weight_s: float | None, begun_s: float, begun: float) -> float:
        """Return the seconds of all the work, by the pace since the first count and the weight.

        If the next count is overdue, the pace is that with which it would come now.
        """
        share, counted_s = self.share - begun, self.latest_s - begun_s
        if weight_s is None and not share:
            return self.latest_s / self.share
        assumed = min(max(_ASSUMED_COUNTS * self.step, _LEAST_ASSUMED), _MOST_ASSUMED)
        assumed = 0.0 if weight_s is None else assumed
        counted_s, share = counted_s + assumed * (weight_s or 0.0), share + assumed
        overdue_s = (counted_s + self.spent_s - self.latest_s) / (share + self.step)
        return max(counted_s / share, overdue_s)


class TimeLeft:
    """The time left of a run: told to it what happens, it says how long it still takes."""

    def __init__(self, weights: Mapping[str, float], now_s: float) -> None:
        """Plan a run.

        Args:
            weights: seconds of each stage by name, in order; a stage that is skipped is dropped
                when a later one begins.
            now_s: the clock.
        """
        self._waiting = dict(weights)
        self._stack: list[_Stage] = []
        self._began_s = now_s
        # Of the stages that ended: their seconds, and their weights.
        self._real_s = self._weight_s = 0.0
        self._told: tuple[float, float] | None = None

    def plan(self, weights: Mapping[str, float]) -> None:
        """Plan more stages, after those that are planned; one that is planned again moves there."""
        kept = {name: weight_s for name, weight_s in self._waiting.items() if name not in weights}
        self._waiting = kept | dict(weights)

    def begin(self, name: str, now_s: float) -> None:
        """Begin a stage, perhaps within another one."""
        if self._stack:
            self._stack[-1].spend(now_s)
        weight_s = None
        if name in self._waiting:
            for skipped in list(self._waiting):
                weight_s = self._waiting.pop(skipped)
                if skipped == name:
                    break
        self._stack.append(_Stage(weight_s, now_s))

    def count(self, share: float, now_s: float, step: float = 0.0) -> None:
        """Tell which share of the current stage is done, 0 to 1; 0 begins the count again.

        Args:
            share: of the work.
            now_s: the clock.
            step: share of the next thing that is counted; several may be counted at once.
        """
        stage = self._stack[-1]
        stage.spend(now_s)
        stage.step = max(step, share - stage.share)
        stage.share, stage.latest_s = min(1.0, share), stage.spent_s
        if not share:
            stage.first = None
        elif stage.first is None:
            stage.first = stage.spent_s, stage.share

    def end(self, now_s: float) -> float:
        """End the current stage; return its seconds, without those of stages within it."""
        stage = self._stack.pop()
        stage.spend(now_s)
        if self._stack:
            self._stack[-1].since_s = now_s
        # What took next to nothing was kept in the store, and says nothing about this machine.
        if stage.weight_s is not None and stage.spent_s > _KEPT * stage.weight_s:
            self._real_s += stage.spent_s
            self._weight_s += stage.weight_s
        return stage.spent_s

    def estimate(self, now_s: float) -> float | None:
        """Return the seconds left; None if they are unknown."""
        if not self._stack:
            return None
        self._stack[-1].spend(now_s)
        speed = self._speed(0.0, 0.0)
        lefts = [stage.left_s(speed) for stage in self._stack]
        if any(left_s is None for left_s in lefts):
            return None
        stage, left_s = self._stack[-1], sum(left_s or 0.0 for left_s in lefts)
        paced = stage.paced_s(speed), (stage.weight_s or 0.0) * stage.share
        return left_s + self._speed(*paced) * sum(self._waiting.values())

    def told(self, now_s: float) -> float | None:
        """Return the seconds left to print; None while too little is known.

        They count down with the clock as long as the estimate stays about the same.
        """
        found_s, run_s = self.estimate(now_s), now_s - self._began_s
        measured_s = self._real_s + sum(stage.measured_s() for stage in self._stack)
        if found_s is None or measured_s < max(FIRST_S, FIRST_SHARE * (run_s + found_s)):
            self._told = None
            return None
        if self._told is not None:
            shown_s = self._told[0] - (now_s - self._told[1])
            if shown_s > 0 and abs(found_s - shown_s) <= max(_STEADY_S, _STEADY_SHARE * shown_s):
                return shown_s
        self._told = found_s, now_s
        return found_s

    def _speed(self, spent_s: float, weight_s: float) -> float:
        """Return the seconds of this machine for one of the weights."""
        spent_s += _ASSUMED_S + self._real_s
        return min(_SLOWEST, max(_FASTEST, spent_s / (_ASSUMED_S + self._weight_s + weight_s)))
